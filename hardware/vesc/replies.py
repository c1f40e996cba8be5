"""What a VESC answers, as data: its firmware, configuration, values and inertial sensor.

As `comm/commands.c` and `confgenerator.c` of the firmware have it (vedderb/bldc, 3.27 to 7.01).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from robolearn.errors import RobotError
from robolearn.hardware.vesc.protocol import Command

Version = tuple[int, int]

OLDEST_VERSION: Version = (3, 27)  # before it, values came in another order
SELECTIVE_SINCE: Version = (3, 48)  # GET_VALUES_SELECTIVE
SIGNATURE_SINCE: Version = (3, 50)  # the application configuration begins with a signature
IMU_SINCE: Version = (3, 52)  # GET_IMU_DATA
NEWEST_VERSION: Version = (7, 1)  # the newest whose sources were read

# Fields of GET_VALUES in their order: bit of the mask, name with unit, struct format, scale.
# Firmwares since 3.27 have only ever added fields at the end.
VALUE_FIELDS: tuple[tuple[int, str, str, float], ...] = (
    (0, "fet_temperature_c", "h", 10.0),
    (1, "motor_temperature_c", "h", 10.0),
    (2, "motor_current_a", "i", 100.0),
    (3, "input_current_a", "i", 100.0),
    (4, "id_current_a", "i", 100.0),
    (5, "iq_current_a", "i", 100.0),
    (6, "duty", "h", 1000.0),
    (7, "erpm", "i", 1.0),
    (8, "voltage_v", "h", 10.0),
    (9, "drawn_ah", "i", 1e4),
    (10, "charged_ah", "i", 1e4),
    (11, "drawn_wh", "i", 1e4),
    (12, "charged_wh", "i", 1e4),
    (13, "tachometer", "i", 1.0),
    (14, "tachometer_abs", "i", 1.0),
    (15, "fault_code", "B", 1.0),
    (16, "position_deg", "i", 1e6),  # from here on, old firmwares lack some
    (17, "controller_id", "B", 1.0),
    (18, "mosfet_1_temperature_c", "h", 10.0),
    (18, "mosfet_2_temperature_c", "h", 10.0),
    (18, "mosfet_3_temperature_c", "h", 10.0),
    (19, "vd_v", "i", 1e3),
    (20, "vq_v", "i", 1e3),
    (21, "status", "B", 1.0),
)
BIT_OF_VALUE = {name: bit for bit, name, _, _ in VALUE_FIELDS}
ALL_VALUES = (1 << 22) - 1
REQUIRED_BYTES = 54  # of a GET_VALUES reply: up to the fault code
STATUS_TIMED_OUT, STATUS_KILL_SWITCH = 1, 2

# Fields of GET_IMU_DATA by bit of the mask. Attitude in rad, acceleration in g (at rest +1 up),
# angular velocity in degrees per second, each an "auto" float: the bits of an IEEE 754 single.
IMU_FIELDS = (
    *("roll", "pitch", "yaw"),
    *("acceleration_x", "acceleration_y", "acceleration_z"),
    *("gyro_x", "gyro_y", "gyro_z"),
    *("magnetic_x", "magnetic_y", "magnetic_z"),
    *("quaternion_w", "quaternion_x", "quaternion_y", "quaternion_z"),
)
BIT_OF_IMU = {name: bit for bit, name in enumerate(IMU_FIELDS)}

# Where a configuration says whether the servo output is on, by its signature: 5.03, 6.00 to 6.02,
# 6.05 and 6.06, 7.00, 7.01. Before 5.03 that was decided when the firmware was compiled.
SERVO_OUTPUT_OFFSET = {
    3733512279: 28,
    486554156: 32,
    2099347128: 32,
    2384027283: 32,
    982638166: 32,
}

FAULTS = (
    *("none", "over-voltage", "under-voltage", "gate driver", "absolute over-current"),
    *("MOSFETs too hot", "motor too hot", "gate driver over-voltage", "gate driver under-voltage"),
    *("microcontroller under-voltage", "restarted by its own watchdog", "encoder communication"),
    *("encoder signal too weak", "encoder signal too strong", "flash memory corrupt"),
    *("current sensor 1 offset", "current sensor 2 offset", "current sensor 3 offset"),
    *(
        "unbalanced currents",
        "brake resistor",
        "resolver tracking lost",
        "resolver signal degraded",
    ),
    *("resolver signal lost", "application configuration corrupt", "motor configuration corrupt"),
    *("encoder magnet missing", "encoder magnet too strong", "phase filter", "encoder"),
    *("low-voltage output", "encoder slip", "overspeed", "underspeed", "absolute overspeed"),
)


def describe_fault(code: int) -> str:
    """Returns a fault code in words."""
    return FAULTS[code] if code < len(FAULTS) else f"fault {code}"


@dataclass(frozen=True)
class Firmware:
    """What runs on a VESC.

    Attributes:
        version: major and minor number; 6.02 is (6, 2).
        hardware: name of the board, empty if it does not say.
    """

    version: Version
    hardware: str = ""

    def __str__(self) -> str:
        major, minor = self.version
        return f"{major}.{minor:02d}" + (f" on {self.hardware}" if self.hardware else "")


def parse_firmware(payload: bytes) -> Firmware:
    """Reads an FW_VERSION reply; everything after the version came later and is optional.

    Raises:
        RobotError: if it is too short.
    """
    _require_length(payload, 3, "FW_VERSION")
    name = payload[3:].split(b"\0", 1)[0]
    return Firmware((payload[1], payload[2]), name.decode("ascii", "replace"))


@dataclass(frozen=True)
class AppConfiguration:
    """What of a VESC's application configuration concerns safety.

    Attributes:
        signature: of its layout; None before 3.50.
        timeout_s: after so long without a set-point the motor is released; 0 means never [s].
        brake_current_a: that then brakes; with 0 the car coasts [A].
        servo_output: whether the servo output is on; None if this firmware does not say.
    """

    signature: int | None
    timeout_s: float
    brake_current_a: float
    servo_output: bool | None


def parse_app_configuration(payload: bytes, version: Version) -> AppConfiguration:
    """Reads a GET_APPCONF reply.

    Raises:
        RobotError: if it is too short.
    """
    _require_length(payload, 40, "GET_APPCONF")
    signature, place = None, 1
    if version >= SIGNATURE_SINCE:
        (signature,), place = struct.unpack_from(">I", payload, 1), 5
    _, timeout_ms, brake_current_a = struct.unpack_from(">BIf", payload, place)
    offset = SERVO_OUTPUT_OFFSET.get(signature) if signature is not None else None
    servo_output = None if offset is None else bool(payload[offset])
    return AppConfiguration(signature, timeout_ms / 1000, brake_current_a, servo_output)


def parse_values(payload: bytes) -> dict[str, float]:
    """Reads a reply to GET_VALUES or GET_VALUES_SELECTIVE: the values that came, by name.

    The reply to GET_VALUES has grown from firmware to firmware: what follows the fault code is
    taken as far as it came, and what follows the last known field is left alone.

    Raises:
        RobotError: if it is too short.
    """
    selective = payload[0] == Command.GET_VALUES_SELECTIVE
    if selective:
        _require_length(payload, 5, "GET_VALUES_SELECTIVE")
    mask = int.from_bytes(payload[1:5], "big") if selective else ALL_VALUES
    place = 5 if selective else 1
    _require_length(payload, measure_values(mask) if selective else REQUIRED_BYTES, "GET_VALUES")
    values = {}
    for bit, name, code, scale in VALUE_FIELDS:
        if mask >> bit & 1:
            size = struct.calcsize(code)
            if place + size > len(payload):
                break
            values[name] = struct.unpack_from(f">{code}", payload, place)[0] / scale
            place += size
    return values


def encode_values(values: Mapping[str, float], mask: int) -> bytes:
    """Returns the bytes of the values that a mask chooses, as a VESC sends them."""
    data = b""
    for bit, name, code, scale in VALUE_FIELDS:
        if mask >> bit & 1:
            data += struct.pack(f">{code}", round(values[name] * scale))
    return data


def measure_values(mask: int) -> int:
    """Returns the length of a GET_VALUES_SELECTIVE reply with this mask [bytes]."""
    codes = [code for bit, _, code, _ in VALUE_FIELDS if mask >> bit & 1]
    return 5 + sum(struct.calcsize(code) for code in codes)


def parse_imu(payload: bytes) -> dict[str, float]:
    """Reads a GET_IMU_DATA reply: the values that came, by name, in the units of `IMU_FIELDS`.

    Raises:
        RobotError: if it is too short.
    """
    _require_length(payload, 3, "GET_IMU_DATA")
    mask = int.from_bytes(payload[1:3], "big")
    _require_length(payload, measure_imu(mask), "GET_IMU_DATA")
    names = [name for bit, name in enumerate(IMU_FIELDS) if mask >> bit & 1]
    return dict(zip(names, struct.unpack_from(f">{len(names)}f", payload, 3), strict=True))


def measure_imu(mask: int) -> int:
    """Returns the least length of a GET_IMU_DATA reply; since 5.03 one byte more follows."""
    return 3 + 4 * mask.bit_count()


def make_mask(bits: Mapping[str, int], names: tuple[str, ...]) -> int:
    """Returns the mask that chooses these values."""
    return sum({1 << bits[name] for name in names})


def _require_length(payload: bytes, length: int, what: str) -> None:
    if len(payload) < length:
        raise RobotError(f"a {what} reply has {len(payload)} bytes, at least {length} expected")
