"""Checkpoint files: tensors as safetensors, everything else as JSON, never pickle.

A policy is `policy.safetensors` (weights) and `policy.json` (kind, format version, and what its
kind needs). A learner adds `training.safetensors` and `training.json` beside them.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import robolearn.policies
from robolearn.errors import CheckpointError, UnknownNameError
from robolearn.policy import TrainedPolicy

FORMAT_VERSION = 1
POLICY, TRAINING = "policy", "training"


def load_policy(folder: Path | str, device: str = "cpu", **overrides: Any) -> TrainedPolicy:
    """Loads the policy of a checkpoint folder, whatever its kind.

    Args:
        folder: the checkpoint, e.g. `runs/a/checkpoints/last`.
        device: where its network computes, as torch names it.
        overrides: settings of acting to change, as the policy's kind names them, e.g.
            `action_horizon` of behaviour cloning.

    Raises:
        CheckpointError: if it is missing, truncated, of another version, or not one of ours.
        UnknownNameError: if there is no policy of its kind, or no such override.
    """
    folder = Path(folder)
    description = read_json(folder, POLICY)
    kind = description.get("kind")
    known = find_kinds()
    if kind not in known:
        raise UnknownNameError("kind of policy", str(kind), known, f"in {folder / 'policy.json'}")
    module = importlib.import_module(f"{robolearn.policies.__name__}.{kind}.policy")
    weights = read_tensors(folder, POLICY)
    try:
        policy: TrainedPolicy = module.load(description, weights, device, overrides)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}") from error
    return policy


def find_kinds() -> list[str]:
    """Returns the policies that exist: the packages of this room that hold a `policy.py`."""
    roots = [Path(path) for path in robolearn.policies.__path__]
    names = [module.name for module in pkgutil.iter_modules(robolearn.policies.__path__)]
    return [n for n in names if any((root / n / "policy.py").is_file() for root in roots)]


def write(folder: Path, part: str, data: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Writes one part of a checkpoint, `policy` or `training`, into an existing folder."""
    document = {"format": f"robolearn-{part}", "format_version": FORMAT_VERSION, **data}
    (folder / f"{part}.json").write_text(json.dumps(document, indent=2) + "\n")
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(plain, folder / f"{part}.safetensors")


def read_json(folder: Path, part: str) -> dict[str, Any]:
    """Reads the JSON of a part.

    Raises:
        CheckpointError: if it is missing, truncated, of another version, or not one of ours.
    """
    path = folder / f"{part}.json"
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError as error:
        there = ", ".join(sorted(p.name for p in folder.iterdir())) if folder.is_dir() else ""
        raise CheckpointError(
            f"no checkpoint in {folder}: {path.name} is missing (have: {there or 'nothing'})"
        ) from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("format") != f"robolearn-{part}":
        raise CheckpointError(f"{path} is not a robolearn {part} file")
    version = document.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {version}; this robolearn reads version {FORMAT_VERSION}"
        )
    return document


def read_tensors(folder: Path, part: str) -> dict[str, Tensor]:
    """Reads the tensors of a part.

    Raises:
        CheckpointError: if the file is missing, truncated, not safetensors, or holds NaN.
    """
    path = folder / f"{part}.safetensors"
    if not path.is_file():
        raise CheckpointError(f"no checkpoint in {folder}: {path.name} is missing")
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise CheckpointError(f"{path}: {name} holds NaN or infinity")
    return tensors


def fill(module: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Copies tensors into the parameters of a network, names and shapes checked.

    Args:
        module: the network.
        tensors: by parameter name.
        source: where they come from, for the message.

    Raises:
        CheckpointError: if they do not match.
    """
    parameters = dict(module.named_parameters())
    check_same_names(parameters, tensors, source)
    with torch.no_grad():
        for name, parameter in parameters.items():
            copy_into(parameter, tensors[name], f"{source}: {name}")


def check_same_names(expected: Iterable[str], actual: Iterable[str], source: str) -> None:
    """Checks that two sets of names are one.

    Raises:
        CheckpointError: if not; lists what is missing and what is too much.
    """
    missing, unknown = set(expected) - set(actual), set(actual) - set(expected)
    if missing or unknown:
        raise CheckpointError(
            f"{source} does not fit: missing {sorted(missing)[:4]}, unknown {sorted(unknown)[:4]}"
        )


def copy_into(target: Tensor, value: Tensor, source: str) -> None:
    """Copies a value into a tensor, keeping its memory format.

    Raises:
        CheckpointError: if the shapes differ.
    """
    if target.shape != value.shape:
        raise CheckpointError(
            f"{source}: expected shape {tuple(target.shape)}, got {tuple(value.shape)}"
        )
    target.copy_(value)
