"""`Plant`: the physics behind emulated devices, as their firmware sees them."""

from __future__ import annotations

import enum
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from robolearn.errors import RobotError
from robolearn.specs import Array


class Drive(enum.Enum):
    """What an actuator does with its target."""

    OFF = "off"  # no torque: it can be turned by hand; the target means nothing
    POSITION = "position"  # holds an angle [rad]
    VELOCITY = "velocity"  # keeps a speed [rad/s]
    EFFORT = "effort"  # pushes with a torque [N m]
    BRAKE = "brake"  # resists turning with a torque of at most the target [N m]


@dataclass(frozen=True)
class ActuatorState:
    """What an actuator's own sensors could see.

    Attributes:
        position_rad: angle of its output [rad].
        velocity_radps: speed of its output [rad/s].
        effort_nm: torque it gives, in the direction of positive angles [N m].
    """

    position_rad: float
    velocity_radps: float
    effort_nm: float


@dataclass(frozen=True)
class ImuState:
    """What an inertial sensor on the body sees, in the body's frame (x forward, y left, z up).

    Attributes:
        acceleration_mps2: specific force, shape (3,): at rest on level ground (0, 0, 9.81) [m/s^2].
        angular_velocity_radps: shape (3,) [rad/s].
    """

    acceleration_mps2: Array
    angular_velocity_radps: Array


class Plant(ABC):
    """A body with its surroundings. Emulated devices drive and measure its actuators.

    Time passes only in `advance`; whoever emulates in real time calls it with the time that has
    passed. One thread at a time.

    Attributes:
        actuators: name of every actuator.
        cameras: name of every camera that can be rendered.
    """

    actuators: tuple[str, ...]
    cameras: tuple[str, ...] = ()

    @abstractmethod
    def drive(
        self, actuator: str, drive: Drive, target: float = 0.0, max_effort: float = 1.0
    ) -> None:
        """Sets what an actuator does from now on.

        Args:
            actuator: one of `actuators`.
            drive: what to do with the target.
            target: in the unit of `drive`.
            max_effort: share of the actuator's own torque limit it may use, 0 to 1.
        """

    @abstractmethod
    def measure(self, actuator: str) -> ActuatorState:
        """Returns what an actuator does at this moment."""

    @abstractmethod
    def advance(self, duration_s: float) -> None:
        """Lets time pass [s]."""

    @property
    @abstractmethod
    def now_s(self) -> float:
        """How much time has passed since the beginning, never set back [s]."""

    def measure_imu(self) -> ImuState:
        """Returns what the body's inertial sensor sees.

        Raises:
            RobotError: if it has none.
        """
        raise RobotError(f"{type(self).__name__} has no inertial sensor")

    def render(self, camera: str) -> Array:
        """Returns what a camera sees, uint8 HWC RGB.

        Raises:
            RobotError: if there is no such camera.
        """
        raise RobotError(f"{type(self).__name__} has no camera {camera!r}")

    def begin_episode(self, seed: int) -> None:
        """Sets body and surroundings out for an episode, as a person would; same seed, same start.

        Raises:
            RobotError: if there is nothing to set out.
        """
        raise RobotError(f"{type(self).__name__} has no scene to set out")

    def get_state(self) -> Mapping[str, list[float]]:
        """Returns the full state as plain numbers, for someone who mirrors it; empty if none."""
        return {}

    def close(self) -> None:
        """Lets go of what it draws with; called in the thread that drew. Allowed any time."""
        return


class LagPlant(Plant):
    """Actuators that follow their target with a first-order lag: for tests without physics."""

    def __init__(
        self,
        actuators: tuple[str, ...],
        time_constant_s: float = 0.03,
        max_speed_radps: float = math.inf,
    ) -> None:
        """All actuators begin off, at 0.

        Args:
            actuators: their names.
            time_constant_s: after this long a step is followed to 63 % [s].
            max_speed_radps: no actuator turns faster [rad/s].
        """
        self.actuators = actuators
        self._time_constant_s, self._max_speed_radps = time_constant_s, max_speed_radps
        self._now_s = 0.0
        self._drives = dict.fromkeys(actuators, (Drive.OFF, 0.0))
        self._positions = dict.fromkeys(actuators, 0.0)
        self._velocities = dict.fromkeys(actuators, 0.0)

    def place(self, actuator: str, position_rad: float) -> None:
        """Puts an actuator somewhere, as a hand would, at rest."""
        self._positions[actuator], self._velocities[actuator] = position_rad, 0.0

    def drive(
        self, actuator: str, drive: Drive, target: float = 0.0, max_effort: float = 1.0
    ) -> None:
        """See `Plant.drive`; without torque nothing moves."""
        self._drives[actuator] = (drive if max_effort > 0 else Drive.OFF, target)

    def measure(self, actuator: str) -> ActuatorState:
        """See `Plant.measure`; the effort is 0."""
        return ActuatorState(self._positions[actuator], self._velocities[actuator], 0.0)

    def advance(self, duration_s: float) -> None:
        """See `Plant.advance`; exact for any duration while the speed limit is not reached."""
        self._now_s += duration_s
        share = 1.0 - math.exp(-duration_s / self._time_constant_s)
        for name, (drive, target) in self._drives.items():
            position, velocity = self._positions[name], self._velocities[name]
            if drive is Drive.POSITION:
                largest_rad = self._max_speed_radps * duration_s
                move_rad = min(max(share * (target - position), -largest_rad), largest_rad)
                velocity = move_rad / duration_s if duration_s > 0 else velocity
            else:
                wanted = target if drive is Drive.VELOCITY else 0.0
                velocity += share * (wanted - velocity)
                move_rad = velocity * duration_s
            self._positions[name], self._velocities[name] = position + move_rad, velocity

    @property
    def now_s(self) -> float:
        """See `Plant.now_s`."""
        return self._now_s
