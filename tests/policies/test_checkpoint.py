import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from robolearn.errors import CheckpointError, UnknownNameError
from robolearn.policies.behavior_cloning.learner import BehaviorCloningLearner
from robolearn.policies.checkpoint import find_kinds, load_policy

MakeLearner = Callable[..., BehaviorCloningLearner]
ALL_FILES = ["policy.json", "policy.safetensors", "training.json", "training.safetensors"]


@pytest.fixture
def folder(make_learner: MakeLearner, tmp_path: Path) -> Path:
    make_learner().save(tmp_path)
    return tmp_path


def change(folder: Path, name: str, **entries: object) -> None:
    document = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps({**document, **entries}))


def test_a_checkpoint_is_json_and_safetensors_only(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ALL_FILES


def test_behavior_cloning_is_a_kind_and_networks_is_not() -> None:
    assert "behavior_cloning" in find_kinds()
    assert "networks" not in find_kinds()


@pytest.mark.parametrize("name", ["policy.json", "policy.safetensors"])
def test_loading_names_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name} is missing"):
        load_policy(folder)


def test_loading_a_folder_that_does_not_exist_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint in"):
        load_policy(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ALL_FILES)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_refused(
    make_learner: MakeLearner, folder: Path, name: str, share: float
) -> None:
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match=name):
        make_learner().restore(folder)


@pytest.mark.parametrize("name", ["policy.json", "policy.safetensors"])
def test_a_foreign_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x80\x04\x95 not ours")
    with pytest.raises(CheckpointError, match=name):
        load_policy(folder)
    (folder / "policy.json").write_text('{"format": "something else"}')
    with pytest.raises(CheckpointError, match="not a robolearn policy file"):
        load_policy(folder)


def test_another_format_version_is_refused_naming_both(folder: Path) -> None:
    change(folder, "policy.json", format_version=99)
    with pytest.raises(CheckpointError, match="version 99; this robolearn reads version 1"):
        load_policy(folder)


@pytest.mark.parametrize("kind", ["behavior_clonin", "networks", "os", "../x", 3, None])
def test_an_unknown_kind_is_refused_listing_those_that_exist(folder: Path, kind: object) -> None:
    change(folder, "policy.json", kind=kind)
    with pytest.raises(UnknownNameError, match="behavior_cloning"):
        load_policy(folder)


@pytest.mark.parametrize(
    "entry",
    [
        {"network": {}},
        {"network": 3},
        {"statistics": {}},
        {"action_spec": {"name": "action"}},
        {"observation_spec": [1]},
        {"trained_on": {"task": "reach"}},
        {"acting": {"action_horizon": 99}},
        {"acting": {"action_horizon": "all"}},
        {"acting": {"speed": 2}},
    ],
)
def test_broken_content_is_refused(folder: Path, entry: dict[str, object]) -> None:
    change(folder, "policy.json", **entry)
    with pytest.raises(CheckpointError):
        load_policy(folder)


def test_weights_that_do_not_fit_are_refused(folder: Path) -> None:
    path = folder / "policy.safetensors"
    tensors = load_file(path)
    save_file({**tensors, "head.0.bias": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match=r"head\.0\.bias: expected shape \(32,\), got \(3,\)"):
        load_policy(folder)
    save_file({**tensors, "extra": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match=r"unknown \['extra'\]"):
        load_policy(folder)
    save_file({**tensors, "head.0.bias": torch.full((32,), float("nan"))}, path)
    with pytest.raises(CheckpointError, match=r"head\.0\.bias holds NaN"):
        load_policy(folder)
