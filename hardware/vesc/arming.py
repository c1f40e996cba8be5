"""Whether a VESC's own settings make it safe to drive."""

from __future__ import annotations

from robolearn.errors import RobotError
from robolearn.hardware.vesc.replies import NEWEST_VERSION, AppConfiguration, Firmware
from robolearn.hardware.vesc.state import STANDARD_GRAVITY_MPS2, ImuReading

WHERE = "VESC Tool (App Settings, General)"
REMEDY = f"set 100 to 300 ms in {WHERE} and write it"


def require_timeout(port: str, configuration: AppConfiguration, longest_s: float) -> None:
    """Refuses a VESC that would drive on for too long when nobody speaks to it.

    Raises:
        RobotError: if it has no timeout, or a longer one [s].
    """
    timeout_s = configuration.timeout_s
    if timeout_s == 0.0:
        raise RobotError(
            f"the VESC on {port} has no timeout: it would drive on if this program died; {REMEDY}"
        )
    if timeout_s > longest_s:
        raise RobotError(
            f"the VESC on {port} would drive on for {timeout_s:g} s if this program died, more than"
            f" the {longest_s:g} s allowed; {REMEDY}"
        )


def require_steering(port: str, configuration: AppConfiguration) -> None:
    """Refuses a VESC that says it does not drive the steering servo; old ones do not say.

    Raises:
        RobotError: if it does not.
    """
    if configuration.servo_output is False:
        raise RobotError(
            f"the VESC on {port} has its servo output disabled, so the car would not steer: turn on"
            f" Enable Servo Output in {WHERE} and write it"
        )


def find_remarks(firmware: Firmware, configuration: AppConfiguration) -> tuple[str, ...]:
    """Says what is unwise about a VESC without forbidding to drive it."""
    remarks = []
    if firmware.version > NEWEST_VERSION:
        remarks.append(
            f"has firmware {firmware}, newer than any this program knows: its timeout of"
            f" {configuration.timeout_s:g} s was read from where older ones keep it; compare it"
            f" with {WHERE}"
        )
    if configuration.brake_current_a == 0.0:
        remarks.append(
            f"lets the car coast after its timeout: set a timeout brake current in {WHERE}"
        )
    return tuple(remarks)


def find_pace_remark(configuration: AppConfiguration, period_s: float) -> str | None:
    """Says whether set-points that come once per period [s] keep the motor running."""
    if configuration.timeout_s > 1.4 * period_s:  # half a period for a loop that is late
        return None
    return (
        f"stops the motor after {configuration.timeout_s:g} s of silence and is spoken to every"
        f" {period_s:g} s, so that it will stutter: set a timeout of {2e3 * period_s:g} ms in"
        f" {WHERE}"
    )


def find_axes_remark(reading: ImuReading) -> str | None:
    """Says whether the inertial sensor of a car at rest has its axes in order."""
    if reading.acceleration_mps2[2] > 0.8 * STANDARD_GRAVITY_MPS2:
        return None
    return (
        "has an inertial sensor whose z axis does not point up: set its rotation in VESC Tool (App"
        " Settings, IMU) so that x points forwards, y left and z up"
    )


def describe(firmware: Firmware, configuration: AppConfiguration) -> str:
    """Returns a few words for people."""
    return (
        f"VESC {firmware}, stops after {configuration.timeout_s:g} s of silence with"
        f" {configuration.brake_current_a:g} A"
    )
