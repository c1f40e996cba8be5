"""Stored starts: the same start states for everybody, each tied to the model it was made with."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, RobolearnError, UnknownNameError
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.sim.world import World
from robolearn.specs import Array

FOLDER = Path(__file__).parent / "stored_starts"
# What is placed: of the robot itself a start says nothing, it begins at its home.
ARRAYS = ("qpos", "mocap_pos", "mocap_quat")
VERSIONS_KEY = "__versions__"
# Of a model, what decides where things may be: not its colours, not its solver.
HASHED = (
    "body_parentid",
    "body_pos",
    "body_quat",
    "body_mass",
    "jnt_type",
    "jnt_bodyid",
    "jnt_pos",
    "jnt_axis",
    "jnt_range",
    "geom_type",
    "geom_bodyid",
    "geom_size",
    "geom_pos",
    "geom_quat",
    "geom_contype",
)


@dataclass(frozen=True)
class StoredStarts:
    """The start states of one task.

    Attributes:
        task: its full name.
        model_version: of the model they were made with, as `find_model_version` gives it.
        states: shape (num_starts, size of a state).
    """

    task: str
    model_version: str
    states: Array

    def apply(self, world: World, model: mujoco.MjModel, index: int) -> None:
        """Sets a world to one of the starts; the caller computes poses (`World.forward`).

        Args:
            world: what is set.
            model: of the task without what a perturbation adds; that comes last in the world's own
                arrays, and stays as it is.
            index: number of the start.

        Raises:
            IncompatibleError: if they belong to another version of the model; names both.
            UnknownNameError: if there is no start of that number.
        """
        present = find_model_version(model)
        if present != self.model_version:
            raise IncompatibleError(
                f"the stored starts of {self.task} were made with model version"
                f" {self.model_version}, and this model is version {present}: store new ones with"
                " `robolearn suite store`, or use fresh starts"
            )
        if not 0 <= index < len(self.states):
            known = [f"0 to {len(self.states) - 1}"]
            raise UnknownNameError("start", str(index), known, f"stored for {self.task}")
        sizes = (model.nq, 3 * model.nmocap, 4 * model.nmocap)
        parts = np.split(self.states[index], np.cumsum(sizes)[:-1])
        for name, part in zip(ARRAYS, parts, strict=True):
            getattr(world.data, name).reshape(-1)[: part.size] = part


def collect_starts(environment: Environment, seeds: Sequence[int]) -> StoredStarts:
    """Draws a start from each seed.

    Raises:
        IncompatibleError: if the task is none of a MuJoCo world.
    """
    task = environment.task
    if not isinstance(task, SimTask):
        raise IncompatibleError(f"{task.name} has no world whose state could be stored")
    rows = []
    for seed in seeds:
        environment.reset(seed=seed)
        data = task.world.data
        rows.append(np.concatenate([getattr(data, name).ravel() for name in ARRAYS]))
    return StoredStarts(task.name, find_model_version(task.world.model), np.array(rows))


def find_model_version(model: mujoco.MjModel) -> str:
    """Returns a short name that changes whenever bodies, joints or shapes of a model do.

    Numbers count to six digits, so that it is the same on every machine.
    """
    digest = hashlib.sha256(bytes(model.names))
    for name in HASHED:
        numbers = np.asarray(getattr(model, name), float).round(6) + 0.0  # no negative zero
        digest.update(numbers.astype("<f8").tobytes())
    return digest.hexdigest()[:12]


def save_starts(
    suite: str, version: int, starts: Sequence[StoredStarts], folder: Path = FOLDER
) -> Path:
    """Writes the starts of a suite, in single precision, and returns the file."""
    versions = {s.task: s.model_version for s in starts}
    header = json.dumps({"suite": suite, "version": version, "models": versions}).encode()
    arrays = {s.task.partition("/")[2]: s.states.astype(np.float32) for s in starts}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{suite}.npz"
    np.savez_compressed(path, **{VERSIONS_KEY: np.frombuffer(header, np.uint8)}, **arrays)
    return path


def load_starts(suite: str, version: int, task_id: str, folder: Path = FOLDER) -> StoredStarts:
    """Reads the starts of one task.

    Raises:
        RobolearnError: if there are none, or the file is damaged.
        IncompatibleError: if they belong to another version of the suite; names both.
    """
    path = folder / f"{suite}.npz"
    if not path.is_file():
        raise RobolearnError(f"suite {suite!r} stores no starts: use fresh ones, starts=fresh")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            header = json.loads(archive[VERSIONS_KEY].tobytes())
            found = {"version": header["version"], "models": dict(header["models"])}
            if task_id not in archive:
                known = [name for name in archive if name != VERSIONS_KEY]
                raise UnknownNameError("task", task_id, known, f"in {path}")
            states = np.asarray(archive[task_id], float)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise RobolearnError(f"{path} is damaged, or no file of stored starts: {error}") from error
    if found["version"] != version:
        raise IncompatibleError(
            f"{path} stores starts of version {found['version']} of suite {suite!r}, which is"
            f" version {version} now: store new ones with `robolearn suite store {suite}`"
        )
    name = f"{suite}/{task_id}"
    return StoredStarts(name, _get_model_version(found["models"], name), states)


def _get_model_version(models: Mapping[str, object], name: str) -> str:
    return str(models.get(name, "unknown"))
