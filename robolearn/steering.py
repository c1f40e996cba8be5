"""Steering a body by directions, whatever device they come from: keys, a gamepad, a SpaceMouse."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from robolearn import keys
from robolearn.cartesian import NUM_DELTAS, CartesianAdapter
from robolearn.embodiments import Arm, Embodiment
from robolearn.errors import IncompatibleError
from robolearn.robot import Robot
from robolearn.specs import Array
from robolearn.teleoperator import Command, Event, StopLatch, Teleoperator

# Entries of a direction. A car takes X for its speed and Y for its steering.
X, Y, Z, PITCH, ROLL, GRIPPER = range(NUM_DELTAS)


@dataclass(frozen=True)
class Reading:
    """What a person does with a device at this moment.

    Attributes:
        direction: shape (6,), each entry from -1 to 1, as a share of the full speed: x, y, z in the
            base frame; pitch, positive down; roll, anticlockwise seen along the hand; gripper,
            positive opens.
        event: what they said, or None.
    """

    direction: Array = field(default_factory=lambda: np.zeros(NUM_DELTAS))
    event: Event | None = None


def choose_event(events: Sequence[Event]) -> Event | None:
    """Returns which of several words counts: STOP before all others, else the first."""
    if Event.STOP in events:
        return Event.STOP
    return events[0] if events else None


class NeutralGate:
    """Holds back what a stick says until it has been let go once.

    A stick that is pushed, or badly centred, when an episode begins must not move the robot.
    """

    def __init__(self) -> None:
        self._is_open = False

    def shut(self) -> None:
        """Waits for the stick to be let go."""
        self._is_open = False

    def let_through(self, direction: Array) -> Array:
        """Returns the direction, or none while the gate is shut."""
        self._is_open = self._is_open or not direction.any()
        return direction if self._is_open else np.zeros(NUM_DELTAS)


def ignore_rest(deflection: float, dead_share: float) -> float:
    """Returns a deflection from -1 to 1 without the part about the middle where sticks rest."""
    size = (abs(deflection) - dead_share) / (1.0 - dead_share)
    return math.copysign(min(size, 1.0), deflection) if size > 0.0 else 0.0


class SteeringDevice(ABC):
    """What a person holds in their hands.

    Attributes:
        shows_scene: it has a view of the scene of its own, such as a window.
    """

    shows_scene: bool = False

    @abstractmethod
    def describe(self) -> str:
        """Returns how it is used, for the person."""

    @abstractmethod
    def connect(self, robot: Robot) -> None:
        """Makes ready to steer this robot. Does nothing if it is.

        Raises:
            RobotError: if the device cannot be used.
            IncompatibleError: if this robot cannot be steered with it.
        """

    @abstractmethod
    def read(self) -> Reading:
        """Returns at once what the person does, and said since the last call.

        Raises:
            RobotError: if the device is gone, or is not connected.
        """

    def forget(self) -> None:
        """Lets go of whatever was held before."""
        return

    @abstractmethod
    def close(self) -> None:
        """Leaves everything as it was. Allowed in every state, any number of times."""


class Steering(ABC):
    """Turns directions into the actions of a body.

    Attributes:
        hint: what a person must know beyond the device's own help; may be empty.
    """

    hint: ClassVar[str] = ""

    @abstractmethod
    def reset(self, state: Array) -> None:
        """Starts from what the body does now.

        Args:
            state: the value of `observation.state`.
        """

    @abstractmethod
    def move(self, direction: Array) -> Array:
        """Returns the action for one control period; see `Reading` for the direction."""


class ArmSteering(Steering):
    """Moves an arm's tool point in the base frame."""

    def __init__(self, arm: Arm, speeds: Sequence[float]) -> None:
        """Takes the full speed of each entry of the direction, per second."""
        self._adapter = CartesianAdapter(arm)
        self._step_size = np.array(speeds) * arm.control_period_s

    def reset(self, state: Array) -> None:
        """See `Steering.reset`."""
        self._adapter.reset(state)

    def move(self, direction: Array) -> Array:
        """See `Steering.move`; a move that the arm cannot make is left out."""
        return self._adapter.step(direction * self._step_size)


class CarSteering(Steering):
    """Turns a car's wheels towards a direction, and drives at a speed.

    A key has no middle, and a terminal reports a held key only after a while: so wheels and speed
    change at finite rates, and a car that is let go rolls on and slows down by and by.
    """

    hint = "a car takes forward, back, left and right; the other motions are an arm's"

    def __init__(
        self,
        embodiment: Embodiment,
        speed_mps: float,
        turn_radps: float,
        acceleration_mps2: float = 2.0,
        coasting_mps2: float = 1.0,
    ) -> None:
        """Takes the limits.

        Args:
            embodiment: the car.
            speed_mps: at full deflection [m/s].
            turn_radps: how fast the wheels are turned [rad/s].
            acceleration_mps2: how fast the speed grows, and shrinks when driven the other way.
            coasting_mps2: how fast it shrinks when the device is let go.

        Raises:
            IncompatibleError: if the body is no car.
        """
        self._embodiment, self._spec = embodiment, embodiment.action_spec
        try:
            self._steering_place = self._spec.channels.index("steering_angle")
            self._speed_place = self._spec.channels.index("speed")
        except ValueError as error:
            raise IncompatibleError(
                f"{embodiment.name} cannot be driven as a car: its action has the channels"
                f" {', '.join(self._spec.channels)}"
            ) from error
        self._full_speed_mps = speed_mps
        period_s = embodiment.control_period_s
        self._turn_rad = turn_radps * period_s  # in a step; so are the two below
        self._acceleration_mps, self._coasting_mps = (
            acceleration_mps2 * period_s,
            coasting_mps2 * period_s,
        )
        self._action = np.array(embodiment.home_position)

    def reset(self, state: Array) -> None:
        """Begins with the steering angle and the speed that the car has."""
        self._action = self._embodiment.make_present_action(state).astype(float)

    def move(self, direction: Array) -> Array:
        """See `Steering.move`."""
        place = self._steering_place
        limit_rad = self._spec.high[place] if direction[Y] > 0 else -self._spec.low[place]
        self._approach(place, float(direction[Y] * limit_rad), self._turn_rad)
        wanted_mps = float(direction[X]) * self._full_speed_mps
        speed_mps = self._action[self._speed_place]
        eases_off = wanted_mps * speed_mps >= 0 and abs(wanted_mps) < abs(speed_mps)
        step_mps = self._coasting_mps if eases_off else self._acceleration_mps
        self._approach(self._speed_place, wanted_mps, step_mps)
        return self._spec.clip(self._action)

    def _approach(self, place: int, wanted: float, step: float) -> None:
        """Moves an entry of the action towards a value, by one step at most."""
        self._action[place] += min(max(wanted - self._action[place], -step), step)


class SteeringTeleoperator(Teleoperator):
    """Steers a body by the directions of a device.

    It always gives an action: with the device untouched, an arm is told to stay and a car
    to roll to a stop.
    """

    def __init__(
        self,
        robot: Robot,
        device: SteeringDevice,
        linear_speed_mps: float = 0.08,
        angular_speed_radps: float = 0.8,
        gripper_speed_per_s: float = 1.5,
        drive_speed_mps: float = 1.0,
        turn_speed_radps: float = 2.0,
    ) -> None:
        """Ties a device to a body.

        Args:
            robot: the body to steer; only its specs and rate are used here; the device gets it.
            device: what the person holds.
            linear_speed_mps: of an arm's tool point along each axis [m/s].
            angular_speed_radps: of its pitch and roll [rad/s].
            gripper_speed_per_s: of its full way, how much the gripper opens in a second [1/s].
            drive_speed_mps: of a car at full deflection [m/s].
            turn_speed_radps: how fast a car's wheels are turned [rad/s].

        Raises:
            IncompatibleError: if the robot is neither an arm nor a car.
        """
        self.shows_scene = device.shows_scene
        self._robot, self._device = robot, device
        body = robot.embodiment
        speeds = [linear_speed_mps] * 3 + [angular_speed_radps] * 2 + [gripper_speed_per_s]
        self._steering: Steering = (
            ArmSteering(body, speeds)
            if isinstance(body, Arm)
            else CarSteering(body, drive_speed_mps, turn_speed_radps)
        )
        self._stop = StopLatch()

    def describe(self) -> str:
        """Returns how the device is used."""
        return "\n".join(filter(None, (self._device.describe(), self._steering.hint)))

    def connect(self) -> None:
        """Makes the device ready; raises as its `connect` does."""
        self._device.connect(self._robot)

    def reset(self, observation: Mapping[str, Array]) -> None:
        """Begins an episode where the body is; what was asked before it is forgotten, save STOP."""
        self.is_stop_asked()
        self._device.forget()
        self.follow(observation)

    def follow(self, observation: Mapping[str, Array]) -> None:
        """Moves on from where the body is now."""
        self._steering.reset(observation[keys.STATE])

    def is_stop_asked(self) -> bool:
        """Says whether STOP was said by now and has not been passed on."""
        return self._stop.hear(self._device.read().event)

    def get_command(self, observation: Mapping[str, Array]) -> Command:
        """Returns where the body should go now, or the person's word."""
        reading = self._device.read()
        if (event := self._stop.pass_on(reading.event)) is not None:
            return Command(event=event)
        is_active = bool(reading.direction.any())
        return Command(self._steering.move(reading.direction), is_active=is_active)

    def close(self) -> None:
        """Releases the device."""
        self._device.close()
