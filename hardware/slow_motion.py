"""Slow moves of an arm between two postures, beginning and ending at rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from robolearn.errors import RobotError
from robolearn.hardware.guarded_servos import GuardedServos
from robolearn.specs import Array
from robolearn.timing import Clock, Pacer

# The fastest moment of a minimum-jerk move is this many times its mean speed.
PEAK_SPEED = 1.875
ARRIVAL_TOLERANCE_RAD = 0.1
ARRIVAL_TIME_S = 1.5  # for the joints to come to rest after the move


def plan_minimum_jerk(
    start: Array, goal: Array, peak_speed: float, period_s: float
) -> Iterator[Array]:
    """Yields one position per period, ending with the goal; all channels move in proportion.

    Args:
        start: position of each channel.
        goal: as long as `start`.
        peak_speed: no channel moves faster [rad/s, 1/s].
        period_s: between two positions [s].
    """
    start, goal = np.asarray(start, float), np.asarray(goal, float)
    duration_s = PEAK_SPEED * float(np.abs(goal - start).max()) / peak_speed
    num_steps = max(1, math.ceil(duration_s / period_s))
    for step in range(1, num_steps + 1):
        t = step / num_steps
        yield start + (goal - start) * (10 * t**3 - 15 * t**4 + 6 * t**5)


def move_slowly(
    guarded: GuardedServos,
    goal: Sequence[float],
    peak_speed: float,
    clock: Clock,
    is_interrupted: Callable[[], bool] = lambda: False,
) -> None:
    """Moves an arm to a position, watched and limited like any motion.

    Args:
        guarded: the arm.
        goal: an action.
        peak_speed: of any channel [rad/s, 1/s].
        clock: the robot's time.
        is_interrupted: asked at every step; the arm then stays where it is.

    Raises:
        RobotError: if the arm does not get there; it holds.
    """
    embodiment = guarded.servos.assembly.embodiment
    spec, period_s = embodiment.action_spec, embodiment.control_period_s
    target = spec.clip(np.asarray(goal, float))
    pacer = Pacer(clock, period_s)
    for position in plan_minimum_jerk(guarded.command, target, peak_speed, period_s):
        if is_interrupted():
            return
        guarded.read()  # watched at every step
        guarded.send(spec.clip(position))
        pacer.wait()
    # A gripper may hold something.
    is_joint = np.array([unit == "rad" for unit in spec.units])
    deadline_s = clock.now_s() + ARRIVAL_TIME_S
    while True:
        away = np.abs(guarded.read().position - target) * is_joint
        if away.max() <= ARRIVAL_TOLERANCE_RAD or is_interrupted():
            return
        if clock.now_s() > deadline_s:
            break
        guarded.send(target)
        pacer.wait()
    guarded.hold()
    worst = int(away.argmax())
    raise RobotError(
        f"{spec.channels[worst]} stays {away[worst]:.2f} rad from where it was slowly sent:"
        " something is in its way, or it is too weak"
    )
