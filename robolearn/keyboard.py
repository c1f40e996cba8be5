"""Steering by keys, wherever they are typed: in a terminal or in a window."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robolearn.robot import Robot
from robolearn.specs import Array
from robolearn.steering import (
    GRIPPER,
    PITCH,
    ROLL,
    Reading,
    SteeringDevice,
    X,
    Y,
    Z,
    choose_event,
)
from robolearn.teleoperator import EVENT_WORDS, Event, format_rows
from robolearn.timing import Clock, MonotonicClock

# Nobody tells a terminal that a key was let go; while it is held, the key repeats 10 to 30 times a
# second, after a first delay of a quarter of a second or more.
REPEAT_GAP_S = 0.12  # two presses closer together than this are a key that is held
HOLD_S = 0.14  # a held key moves this long after its last repeat
TAP_S = 0.04  # a single press moves this long: one control period


@dataclass(frozen=True)
class Motion:
    """What a key moves.

    Attributes:
        axis: which entry of the Cartesian delta.
        direction: +1 or -1.
        words: what it does, for the help.
    """

    axis: int
    direction: int
    words: str


FORWARD, BACK = Motion(X, 1, "forward"), Motion(X, -1, "back")
LEFT, RIGHT = Motion(Y, 1, "left"), Motion(Y, -1, "right")
UP, DOWN = Motion(Z, 1, "up"), Motion(Z, -1, "down")

MOTIONS: dict[str, Motion] = {
    "w": FORWARD,
    "s": BACK,
    "a": LEFT,
    "d": RIGHT,
    "r": UP,
    "f": DOWN,
    "up": FORWARD,
    "down": BACK,
    "left": LEFT,
    "right": RIGHT,
    "page_up": UP,
    "page_down": DOWN,
    "i": Motion(PITCH, -1, "pitch the hand up"),
    "k": Motion(PITCH, 1, "pitch the hand down"),
    "j": Motion(ROLL, 1, "roll the hand left"),
    "l": Motion(ROLL, -1, "roll the hand right"),
    "o": Motion(GRIPPER, 1, "open the gripper"),
    "c": Motion(GRIPPER, -1, "close the gripper"),
}
EVENTS: dict[str, Event] = {
    "enter": Event.END,
    "y": Event.SUCCESS,
    "n": Event.FAILURE,
    "backspace": Event.DISCARD,
    "z": Event.REDO,
    "escape": Event.STOP,
}


def describe_keys() -> str:
    """Returns the help: one line per thing that keys do."""
    keys_of: dict[str, list[str]] = {}
    for key, motion in MOTIONS.items():
        keys_of.setdefault(motion.words, []).append(key.replace("_", " "))
    for key, event in EVENTS.items():
        keys_of.setdefault(EVENT_WORDS[event], []).append(key)
    return format_rows({", ".join(names): words for words, names in keys_of.items()})


def describe_event_keys() -> dict[str, str]:
    """Returns what each key says, for devices whose words are typed."""
    return {key: EVENT_WORDS[event] for key, event in EVENTS.items()}


def find_event(pressed: Sequence[str]) -> Event | None:
    """Returns the word that was said by these keys, or None."""
    return choose_event([EVENTS[key] for key in pressed if key in EVENTS])


class HeldKeys:
    """Turns presses into motion that goes on while a key is held.

    Times are on any one clock [s].
    """

    def __init__(self, hold_s: float = HOLD_S) -> None:
        """Begins with no key held; a held key moves for `hold_s` after its last repeat [s]."""
        self._hold_s = hold_s
        self._pressed_s: dict[str, float] = {}
        self._moves_until_s: dict[str, float] = {}

    def clear(self) -> None:
        """Lets go of everything."""
        self._pressed_s.clear()
        self._moves_until_s.clear()

    def press(self, key: str, now_s: float) -> None:
        """Notes a press or repeat of a key that has a motion."""
        is_held = now_s - self._pressed_s.get(key, -np.inf) <= REPEAT_GAP_S
        self._pressed_s[key] = now_s
        self._moves_until_s[key] = now_s + (self._hold_s if is_held else TAP_S)

    def compute_direction(self, now_s: float) -> Array:
        """Returns -1, 0 or 1 for each entry of the Cartesian delta; opposite keys cancel."""
        direction = np.zeros(6)
        for motion in {
            MOTIONS[key] for key, until_s in self._moves_until_s.items() if now_s < until_s
        }:
            direction[motion.axis] += motion.direction
        return direction


class KeySource(ABC):
    """Where keys are typed: a terminal, a window.

    Attributes:
        shows_scene: it has a view of the scene of its own, such as a window.
        hold_s: a key it reports as held moves the arm this long after the last report [s].
    """

    shows_scene: ClassVar[bool] = False
    hold_s: ClassVar[float] = HOLD_S

    @abstractmethod
    def connect(self, robot: Robot) -> None:
        """Makes ready to steer this robot. Does nothing if it is.

        Raises:
            RobotError: if no keys can be typed here.
            IncompatibleError: if this robot cannot be steered from here.
        """

    @abstractmethod
    def read_keys(self) -> Sequence[str]:
        """Returns at once the keys pressed, or repeated, since the last call; oldest first.

        Their names are those of `MOTIONS` and `EVENTS`; others are allowed and mean nothing.

        Raises:
            RobotError: if it is not connected.
        """

    @abstractmethod
    def close(self) -> None:
        """Leaves everything as it was. Allowed in every state, any number of times."""


class Keyboard(SteeringDevice):
    """Steers by keys, wherever they are typed."""

    def __init__(self, source: KeySource, clock: Clock | None = None) -> None:
        """Takes the source of the keys.

        Args:
            source: where they are typed.
            clock: the person's time; None takes real time.
        """
        self.shows_scene = source.shows_scene
        self._source = source
        self._clock = clock or MonotonicClock()
        self._held = HeldKeys(source.hold_s)

    def describe(self) -> str:
        """Returns which key does what."""
        return describe_keys()

    def connect(self, robot: Robot) -> None:
        """Makes the keys ready; raises as the source's `connect` does."""
        self._source.connect(robot)

    def read(self) -> Reading:
        """Returns where the held keys point, and the word that was typed."""
        now_s = self._clock.now_s()
        pressed = self._source.read_keys()
        for key in pressed:
            if key in MOTIONS:
                self._held.press(key, now_s)
        return Reading(self._held.compute_direction(now_s), find_event(pressed))

    def forget(self) -> None:
        """Lets go of every key."""
        self._held.clear()

    def close(self) -> None:
        """Releases the keys."""
        self._source.close()
