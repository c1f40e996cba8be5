"""Steering an arm by keys, wherever they are typed: in a terminal or in a window."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robolearn import keys
from robolearn.cartesian import CartesianAdapter
from robolearn.robot import Robot
from robolearn.specs import Array
from robolearn.teleoperator import Command, Event, Teleoperator
from robolearn.timing import Clock, MonotonicClock

X, Y, Z, PITCH, ROLL, GRIPPER = range(6)

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
    "escape": Event.STOP,
}
_EVENT_WORDS = {
    Event.END: "end the episode; the task judges it",
    Event.SUCCESS: "end it: it worked",
    Event.FAILURE: "end it: it did not work",
    Event.DISCARD: "end it and throw it away",
    Event.STOP: "stop the robot and finish",
}


def describe_keys() -> str:
    """Returns the help: one line per thing that keys do."""
    keys_of: dict[str, list[str]] = {}
    for key, motion in MOTIONS.items():
        keys_of.setdefault(motion.words, []).append(key.replace("_", " "))
    for key, event in EVENTS.items():
        keys_of.setdefault(_EVENT_WORDS[event], []).append(key)
    rows = [(", ".join(names), words) for words, names in keys_of.items()]
    width = max(len(names) for names, _ in rows)
    return "\n".join(f"  {names:<{width}}  {words}" for names, words in rows)


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


class KeyboardTeleoperator(Teleoperator):
    """Steers an arm's tool point in the base frame by keys, wherever they are typed.

    It always gives an action: with no key pressed, the arm is told to stay.
    """

    def __init__(
        self,
        robot: Robot,
        source: KeySource,
        linear_speed_mps: float = 0.08,
        angular_speed_radps: float = 0.8,
        gripper_speed_per_s: float = 1.5,
        clock: Clock | None = None,
    ) -> None:
        """Ties the keys to an arm.

        Args:
            robot: the arm to steer; only its specs and rate are used here, and the source gets it.
            source: where the keys are typed.
            linear_speed_mps: speed of the tool point along each axis [m/s].
            angular_speed_radps: speed of pitch and roll [rad/s].
            gripper_speed_per_s: of its full way, how much the gripper opens in a second [1/s].
            clock: the person's time; None takes real time.

        Raises:
            IncompatibleError: if the robot is no arm.
        """
        self.shows_scene = source.shows_scene
        self._robot, self._source = robot, source
        self._adapter = CartesianAdapter(robot.embodiment)
        speeds = [linear_speed_mps] * 3 + [angular_speed_radps] * 2 + [gripper_speed_per_s]
        self._step_size = np.array(speeds) * robot.control_period_s
        self._clock = clock or MonotonicClock()
        self._held = HeldKeys(source.hold_s)

    def describe(self) -> str:
        """Returns which key does what, for the person."""
        return describe_keys()

    def connect(self) -> None:
        """Makes the keys ready; raises as the source's `connect` does."""
        self._source.connect(self._robot)

    def reset(self, observation: Mapping[str, Array]) -> None:
        """Begins an episode where the arm is; what was typed before it is forgotten."""
        self._source.read_keys()
        self._held.clear()
        self._adapter.reset(observation[keys.STATE])

    def get_command(self, observation: Mapping[str, Array]) -> Command:
        """Returns where the arm should go now, or the person's word; STOP goes before all else."""
        now_s = self._clock.now_s()
        pressed = self._source.read_keys()
        events = [EVENTS[key] for key in pressed if key in EVENTS]
        if events:
            return Command(event=Event.STOP if Event.STOP in events else events[0])
        for key in pressed:
            if key in MOTIONS:
                self._held.press(key, now_s)
        delta = self._held.compute_direction(now_s) * self._step_size
        return Command(action=self._adapter.step(delta))

    def close(self) -> None:
        """Releases the keys."""
        self._source.close()
