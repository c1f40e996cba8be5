"""robosuite's Lift as the yardstick of `benchmark.py`; runs in a process of its own."""

from __future__ import annotations

import functools
import logging
import os
import time
from typing import Any

import numpy as np

from robolearn.errors import MissingDependencyError

SEED = 0
CONTROL_RATE_HZ = 20
ACTION_SHARE = 0.2  # of the allowed range: the arm moves about without leaving its workspace


def prepare_process(gl_back_end: str | None) -> None:
    """Settles, before robosuite is imported, what it renders with, and keeps its advice quiet."""
    if gl_back_end is not None:
        os.environ["MUJOCO_GL"] = gl_back_end
    logging.disable(logging.WARNING)


def time_lift(num_steps: int, image_size_px: int | None = None) -> float:
    """Steps Lift with random actions and returns steps per second.

    Args:
        num_steps: how many.
        image_size_px: with one square camera image of this size; None observes the state alone.

    Raises:
        MissingDependencyError: if robosuite cannot be imported.
    """
    lift = _make_lift(image_size_px)
    low, high = lift.action_spec
    rng = np.random.default_rng(SEED)
    actions = ACTION_SHARE * rng.uniform(low, high, (num_steps, len(low)))
    began_s = time.perf_counter()
    for action in actions:
        lift.step(action)
    return num_steps / (time.perf_counter() - began_s)


@functools.cache
def _make_lift(image_size_px: int | None) -> Any:
    """Builds Lift once per process."""
    try:
        import robosuite
    except ImportError as error:
        raise MissingDependencyError(
            f"robosuite cannot be imported ({error}): pip install 'robolearn[robosuite]',"
            " or measure without it"
        ) from error
    lift = robosuite.make(
        "Lift",
        robots="Panda",
        control_freq=CONTROL_RATE_HZ,
        has_renderer=False,
        has_offscreen_renderer=image_size_px is not None,
        use_camera_obs=image_size_px is not None,
        camera_heights=image_size_px or 1,
        camera_widths=image_size_px or 1,
        ignore_done=True,
        seed=SEED,
    )
    lift.reset()
    return lift
