"""Steering with a gamepad, through SDL's common layout: every known pad has the same buttons."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from robolearn.errors import MissingDependencyError, RobotError
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
    choose_event,
    ignore_rest,
)
from robolearn.teleoperator import EVENT_WORDS, Event, format_rows

DEAD_SHARE = 0.15  # sticks of cheap pads rest up to this far from their middle
FULL_DEFLECTION = 32767  # SDL's scale

# In SDL's order, which is that of its constants; named as printed on an Xbox pad.
AXES = ("left_x", "left_y", "right_x", "right_y", "left_trigger", "right_trigger")
BUTTONS = (
    *("a", "b", "x", "y", "back", "guide", "start", "left_stick", "right_stick"),
    *("left_shoulder", "right_shoulder", "pad_up", "pad_down", "pad_left", "pad_right"),
)
EVENTS: dict[str, Event] = {
    "b": Event.STOP,
    "a": Event.SUCCESS,
    "x": Event.FAILURE,
    "y": Event.REDO,
    "start": Event.END,
    "back": Event.DISCARD,
}
MOTION_WORDS = {
    "left stick": "forward, back, left, right; a car: speed and steering",
    "right stick": "up, down; roll the hand",
    "pad up, pad down": "pitch the hand",
    "right, left trigger": "open, close the gripper",
}


@dataclass(frozen=True)
class PadState:
    """A pad at one moment.

    Attributes:
        axes: by name, see `AXES`: sticks from -1 to 1, right and down positive; triggers 0 to 1.
        held: buttons that are down.
        pressed: buttons that went down since the last reading, oldest first.
    """

    axes: dict[str, float]
    held: frozenset[str]
    pressed: tuple[str, ...] = ()


class Pad(Protocol):
    """An opened gamepad."""

    def read(self) -> PadState:
        """Returns at once what is pressed; raises RobotError if the pad is gone."""
        ...

    def close(self) -> None:
        """Releases it."""
        ...


class Gamepad(SteeringDevice):
    """Steers with sticks and triggers; the buttons say the words."""

    def __init__(
        self, name: str | None = None, open_pad: Callable[[str | None], Pad] | None = None
    ) -> None:
        """Names the pad.

        Args:
            name: part of its name, where several are plugged in; None takes the first.
            open_pad: opens it; tests give their own.
        """
        self._name = name
        self._open_pad = open_pad or SdlPad
        self._pad: Pad | None = None
        self._gate = NeutralGate()

    def describe(self) -> str:
        """Returns what each stick and button does."""
        words = {button: EVENT_WORDS[event] for button, event in EVENTS.items()}
        return format_rows({**MOTION_WORDS, **words})

    def connect(self, robot: Robot) -> None:
        """Opens the pad; raises RobotError if there is none."""
        if self._pad is None:
            self._pad = self._open_pad(self._name)

    def read(self) -> Reading:
        """Returns where the sticks point, and the button that was pressed.

        Raises:
            RobotError: if the pad is gone: a robot is not left without its stop button.
        """
        if self._pad is None:
            raise RobotError("the gamepad is not connected: call connect() first")
        state = self._pad.read()
        events = [EVENTS[button] for button in state.pressed if button in EVENTS]
        if any(EVENTS.get(button) is Event.STOP for button in state.held):
            events.append(Event.STOP)
        return Reading(self._gate.let_through(compute_direction(state)), choose_event(events))

    def forget(self) -> None:
        """Waits for every stick to be let go."""
        self._gate.shut()

    def close(self) -> None:
        """Releases the pad."""
        if self._pad is not None:
            self._pad.close()
        self._pad = None


def compute_direction(state: PadState) -> Array:
    """Returns the direction that sticks, triggers and cross ask for; see `Reading`."""
    axes = {name: ignore_rest(value, DEAD_SHARE) for name, value in state.axes.items()}
    direction = np.zeros(6)
    direction[X], direction[Y] = -axes["left_y"], -axes["left_x"]
    direction[Z], direction[ROLL] = -axes["right_y"], -axes["right_x"]
    direction[PITCH] = ("pad_down" in state.held) - ("pad_up" in state.held)
    direction[GRIPPER] = axes["right_trigger"] - axes["left_trigger"]
    return direction


class SdlPad:
    """A gamepad through SDL, without a window."""

    def __init__(self, name: str | None) -> None:
        """Opens the first pad whose name has `name` in it.

        Raises:
            MissingDependencyError: if `pygame` is not installed.
            RobotError: if there is no such pad.
        """
        # Read by SDL when it starts: no window, buttons without one, and Ctrl-C and kill stay ours.
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
        os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")
        os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        try:
            import pygame
            from pygame._sdl2 import controller
        except ImportError as error:
            raise MissingDependencyError(
                "pygame is not installed: pip install 'robolearn[teleop]'"
            ) from error
        self._pygame, self._controller = pygame, controller
        pygame.display.init()
        controller.init()
        pygame.event.pump()
        names = {
            index: str(controller.name_forindex(index))
            for index in range(controller.get_count())
            if controller.is_controller(index)
        }
        fitting = [index for index, known in names.items() if (name or "") in known]
        if not fitting:
            here = ", ".join(names.values()) or "none"
            wanted = f"no gamepad is called {name!r}" if name else "no gamepad is plugged in"
            self.close()
            raise RobotError(f"{wanted} (gamepads here: {here})")
        self._pad: Any = controller.Controller(fitting[0])
        self._instance = self._pad.as_joystick().get_instance_id()
        self._name = names[fitting[0]]

    def read(self) -> PadState:
        """Returns what is pressed.

        Raises:
            RobotError: if the pad is gone.
        """
        self._pygame.event.pump()
        if not self._pad.attached():
            raise RobotError(f"the gamepad {self._name!r} is gone: plug it in and start again")
        pressed = [
            BUTTONS[event.button]
            for event in self._pygame.event.get(self._pygame.CONTROLLERBUTTONDOWN)
            if event.instance_id == self._instance and event.button < len(BUTTONS)
        ]
        self._pygame.event.clear()  # else the queue runs full of what nobody asks for
        axes = {
            name: max(-1.0, self._pad.get_axis(place) / FULL_DEFLECTION)
            for place, name in enumerate(AXES)
        }
        held = {name for place, name in enumerate(BUTTONS) if self._pad.get_button(place)}
        return PadState(axes, frozenset(held), tuple(pressed))

    def close(self) -> None:
        """Leaves SDL."""
        self._controller.quit()
        self._pygame.display.quit()
