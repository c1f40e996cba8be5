"""What a car may do, and when it must stop: `CarLimits`, kept by a `CarGuard`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from robolearn.errors import RobotError, UnknownNameError
from robolearn.hardware.vesc.state import VescState

# A single odd reading stops nobody: this many in a row do.
PERSISTENCE = 3


@dataclass(frozen=True)
class CarLimits:
    """Limits of a car. Set-points beyond the first four are slowed down, readings stop it.

    Attributes:
        speed_mps: largest speed, forwards and backwards [m/s].
        acceleration_mps2: how fast it may speed up; FastRLAP allows 3.5 [m/s^2].
        deceleration_mps2: how fast a set-point may slow it down; `stop` brakes at once [m/s^2].
        steering_rate_radps: how fast it may steer; f1tenth_gym has 3.2 [rad/s].
        fet_temperature_c: of the VESC's transistors [°C].
        motor_temperature_c: of the motor [°C].
        lowest_voltage_v: of the battery; two lithium cells at 3.2 V each [V].
        highest_voltage_v: of the battery; four lithium cells [V].
    """

    speed_mps: float = 3.0
    acceleration_mps2: float = 3.5
    deceleration_mps2: float = 7.0
    steering_rate_radps: float = 3.2
    fet_temperature_c: float = 80.0
    motor_temperature_c: float = 90.0
    lowest_voltage_v: float = 6.4
    highest_voltage_v: float = 17.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int | float) or not 0.0 < value < math.inf:
                raise RobotError(
                    f"limits.{name} must be a positive number, got {value!r}; to drive without it,"
                    f" add {name.rpartition('_')[0]} to limits_off"
                )


# A limit is turned off by its name without the unit, e.g. `steering_rate`.
LIMIT_NAMES = tuple(field.name.rpartition("_")[0] for field in fields(CarLimits))


class CarGuard:
    """Keeps a car within its limits, and remembers why it was stopped.

    Attributes:
        limited_actions: set-points that were slowed down.
        limit_violations: readings beyond a limit.
        reason: why the car was stopped and must not move; None if it may.
    """

    def __init__(self, limits: CarLimits, limits_off: Sequence[str] = ()) -> None:
        """Takes the limits.

        Args:
            limits: all of them.
            limits_off: names of those that are turned off, from `LIMIT_NAMES`.

        Raises:
            UnknownNameError: if there is no such limit.
        """
        for name in limits_off:
            if name not in LIMIT_NAMES:
                raise UnknownNameError("limit", name, LIMIT_NAMES, "on a car")
        self._limits, self._off = limits, frozenset(limits_off)
        self.reset()

    def reset(self) -> None:
        """Forgets what was, when the car is connected anew by somebody who has looked at it."""
        self.limited_actions = self.limit_violations = 0
        self.reason: str | None = None
        self._num_beyond = dict.fromkeys(LIMIT_NAMES, 0)

    def limit_speed(self, asked_mps: float, last_mps: float, period_s: float) -> float:
        """Returns the nearest speed to the one asked for that may follow the last one [m/s]."""
        limits, speed_mps = self._limits, asked_mps
        if "speed" not in self._off:
            speed_mps = min(max(speed_mps, -limits.speed_mps), limits.speed_mps)
        up = math.inf if "acceleration" in self._off else limits.acceleration_mps2
        down = math.inf if "deceleration" in self._off else limits.deceleration_mps2
        direction = 1.0 if last_mps > 0.0 or (last_mps == 0.0 and speed_mps > 0.0) else -1.0
        # Along the direction of travel; through standstill it takes two set-points.
        last, wanted = direction * last_mps, direction * speed_mps
        lowest = max(last - down * period_s, 0.0) if last > 0.0 else 0.0
        return direction * min(max(wanted, lowest), last + up * period_s)

    def limit_steering(self, asked_rad: float, last_rad: float, period_s: float) -> float:
        """Returns the nearest steering angle to the one asked for that may follow [rad]."""
        if "steering_rate" in self._off:
            return asked_rad
        step_rad = self._limits.steering_rate_radps * period_s
        return min(max(asked_rad, last_rad - step_rad), last_rad + step_rad)

    def check(self, state: VescState, faults: Sequence[str]) -> None:
        """Looks at a reading.

        Args:
            state: the reading.
            faults: faults of the VESC since it was connected.

        Raises:
            RobotError: if the car must stop, now and on every later call until `reset`.
        """
        if self.reason is None:
            self.reason = self._find_reason(state, faults)
        self.require_sound()

    def require_sound(self) -> None:
        """Does nothing unless the car was stopped.

        Raises:
            RobotError: saying why it was.
        """
        if self.reason is not None:
            raise RobotError(
                f"the car was stopped: {self.reason}; look at it, then connect anew to go on"
            )

    def _find_reason(self, state: VescState, faults: Sequence[str]) -> str | None:
        if faults:
            return f"its VESC reported {', '.join(faults)}"
        if state.kill_switch:
            return "its kill switch is on"
        limits = self._limits
        readings = (
            ("fet_temperature", state.fet_temperature_c, limits.fet_temperature_c, "°C", 1),
            ("motor_temperature", state.motor_temperature_c, limits.motor_temperature_c, "°C", 1),
            ("lowest_voltage", state.voltage_v, limits.lowest_voltage_v, "V", -1),
            ("highest_voltage", state.voltage_v, limits.highest_voltage_v, "V", 1),
        )
        for name, value, limit, unit, sign in readings:
            beyond = sign * value > sign * limit and name not in self._off
            self._num_beyond[name] = self._num_beyond[name] + 1 if beyond else 0
            self.limit_violations += beyond
            if self._num_beyond[name] >= PERSISTENCE:
                return f"{name} {value:.1f} {unit} is beyond the limit of {limit:g} {unit}"
        return None
