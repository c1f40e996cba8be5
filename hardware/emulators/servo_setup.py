"""How an emulated servo is built in: the truth that a calibration has to find out."""

from __future__ import annotations

from dataclasses import dataclass

from robolearn.hardware.servo_bus import MIDDLE_STEPS, RAD_PER_STEP


@dataclass(frozen=True)
class ServoSetup:
    """Where on a body a servo sits, and how its horn was screwed on.

    Attributes:
        actuator: which of the plant's actuators it drives.
        direction: 1 if its steps grow with the actuator's angle, else -1.
        zero_steps: where it stands when the actuator's angle is 0, before its homing offset.
    """

    actuator: str
    direction: int = 1
    zero_steps: int = MIDDLE_STEPS

    def to_steps(self, position_rad: float) -> float:
        """Returns where the servo stands at an angle of the actuator, not rounded [steps]."""
        return self.zero_steps + self.direction * position_rad / RAD_PER_STEP

    def to_rad(self, steps: float) -> float:
        """Returns the angle of the actuator [rad]; the inverse of `to_steps`."""
        return self.direction * (steps - self.zero_steps) * RAD_PER_STEP
