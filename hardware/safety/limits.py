"""`ArmLimits`: what an arm may do, as plain data from its YAML file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from robolearn.errors import RobotError, UnknownNameError

# Every limit that an explicit word can turn off. What the embodiment's own spec says stays on.
LIMIT_NAMES = (
    "joint_margin",
    "speed",
    "acceleration",
    "step",
    "workspace",
    "lag",
    "current",
    "temperature",
    "voltage",
    "tracking",
    "faults",
)


@dataclass(frozen=True)
class ArmLimits:
    """What an arm may do. All limits hold unless `off` names them.

    Joints are measured in rad, the gripper in its opening, 0 to 1.

    Attributes:
        joint_margin_rad: joints stay this far inside the embodiment's limits [rad].
        joint_speed_radps: fastest a joint's command moves [rad/s].
        joint_acceleration_radps2: fastest that speed changes [rad/s^2].
        joint_step_rad: furthest a joint's command moves at once [rad].
        gripper_speed_per_s: fastest the gripper's command moves [1/s].
        gripper_acceleration_per_s2: fastest that speed changes [1/s^2].
        gripper_step: furthest the gripper's command moves at once [1].
        workspace_lower_m: corner of the box that the tool point stays in, base frame (3,) [m].
        workspace_upper_m: its opposite corner, base frame (3,) [m].
        lag_rad: furthest a joint is sent ahead of where it is [rad].
        current_a: highest current through a servo [A].
        temperature_c: hottest a servo may be [°C].
        lowest_voltage_v: lowest supply [V].
        highest_voltage_v: highest supply [V].
        tracking_error_rad: furthest a joint may stay behind its command [rad].
        tracking_time_s: for how long it may do so [s].
        position_tolerance: how far outside its limits a joint or gripper may be found [rad, 1].
        num_readings: so many readings in a row beyond a limit stop the arm; one may be noise.
        off: names of limits that are turned off.
    """

    workspace_lower_m: Sequence[float]
    workspace_upper_m: Sequence[float]
    joint_margin_rad: float = 0.005
    joint_speed_radps: float = 3.5
    joint_acceleration_radps2: float = 50.0
    joint_step_rad: float = 0.2
    gripper_speed_per_s: float = 4.0
    gripper_acceleration_per_s2: float = 80.0
    gripper_step: float = 0.25
    lag_rad: float = 0.6
    current_a: float = 2.2
    temperature_c: float = 65.0
    lowest_voltage_v: float = 6.0
    highest_voltage_v: float = 13.0
    tracking_error_rad: float = 0.35
    tracking_time_s: float = 1.0
    position_tolerance: float = 0.1
    num_readings: int = 5
    off: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in self.off:
            if name not in LIMIT_NAMES:
                raise UnknownNameError("limit", name, LIMIT_NAMES, "to turn off")
        for entry in fields(self):
            if entry.name != "off":
                self._check_number(entry.name)
        if not all(
            low < high
            for low, high in zip(self.workspace_lower_m, self.workspace_upper_m, strict=True)
        ):
            raise RobotError(
                f"limits: the workspace from {list(self.workspace_lower_m)} to"
                f" {list(self.workspace_upper_m)} m is empty"
            )

    def is_on(self, name: str) -> bool:
        """Whether a limit holds."""
        return name not in self.off

    def _check_number(self, name: str) -> None:
        """Refuses what would turn a limit off without saying so, such as null or infinity."""
        value = getattr(self, name)
        is_corner = name.startswith("workspace_")
        numbers = list(value) if is_corner and isinstance(value, Sequence) else [value]
        fits = all(
            isinstance(number, (int, float))
            and not isinstance(number, bool)
            and math.isfinite(number)
            and (is_corner or number > 0 or (number == 0 and name == "joint_margin_rad"))
            for number in numbers
        )
        if not fits or len(numbers) != (3 if is_corner else 1):
            what = "three finite numbers" if is_corner else "a positive number"
            raise RobotError(
                f"limits.{name} must be {what}, got {value!r}; a limit is turned off by its name,"
                f" as robot.limits_off=[speed] (names: {', '.join(LIMIT_NAMES)})"
            )
