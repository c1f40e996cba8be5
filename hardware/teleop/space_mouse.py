"""Steering with a SpaceMouse: a cap that is pushed, tilted and turned."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Protocol

import numpy as np

from robolearn.errors import MissingDependencyError, RobotError
from robolearn.keyboard import KeySource, describe_event_keys, find_event
from robolearn.robot import Robot
from robolearn.specs import Array
from robolearn.steering import (
    GRIPPER,
    PITCH,
    ROLL,
    NeutralGate,
    Reading,
    SteeringDevice,
    X,
    Y,
    Z,
    ignore_rest,
)
from robolearn.teleoperator import format_rows
from robolearn.timing import Clock, MonotonicClock

DEAD_SHARE = 0.1
# A cap that is held away from its middle reports this often or far more often: silence means that
# it was let go, or unplugged.
LONGEST_SILENCE_S = 0.3
LARGEST_QUEUE = 64  # reports, taken at one reading


class CapState(Protocol):
    """What `pyspacemouse` reports, in the axes of ROS: x forward, y left, z up.

    Attributes:
        t: when the last report came; changes with every report [s].
        x: push, -1 to 1; so also `y` and `z`.
        pitch: tilt about y, forward positive, -1 to 1.
        yaw: turn about z, anticlockwise seen from above positive, -1 to 1.
        buttons: 1 where a button is down, from the left.
    """

    t: float
    x: float
    y: float
    z: float
    pitch: float
    yaw: float
    buttons: list[int]


class Cap(Protocol):
    """An opened SpaceMouse."""

    def read(self) -> CapState:
        """Takes at most one report and returns the state; raises RobotError if it is gone."""
        ...

    def close(self) -> None:
        """Releases it."""
        ...


class SpaceMouse(SteeringDevice):
    """Moves the tool point as the cap is moved; its buttons open and close the gripper.

    It has no buttons left for words: those are typed.
    """

    def __init__(
        self,
        source: KeySource,
        open_cap: Callable[[], Cap] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Takes what belongs to it.

        Args:
            source: where the words are typed.
            open_cap: opens the device; tests give their own.
            clock: the person's time; None takes real time.
        """
        self.shows_scene = source.shows_scene
        self._source = source
        self._open_cap = open_cap or HidCap
        self._clock = clock or MonotonicClock()
        self._cap: Cap | None = None
        self._gate = NeutralGate()
        self._last_t = self._reported_s = -np.inf

    def describe(self) -> str:
        """Returns how the cap is used and which keys say what."""
        motions = {
            "push the cap": "move the tool: forward, back, left, right, up, down",
            "tilt it forward, back": "pitch the hand",
            "turn it": "roll the hand",
            "right, left button": "open, close the gripper",
        }
        return format_rows({**motions, **describe_event_keys()})

    def connect(self, robot: Robot) -> None:
        """Opens device and keys; raises RobotError if either cannot be used."""
        if self._cap is None:
            self._source.connect(robot)
            self._cap = self._open_cap()

    def read(self) -> Reading:
        """Returns where the cap is pushed, and the word that was typed.

        Raises:
            RobotError: if the device is gone.
        """
        if self._cap is None:
            raise RobotError("the SpaceMouse is not connected: call connect() first")
        event = find_event(self._source.read_keys())
        state = self._cap.read()
        for _ in range(LARGEST_QUEUE):
            before_t, state = state.t, self._cap.read()
            if state.t == before_t:
                break
        now_s = self._clock.now_s()
        if state.t != self._last_t:
            self._last_t, self._reported_s = state.t, now_s
        direction = compute_direction(state)
        if now_s - self._reported_s > LONGEST_SILENCE_S:
            direction[:GRIPPER] = 0.0  # a button that is held says so only once
        return Reading(self._gate.let_through(direction), event)

    def forget(self) -> None:
        """Waits for the cap to be let go."""
        self._gate.shut()

    def close(self) -> None:
        """Releases device and keys."""
        cap, self._cap = self._cap, None
        try:
            if cap is not None:
                cap.close()
        finally:
            self._source.close()


def compute_direction(state: CapState) -> Array:
    """Returns the direction that cap and buttons ask for; see `Reading`."""
    direction = np.zeros(6)
    direction[X], direction[Y], direction[Z] = state.x, state.y, state.z
    direction[PITCH], direction[ROLL] = state.pitch, state.yaw
    direction = np.array([ignore_rest(share, DEAD_SHARE) for share in direction])
    left, right = (bool(button) for button in (*state.buttons, 0, 0)[:2])
    direction[GRIPPER] = int(right) - int(left)
    return direction


class HidCap:
    """A SpaceMouse through `pyspacemouse`, which needs the system's `hidapi`."""

    def __init__(self) -> None:
        """Opens the first one.

        Raises:
            MissingDependencyError: if `pyspacemouse` or `hidapi` is not installed.
            RobotError: if no SpaceMouse is plugged in, or it may not be opened.
        """
        try:
            import pyspacemouse
        except ImportError as error:
            raise MissingDependencyError(
                "pyspacemouse is not installed: pip install 'robolearn[teleop]'"
            ) from error
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it prints the name of what it found
                self._device = pyspacemouse.open(axis_convention=pyspacemouse.AxisConvention.ROS)
        except (RuntimeError, OSError, AttributeError) as error:
            if "HID API" in str(error):
                raise MissingDependencyError(
                    "the SpaceMouse needs the library hidapi, which is not installed:"
                    " sudo apt install libhidapi-hidraw0"
                ) from error
            raise RobotError(
                f"no SpaceMouse can be opened ({error}): plug it in, and allow yourself to read"
                " /dev/hidraw* (a udev rule for vendor 256f or 046d)"
            ) from error

    def read(self) -> CapState:
        """Takes at most one report.

        Raises:
            RobotError: if the device is gone.
        """
        try:
            state: CapState = self._device.read()
        except Exception as error:  # hidapi's own exception, whose module is not ours to import
            raise RobotError(
                f"the SpaceMouse is gone ({error}): plug it in and start again"
            ) from error
        return state

    def close(self) -> None:
        """Releases it."""
        self._device.close()
