"""`check_robot`: what every body promises, simulated or physical."""

from __future__ import annotations

import math

import numpy as np

from robolearn import keys
from robolearn.errors import ContractError
from robolearn.robot import Observation, Robot
from robolearn.specs import Array, BoundedArraySpec
from robolearn.testing.requirements import (
    require,
    require_fit,
    require_observation,
    require_refusal,
)

SETTLING_TIME_S = 2.0  # after this long the body should have come to rest at its target
NUDGE = 0.05  # how far the check moves each channel from rest, as a fraction of its range
STILL = 0.02  # a channel that moved less than this fraction of its range stands still


def check_robot(robot: Robot) -> None:
    """Checks a robot against every promise of the `Robot` interface.

    The robot **moves**: to its rest position and 5 % of each channel's range away from it; where a
    channel is a speed, it drives at that speed for two seconds, twice. Keep clear of a physical
    one. It must not be connected yet and is closed afterwards.

    Args:
        robot: the robot, not connected.

    Raises:
        ContractError: at the first broken promise.
    """
    _check_specs(robot)
    robot.stop()
    robot.close()
    try:
        robot.connect()
        robot.connect()
        _check_clock(robot)
        _check_observation(robot)
        _check_actions(robot)
        _check_motion(robot)
        robot.stop()
        robot.close()
        robot.close()
        _check_reconnection(robot)
    finally:
        robot.close()


def _check_specs(robot: Robot) -> None:
    observation_spec, action_spec = robot.observation_spec, robot.action_spec
    require(
        keys.STATE in observation_spec,
        f"observation_spec lacks {keys.STATE!r}: every body has a state",
    )
    for name in robot.cameras:
        require(
            keys.image_key(name) in observation_spec,
            f"camera {name!r} is switched on but observation_spec lacks {keys.image_key(name)!r}",
        )
    require(
        isinstance(action_spec, BoundedArraySpec) and action_spec.name == keys.ACTION,
        f"action_spec must be a BoundedArraySpec named {keys.ACTION!r}, got {action_spec!r}",
    )
    period_s = robot.control_period_s
    require(
        math.isfinite(period_s) and period_s > 0,
        f"control_period_s must be a positive number of seconds, got {period_s}",
    )
    rest = np.asarray(robot.embodiment.rest_position, action_spec.dtype)
    require_fit(action_spec, rest, f"{robot.embodiment.name}.rest_position")


def _check_clock(robot: Robot) -> None:
    clock, period_s = robot.clock, robot.control_period_s
    require(
        clock.kind in ("monotonic", "simulated"),
        f"clock.kind must be 'monotonic' or 'simulated', got {clock.kind!r}",
    )
    start_s = clock.now_s()
    clock.sleep_until(start_s + period_s)
    woke_s = clock.now_s()
    require(
        woke_s >= start_s + period_s - 1e-9,
        f"clock.sleep_until returned {start_s + period_s - woke_s:.6f} s before its deadline",
    )
    clock.sleep_until(start_s)
    late_s = clock.now_s() - woke_s
    require(
        0.0 <= late_s < 0.5 * period_s,
        f"clock.sleep_until took {late_s:.4f} s for a deadline that had passed: it must return at"
        " once and time must never go back",
    )


def _check_observation(robot: Robot) -> None:
    first = robot.get_observation()
    require_observation(robot.observation_spec, first.values, "get_observation().values")
    require(
        set(first.captured_s) == set(first.values),
        f"captured_s has keys {sorted(first.captured_s)} but values has {sorted(first.values)}:"
        " every stream needs its capture time",
    )
    now_s = robot.clock.now_s()
    for key, captured_s in first.captured_s.items():
        require(
            math.isfinite(captured_s) and captured_s <= now_s + 1e-9,
            f"captured_s[{key!r}] is {captured_s}, later than the robot's clock ({now_s}): stamp"
            " streams with robot.clock, not with another clock",
        )
    _sleep(robot, robot.control_period_s)
    kept = {key: value.copy() for key, value in first.values.items()}
    second = robot.get_observation()
    require(
        second.captured_s[keys.STATE] > first.captured_s[keys.STATE],
        f"{keys.STATE!r} was not captured anew after a control period: the observation is stale",
    )
    for key, value in second.values.items():
        require(
            not np.shares_memory(value, first.values[key]),
            f"two observations share the array of {key!r}: return a copy, the caller may keep it",
        )
        require(
            np.array_equal(first.values[key], kept[key]),
            f"an earlier observation's {key!r} changed when a new one was taken: return a copy",
        )


def _check_actions(robot: Robot) -> None:
    rest = _rest(robot)
    asked = rest.copy()
    start_s = robot.clock.now_s()
    first = robot.send_action(asked)
    took_s = robot.clock.now_s() - start_s
    require(
        took_s < 0.5 * robot.control_period_s,
        f"send_action took {took_s:.4f} s of the robot's time: it must start the action and return;"
        " the caller sleeps",
    )
    require(np.array_equal(asked, rest), "send_action changed the array it was given: copy it")
    require_fit(robot.action_spec, first, "what send_action returned")
    kept = first.copy()
    _sleep(robot, robot.control_period_s)
    second = robot.send_action(_nudged(robot))
    require(
        not np.shares_memory(first, second) and np.array_equal(first, kept),
        "send_action returned the same array twice: return a copy, the recorder keeps it",
    )
    _settle(robot, rest)
    before = robot.get_observation()
    require_refusal(robot.send_action, robot.action_spec, rest)
    _sleep(robot, SETTLING_TIME_S)
    _require_still(robot, before, "the robot moved after it had refused an action")


def _check_motion(robot: Robot) -> None:
    rest, target = _rest(robot), _nudged(robot)
    before = _settle(robot, rest)
    after = _settle(robot, target)
    _require_followed(robot, before, after, target - rest)
    robot.stop()
    robot.stop()
    stopped = robot.get_observation()
    _sleep(robot, SETTLING_TIME_S)
    _require_still(robot, stopped, "the robot moved after stop()")
    # Then away from where it stopped: what has a position goes back, what has a speed sets off.
    is_speed = robot.action_spec.is_speed
    halted = robot.get_observation()
    away = _settle(robot, np.where(is_speed, target, rest))
    _require_followed(robot, halted, away, np.where(is_speed, target, rest - target))
    _settle(robot, rest)


def _check_reconnection(robot: Robot) -> None:
    robot.connect()
    try:
        values = robot.get_observation().values
    except Exception as error:
        raise ContractError(
            "the robot cannot observe when it is connected again after close(): connect() must"
            " make everything that close() released"
        ) from error
    require_observation(robot.observation_spec, values, "get_observation().values")


def _require_followed(
    robot: Robot, before: Observation, after: Observation, asked_move: Array
) -> None:
    """Requires that each channel that is both acted on and observed went the way it was asked."""
    for name, place, state_place in _shared_channels(robot):
        moved = after.values[keys.STATE][state_place] - before.values[keys.STATE][state_place]
        require(
            moved / asked_move[place] > 0.2,
            f"channel {name!r} was asked to move by {asked_move[place]:.4g} and moved by"
            f" {moved:.4g}: it is not driven, or its sign or scale is wrong, or stop() latches",
        )


def _require_still(robot: Robot, before: Observation, what: str) -> None:
    """Requires that what has a position is where it was before, and that every speed is zero."""
    after = robot.get_observation().values[keys.STATE]
    span = robot.action_spec.high - robot.action_spec.low
    is_speed = robot.action_spec.is_speed
    for name, place, state_place in _shared_channels(robot):
        at_rest = 0.0 if is_speed[place] else before.values[keys.STATE][state_place]
        now = after[state_place]
        require(
            abs(now - at_rest) < STILL * span[place],
            f"{what}: channel {name!r} is {now:.4g} after {SETTLING_TIME_S:g} s, and a body that"
            f" stands still has it at {at_rest:.4g}",
        )


def _shared_channels(robot: Robot) -> list[tuple[str, int, int]]:
    """Returns name, place in the action and place in the state of channels that are in both."""
    state_channels = robot.embodiment.state_spec.channels
    return [
        (name, place, state_channels.index(name))
        for place, name in enumerate(robot.action_spec.channels)
        if name in state_channels
    ]


def _rest(robot: Robot) -> Array:
    return np.asarray(robot.embodiment.rest_position, robot.action_spec.dtype)


def _nudged(robot: Robot) -> Array:
    """Returns the rest position with every channel moved a little towards its middle."""
    spec, rest = robot.action_spec, _rest(robot)
    middle = (spec.low + spec.high) / 2
    towards = np.where(rest <= middle, 1.0, -1.0)
    return spec.clip(rest + NUDGE * towards * (spec.high - spec.low))


def _settle(robot: Robot, action: Array) -> Observation:
    """Sends an action at the control rate until the body has come to rest; returns what it sees."""
    for _ in range(math.ceil(SETTLING_TIME_S / robot.control_period_s)):
        robot.send_action(action)
        _sleep(robot, robot.control_period_s)
    return robot.get_observation()


def _sleep(robot: Robot, duration_s: float) -> None:
    robot.clock.sleep_until(robot.clock.now_s() + duration_s)
