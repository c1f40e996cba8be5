"""`Settings`: how the servos of an arm are set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.access import RegisterAccess
from robolearn.hardware.dynamixel.registers import OperatingMode, ServoModel

GAINS = {
    "p": registers.POSITION_P_GAIN,
    "i": registers.POSITION_I_GAIN,
    "d": registers.POSITION_D_GAIN,
}


@dataclass(frozen=True)
class Settings:
    """How servos are set up; see `DynamixelBus`.

    Attributes:
        grippers: ids of servos that hold something.
        gains: id to those of `GAINS` that are not left at the servo's default.
        goal_speed_radps: they turn no faster [rad/s].
        acceleration_radps2: they change speed no faster [rad/s^2].
    """

    grippers: frozenset[int]
    gains: Mapping[int, Mapping[str, int]]
    goal_speed_radps: float
    acceleration_radps2: float

    def write(self, access: RegisterAccess, models: Mapping[int, ServoModel]) -> None:
        """Writes them into servos whose torque is off: id to model."""
        for register, value in (
            (registers.STATUS_RETURN_LEVEL, 2),
            (registers.RETURN_DELAY, 0),
            # Neither reversed, nor timed profiles, nor torque that comes with a goal.
            (registers.DRIVE_MODE, 0),
        ):
            access.write(register, dict.fromkeys(models, value))
        # The mode goes first: it resets gains.
        modes = {key: int(self._choose_mode(key, model)) for key, model in models.items()}
        access.write(registers.OPERATING_MODE, modes)
        for name, register in GAINS.items():
            gains = {key: self.gains[key][name] for key in models if name in self._get_gains(key)}
            access.write(register, gains)
        self._write_profiles(access, list(models))

    def _get_gains(self, servo_id: int) -> Mapping[str, int]:
        return self.gains.get(servo_id, {})

    def _choose_mode(self, servo_id: int, model: ServoModel) -> OperatingMode:
        if servo_id not in self.grippers:
            return OperatingMode.EXTENDED_POSITION
        if OperatingMode.CURRENT_BASED_POSITION in model.modes:
            return OperatingMode.CURRENT_BASED_POSITION
        return OperatingMode.POSITION

    def _write_profiles(self, access: RegisterAccess, servo_ids: list[int]) -> None:
        limits = access.read(registers.VELOCITY_LIMIT, servo_ids)
        speed = round(self.goal_speed_radps / registers.VELOCITY_UNIT_RADPS)
        acceleration = round(self.acceleration_radps2 / registers.ACCELERATION_UNIT_RADPS2)
        # 0 would mean no limit.
        access.write(registers.PROFILE_ACCELERATION, dict.fromkeys(servo_ids, max(1, acceleration)))
        access.write(
            registers.PROFILE_VELOCITY,
            {servo_id: max(1, min(speed, limits[servo_id])) for servo_id in servo_ids},
        )
