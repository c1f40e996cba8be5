"""What a VESC says of itself and of its motion, in SI units and words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from robolearn.hardware.vesc.replies import STATUS_KILL_SWITCH, STATUS_TIMED_OUT, describe_fault

STANDARD_GRAVITY_MPS2 = 9.80665


@dataclass(frozen=True)
class VescState:
    """What a VESC says of itself.

    Attributes:
        erpm: electrical revolutions per minute, positive forwards.
        motor_current_a: on average since the last reading [A].
        input_current_a: from the battery, on average since the last reading [A].
        voltage_v: of the battery [V].
        fet_temperature_c: of its transistors [°C].
        motor_temperature_c: of the motor [°C]; without a sensor there, anything.
        fault: what it complains of at this moment, in words; None if nothing.
        timed_out: whether it has stopped the motor because no set-point came.
        kill_switch: whether a switch on it holds the motor.
        odometer_counts: how far the motor has turned since `connect`, six counts per electrical
            revolution.
    """

    erpm: float
    motor_current_a: float
    input_current_a: float
    voltage_v: float
    fet_temperature_c: float
    motor_temperature_c: float
    fault: str | None
    timed_out: bool
    kill_switch: bool
    odometer_counts: int


@dataclass(frozen=True)
class ImuReading:
    """What a VESC's inertial sensor says, in the axes set in VESC Tool.

    Attributes:
        acceleration_mps2: specific force along x, y, z; at rest 9.81 upwards [m/s^2].
        angular_velocity_radps: about x, y, z [rad/s].
    """

    acceleration_mps2: tuple[float, float, float]
    angular_velocity_radps: tuple[float, float, float]


def make_state(values: Mapping[str, float], odometer_counts: int) -> VescState:
    """Returns the state that a reply tells; older firmwares give no status."""
    fault_code, status = int(values["fault_code"]), int(values.get("status", 0))
    return VescState(
        erpm=values["erpm"],
        motor_current_a=values["motor_current_a"],
        input_current_a=values["input_current_a"],
        voltage_v=values["voltage_v"],
        fet_temperature_c=values["fet_temperature_c"],
        motor_temperature_c=values["motor_temperature_c"],
        fault=describe_fault(fault_code) if fault_code else None,
        timed_out=bool(status & STATUS_TIMED_OUT),
        kill_switch=bool(status & STATUS_KILL_SWITCH),
        odometer_counts=odometer_counts,
    )


def make_imu_reading(values: Mapping[str, float]) -> ImuReading | None:
    """Returns what the sensor says; None if there is none, which shows as no weight at all."""
    acceleration_g = [values[f"acceleration_{axis}"] for axis in "xyz"]
    gyro_degps = [values[f"gyro_{axis}"] for axis in "xyz"]
    if not all(map(math.isfinite, acceleration_g + gyro_degps)) or not any(acceleration_g):
        return None
    ax, ay, az = (STANDARD_GRAVITY_MPS2 * value for value in acceleration_g)
    gx, gy, gz = map(math.radians, gyro_degps)
    return ImuReading((ax, ay, az), (gx, gy, gz))
