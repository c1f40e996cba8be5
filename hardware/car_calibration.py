"""`CarCalibration`: how a car's motor and servo turn into speed and steering angle."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass

from robolearn.errors import RobotError
from robolearn.hardware.vesc.odometer import ERPM_PER_COUNT_PER_S


@dataclass(frozen=True)
class CarCalibration:
    """Numbers of one car, each measured on it.

    The defaults are those of the RoboRacer cars (F1TENTH) for the speed and of FastRLAP for the
    servo's gain; they hold for no other car than by chance.

    Attributes:
        erpm_per_mps: motor speed per speed of the car; negative if the motor turns the other way
            [ERPM s/m]. Drive more than 3 m straight ahead and compare `distance` with a tape.
        servo_gain: servo position per steering angle, negative if a larger position steers to the
            right [1/rad]. Drive half a circle: its diameter is 2 wheelbase / tan(angle).
        servo_offset: servo position that drives straight ahead.
        servo_lower: lowest servo position, so that the linkage meets no stop.
        servo_upper: highest servo position.
        min_erpm: a slower set-point releases the motor (VESC Tool: PID controllers, minimum ERPM).
    """

    erpm_per_mps: float = 4614.0
    servo_gain: float = -0.8
    servo_offset: float = 0.5
    servo_lower: float = 0.15
    servo_upper: float = 0.85
    min_erpm: float = 900.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise RobotError(f"a car's {name} must be a finite number, got {value!r}")
        if self.erpm_per_mps == 0.0 or self.servo_gain == 0.0:
            raise RobotError("a car's erpm_per_mps and servo_gain must not be 0: measure them")
        if not 0.0 <= self.servo_lower < self.servo_offset < self.servo_upper <= 1.0:
            raise RobotError(
                "a car's servo positions must be in order: 0 <= servo_lower"
                f" ({self.servo_lower:g}) < servo_offset ({self.servo_offset:g}) < servo_upper"
                f" ({self.servo_upper:g}) <= 1"
            )

    @property
    def min_speed_mps(self) -> float:
        """Lowest speed that the motor can keep [m/s]."""
        return self.min_erpm / abs(self.erpm_per_mps)

    @property
    def metres_per_count(self) -> float:
        """Distance per tachometer count, forwards positive [m]."""
        return ERPM_PER_COUNT_PER_S / self.erpm_per_mps

    def compute_erpm(self, speed_mps: float) -> float:
        """Returns the motor speed for a speed of the car [m/s]."""
        return self.erpm_per_mps * speed_mps

    def compute_speed(self, erpm: float) -> float:
        """Returns the speed of the car at a motor speed [m/s]."""
        return erpm / self.erpm_per_mps

    def compute_servo_position(self, steering_angle_rad: float) -> float:
        """Returns the servo position for a steering angle, within the servo's limits."""
        position = self.servo_offset + self.servo_gain * steering_angle_rad
        return min(max(position, self.servo_lower), self.servo_upper)

    def compute_steering_angle(self, servo_position: float) -> float:
        """Returns the steering angle at a servo position [rad]."""
        return (servo_position - self.servo_offset) / self.servo_gain

    def compute_hash(self) -> str:
        """Returns the SHA-256 of the numbers, to be kept with what was recorded."""
        numbers = {name: float(value) for name, value in asdict(self).items()}
        text = json.dumps(numbers, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
