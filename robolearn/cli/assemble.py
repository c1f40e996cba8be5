"""Turns configuration into objects: the only place where `_target_` becomes a class."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from gymnasium.vector import VectorEnv
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from robolearn.environment import Environment
from robolearn.errors import MissingDependencyError, RobolearnError
from robolearn.robot import Robot
from robolearn.task import Task
from robolearn.timing import MONOTONIC

# What to install when a room's heavy guest is missing.
EXTRA_OF_MODULE = {
    "mujoco": "sim",
    "robosuite": "robosuite",
    "cv2": "hardware",
    "serial": "hardware",
    "zarr": "datasets",
    "numcodecs": "datasets",
    "torch": "policies",
    "safetensors": "policies",
    "h5py": "convert",
}

PlainConfig = dict[str, Any]


def build(config: Mapping[str, Any] | DictConfig, **arguments: Any) -> Any:
    """Builds the object a configuration names, with plain Python values.

    Args:
        config: a node with `_target_` and keyword arguments.
        **arguments: further keyword arguments, which only the running command knows.

    Raises:
        RobolearnError: as the object's constructor raises, or if the user must still give a value.
        MissingDependencyError: if a package is not installed; names the extra that brings it.
    """
    node = config if isinstance(config, DictConfig) else OmegaConf.create(dict(config))
    missing = sorted(OmegaConf.missing_keys(node))  # by their full names
    if any(key.rpartition(".")[2] not in arguments for key in missing):
        raise RobolearnError(f"{config['_target_']} still needs: {', '.join(missing)}")
    try:
        # Called here rather than by Hydra, which would turn dataclasses among the arguments into
        # dictionaries.
        make = instantiate(config, _convert_="all", _partial_=True)
        return make(**arguments)
    except (InstantiationException, ImportError) as error:
        raise _find_reason(error) from error


def make_environment(config: Mapping[str, Any] | DictConfig) -> Environment:
    """Builds the environment from the `robot`, `task` and `scene` nodes of a configuration.

    A simulated robot's task sets out its own scene and judges it. Beside a physical robot somebody
    else does: the `scene`, which knows the task by its description or, where the scene is a twin's,
    holds it whole.
    """
    robot: Robot = build(config["robot"])
    strengths = {k: v for k, v in config.get("perturb", {}).items() if v}
    is_simulated = robot.clock.kind != MONOTONIC
    has_simulation = config["task"]["_target_"] is not None
    if not has_simulation and (is_simulated or "task" in config["scene"]):
        raise RobolearnError(
            f"task {config['task']['name']!r} has no simulation: it is for a physical robot and"
            " a person"
        )
    task: Task = build(config["task" if is_simulated else "scene"])
    if strengths:
        build({"_target_": "robolearn.sim.perturbations.perturb"}, task=task, strengths=strengths)
    return Environment(robot, task)


def load_environment(
    task: str, robot: str | None = None, cameras: Sequence[str] = (), **overrides: Any
) -> Environment:
    """Builds an environment by name, for scripts and notebooks.

    Args:
        task: a choice of `configs/task/`, `SUITE/NAME`, or a BDDL file.
        robot: a choice of `configs/robot/`; by default the usual one of the task.
        cameras: cameras to switch on.
        **overrides: further options by their name with `__` for a dot, e.g. `task__time_limit_s=5`.

    Raises:
        UnknownNameError: if there is no such task, robot or camera.
    """
    return make_environment(_compose("environment", task, robot, cameras, overrides))


def load_vector_environment(
    task: str,
    robot: str | None = None,
    num_worlds: int = 8,
    cameras: Sequence[str] = (),
    engine: str = "auto",
    workers: int | None = None,
    **overrides: Any,
) -> VectorEnv[Any, Any, Any]:
    """Builds many worlds that are stepped together, for scripts and notebooks.

    A script starts fresh interpreters by this, unless it takes `threads`, and they import it: what
    it does belongs below `if __name__ == "__main__":`.

    Args:
        task: as for `load_environment`.
        robot: likewise, simulated.
        num_worlds: how many.
        cameras: cameras to switch on.
        engine: what steps them, and `workers` how many of it; see
            `robolearn.sim.vector.vector_environment.make_vector_environment`.
        workers: threads or processes; None for as many as there are cores.
        **overrides: as for `load_environment`.

    Raises:
        UnknownNameError: if there is no such task, robot, camera or engine.
        RobolearnError: if the robot is a physical one.
    """
    config = _compose("vector_environment", task, robot, cameras, overrides)
    vector_environment: VectorEnv[Any, Any, Any] = build(
        config["vector"],
        make_environment=functools.partial(make_environment, to_plain(config)),
        num_worlds=num_worlds,
        engine=engine,
        workers=workers,
    )
    return vector_environment


def _compose(
    name: str, task: str, robot: str | None, cameras: Sequence[str], overrides: Mapping[str, Any]
) -> DictConfig:
    """Composes one of the files for scripts."""
    from robolearn.cli.choices import compose_config
    from robolearn.cli.suite_tasks import expand_suite_task

    words = [f"task={task}", f"cameras=[{','.join(cameras)}]"]
    words += [] if robot is None else [f"robot={robot}"]
    words += [f"{key.replace('__', '.')}={value}" for key, value in overrides.items()]
    return compose_config(name, expand_suite_task(words, name))


def to_plain(config: DictConfig) -> PlainConfig:
    """Resolves a configuration to plain dictionaries, which travel to worker processes."""
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _find_reason(error: BaseException) -> RobolearnError:
    """Digs the error that matters out of Hydra's wrapping."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RobolearnError):
            return cause
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            package = cause.name.partition(".")[0]
            if package == "robolearn":
                return RobolearnError(f"{cause}: the name after `_target_` is wrong")
            extra = EXTRA_OF_MODULE.get(package)
            hint = f"pip install 'robolearn[{extra}]'" if extra else f"pip install {package}"
            return MissingDependencyError(f"{package} is not installed: {hint}")
        cause = cause.__cause__ or cause.__context__
    return RobolearnError(str(error))
