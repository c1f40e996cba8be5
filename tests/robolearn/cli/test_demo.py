import pytest

from robolearn.cli import record
from robolearn.cli.choices import compose_config
from robolearn.cli.demo import clear_folder, make_stages
from robolearn.errors import RobolearnError


def test_stages_are_commands_that_exist_and_share_their_folders(tmp_path):
    stages = make_stages(compose_config("demo", ["seed=4", "demonstrations=7"]), tmp_path)
    assert [stage.command for stage in stages] == ["record", "train", "evaluate"]
    recorded, trained, evaluated = (compose_config(s.command, s.words) for s in stages)
    assert recorded.dataset == trained.dataset == str(tmp_path / "data")
    assert recorded.episodes == 7
    assert trained.seed == 4
    assert evaluated.checkpoint == trained.output


def test_training_starts_are_never_evaluated(tmp_path):
    record, _, evaluate = make_stages(compose_config("demo"), tmp_path)
    recorded = compose_config("record", record.words)
    evaluated = compose_config("evaluate", evaluate.words)
    most_tries = 20 * recorded.episodes
    assert recorded.seed + most_tries < evaluated.seed


def test_an_earlier_demo_is_cleared(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "zarr.json").touch()
    (tmp_path / "report.html").touch()
    clear_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(RobolearnError, match=r"thesis\.tex"):
        clear_folder(tmp_path)
    assert (tmp_path / "data").is_dir()


def test_an_interrupted_recording_ends_the_demo(tmp_path, monkeypatch):
    stage = make_stages(compose_config("demo", ["demonstrations=5"]), tmp_path)[0]
    monkeypatch.setattr(record, "record", lambda config: record.Recording(kept=3, tried=3))
    with pytest.raises(KeyboardInterrupt):
        stage.run(compose_config("record", stage.words), tmp_path)
