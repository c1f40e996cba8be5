"""Other people's many worlds, as far as they are installed: yardsticks of `benchmark.py`."""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from robolearn.errors import MissingDependencyError

SEED = 0
NUM_SINGLE_STEPS = 400  # of Meta-World's own environment


def make_envpool(num_worlds: int, num_threads: int, num_steps: int) -> Callable[[], float]:
    """Returns what measures EnvPool's Meta-World pick-place, state only, with random actions.

    Its control step is 5 physics steps of 2.5 ms.

    Args:
        num_worlds: stepped together.
        num_threads: of its pool.
        num_steps: of all worlds together in one measurement.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    envpool = _import("envpool")
    worlds = envpool.make(
        "MetaWorld/PickPlace-v3",
        env_type="gymnasium",
        num_envs=num_worlds,
        num_threads=num_threads,
        seed=SEED,
    )
    worlds.reset()
    shape = (max(num_steps // num_worlds, 1), num_worlds, *worlds.action_space.shape)
    actions = np.random.default_rng(SEED).uniform(-1.0, 1.0, shape).astype(np.float32)
    return lambda: _time_steps(worlds.step, actions, num_worlds)


def make_metaworld() -> Callable[[], float]:
    """Returns what measures one world of Meta-World's own pick-place, with random actions.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    _import("metaworld")
    import gymnasium

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its observations leave their space
        world = gymnasium.make(
            "Meta-World/MT1", env_name="pick-place-v3", disable_env_checker=True, seed=SEED
        )
        world.reset(seed=SEED)
    shape = (NUM_SINGLE_STEPS, *(world.action_space.shape or ()))
    actions = np.random.default_rng(SEED).uniform(-1.0, 1.0, shape).astype(np.float32)

    def measure() -> float:
        world.reset()  # an episode has 500 steps, and a step beyond is refused
        return _time_steps(world.step, actions, 1)

    return measure


def _time_steps(step: Callable[[Any], Any], actions: Any, num_worlds: int) -> float:
    began_s = time.perf_counter()
    for action in actions:
        step(action)
    return len(actions) * num_worlds / (time.perf_counter() - began_s)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing = "" if error.name == name else f" ({error})"
        raise MissingDependencyError(f"not installed{missing}: pip install {name}") from error
