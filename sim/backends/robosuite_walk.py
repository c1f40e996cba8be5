"""Tries every task and every arm of robosuite that our interface offers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from robolearn import keys
from robolearn.environment import Environment
from robolearn.sim.backends.robosuite import (
    PLAINEST_TASK,
    RobosuiteRobot,
    RobosuiteTask,
)
from robolearn.sim.backends.robosuite_package import list_arms, list_tasks
from robolearn.sim.backends.robosuite_world import RobosuiteWorld
from robolearn.testing import check_environment

ARM = "Panda"  # the arm that every task is tried with
CAMERAS = ("front", "wrist")
IMAGE_SIZE_PX = 64
CONTRACT_TIME_LIMIT_S = 1.0
NUM_STEPS, NUM_RESETS = 60, 10
SEED = 50000
ACTION_SHARE = 0.2  # of the allowed range: the arm moves about without leaving its workspace


def walk_robosuite_tasks(
    tasks: Sequence[str] | None = None, arms: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Tries every task with one arm, and every other arm with the plainest task.

    Args:
        tasks: names of the tasks; None takes every registered one for one arm.
        arms: names of the further arms; None takes every registered one.

    Returns:
        For each pair of `task` and `arm`, what `try_pair` returns.

    Raises:
        MissingDependencyError: if robosuite or OpenGL is missing.
        UnknownNameError: if there is no such task or arm.
    """
    pairs = [(task, ARM) for task in (list_tasks() if tasks is None else tasks)]
    pairs += [(PLAINEST_TASK, arm) for arm in (list_arms() if arms is None else arms) if arm != ARM]
    return [try_pair(task, arm) for task, arm in pairs]


def try_pair(task: str, arm: str) -> dict[str, Any]:
    """Checks and times one task with one arm.

    Returns:
        - `task`, `arm`,
        - `problem`: what is wrong, or None: it keeps every promise of `check_environment`, among
          them that the time limit truncates, with both cameras on, and no picture is blank,

        and where nothing is wrong

        - `state_size`, `environment_state_size`, `action_size`: lengths of the three vectors,
        - `env_steps_per_s`: through our interface, without cameras,
        - `own_steps_per_s`: the same actions through robosuite's own loop,
        - `camera_steps_per_s`: ours, with both cameras,
        - `reset_ms`: a reset of ours.
    """
    problem = _find_problem(task, arm)
    if problem is not None:
        return {"task": task, "arm": arm, "problem": problem}
    environment = _make_environment(task, arm)
    with_cameras = _make_environment(task, arm, CAMERAS)
    try:
        return {
            "task": task,
            "arm": arm,
            "problem": _find_blank_picture(with_cameras),
            "state_size": environment.observation_spec[keys.STATE].shape[0],
            "environment_state_size": environment.observation_spec[keys.ENVIRONMENT_STATE].shape[0],
            "action_size": environment.action_spec.shape[0],
            "env_steps_per_s": _time_steps(environment),
            "own_steps_per_s": _time_own_steps(environment),
            "camera_steps_per_s": _time_steps(with_cameras),
            "reset_ms": _time_resets(environment),
        }
    finally:
        environment.close()
        with_cameras.close()


def _make_environment(
    task: str, arm: str, cameras: Sequence[str] = (), time_limit_s: float = 25.0
) -> Environment:
    robot = RobosuiteRobot(arm, cameras, IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    return Environment(robot, RobosuiteTask(task, time_limit_s))


def _find_problem(task: str, arm: str) -> str | None:
    """Runs the contract; whatever it or robosuite raises is the finding."""
    try:
        check_environment(lambda: _make_environment(task, arm, CAMERAS, CONTRACT_TIME_LIMIT_S))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _find_blank_picture(environment: Environment) -> str | None:
    observation, _ = environment.reset(seed=SEED)
    for key in observation:
        if keys.is_image_key(key) and observation[key].std() < 1.0:
            return f"{key} shows nothing"
    return None


def _draw_actions(environment: Environment) -> np.ndarray:
    spec = environment.action_spec
    share = np.random.default_rng(SEED).uniform(-1, 1, (NUM_STEPS, *spec.shape))
    return (ACTION_SHARE * share * spec.high).astype(spec.dtype)


def _time_steps(environment: Environment) -> float:
    actions = _draw_actions(environment)
    environment.reset(seed=SEED)
    environment.step(actions[0])
    began_s = time.perf_counter()
    for action in actions:
        environment.step(action)
    return NUM_STEPS / (time.perf_counter() - began_s)


def _time_own_steps(environment: Environment) -> float:
    actions = _draw_actions(environment)
    environment.reset(seed=SEED)
    task = environment.task
    assert isinstance(task, RobosuiteTask)
    world: RobosuiteWorld = task.world
    world.step(actions[0])
    own = world.own_environment
    began_s = time.perf_counter()
    for action in actions:
        own.step(action)
    return NUM_STEPS / (time.perf_counter() - began_s)


def _time_resets(environment: Environment) -> float:
    began_s = time.perf_counter()
    for seed in range(SEED, SEED + NUM_RESETS):
        environment.reset(seed=seed)
    return 1e3 * (time.perf_counter() - began_s) / NUM_RESETS
