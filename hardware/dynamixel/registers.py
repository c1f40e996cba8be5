"""Registers and models of the X series. Source: the control tables of the ROBOTIS e-manual."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

EEPROM_END = 64  # below, a register survives power-off and can be written only with torque off
TABLE_END = 147  # behind the last register that every model has
VELOCITY_UNIT_RADPS = 0.229 * 2 * math.pi / 60  # 0.229 rpm
ACCELERATION_UNIT_RADPS2 = 214.577 * 2 * math.pi / 3600  # 214.577 revolutions per minute^2
PWM_FULL = 885
LOAD_UNIT = 0.001
VOLTAGE_UNIT_V = 0.1
RETURN_DELAY_UNIT_S = 2e-6
WATCHDOG_UNIT_S = 0.02
WATCHDOG_FIRED = -1
LARGEST_MULTI_TURN_STEPS = 1_048_575  # 256 turns


class OperatingMode(enum.IntEnum):
    """What a servo does with its goals."""

    CURRENT = 0
    VELOCITY = 1
    POSITION = 3  # within one turn, between its limits
    EXTENDED_POSITION = 4  # over many turns, without limits
    CURRENT_BASED_POSITION = 5  # over many turns, with a limit on current
    PWM = 16


MULTI_TURN = (OperatingMode.EXTENDED_POSITION, OperatingMode.CURRENT_BASED_POSITION)

# Bits of the register `HARDWARE_ERROR`.
OVERHEATING = 0x04
HARDWARE_ERRORS = {
    0x01: "supply voltage out of limits",
    0x02: "hall sensor fails",
    OVERHEATING: "overheating",
    0x08: "encoder fails",
    0x10: "electrical shock or too little power",
    0x20: "overload",
}


@dataclass(frozen=True)
class Register:
    """A number in a servo's memory.

    Attributes:
        name: as in the e-manual.
        address: of its first byte.
        size: in bytes.
        lowest: smallest value that can be written; below 0 the register is in two's complement.
        highest: largest value that can be written.
        initial: after a factory reset (EEPROM) or a start (RAM).
        is_read_only: whether writing is refused.
    """

    name: str
    address: int
    size: int
    lowest: int = 0
    highest: int = 0
    initial: int = 0
    is_read_only: bool = False

    @property
    def end(self) -> int:
        """Address behind its last byte."""
        return self.address + self.size

    @property
    def in_eeprom(self) -> bool:
        """Whether it survives power-off."""
        return self.address < EEPROM_END

    def encode(self, value: int) -> bytes:
        """Returns a value as it is written."""
        return value.to_bytes(self.size, "little", signed=value < 0)

    def decode(self, data: bytes) -> int:
        """Returns the value that was read."""
        return int.from_bytes(data, "little", signed=self.lowest < 0)


def _measured(name: str, address: int, size: int, signed: bool = False) -> Register:
    return Register(name, address, size, lowest=-1 if signed else 0, is_read_only=True)


MODEL_NUMBER = _measured("model number", 0, 2)
MODEL_INFORMATION = _measured("model information", 2, 4)
FIRMWARE_VERSION = _measured("firmware version", 6, 1)
SERVO_ID = Register("id", 7, 1, 0, 252, 1)
BAUD_RATE = Register("baud rate", 8, 1, 0, 7, 1)
RETURN_DELAY = Register("return delay time", 9, 1, 0, 254, 250)
DRIVE_MODE = Register("drive mode", 10, 1, 0, 13)
OPERATING_MODE = Register("operating mode", 11, 1, 0, 16, OperatingMode.POSITION)
SECONDARY_ID = Register("secondary id", 12, 1, 0, 255, 255)
PROTOCOL_TYPE = Register("protocol type", 13, 1, 2, 22, 2)
HOMING_OFFSET = Register("homing offset", 20, 4, -1_044_479, 1_044_479)
MOVING_THRESHOLD = Register("moving threshold", 24, 4, 0, 1023, 10)
TEMPERATURE_LIMIT = Register("temperature limit", 31, 1, 0, 100, 70)
MAX_VOLTAGE = Register("max voltage limit", 32, 2, 31, 160, 140)
MIN_VOLTAGE = Register("min voltage limit", 34, 2, 31, 160, 35)
PWM_LIMIT = Register("PWM limit", 36, 2, 0, PWM_FULL, PWM_FULL)
CURRENT_LIMIT = Register("current limit", 38, 2, 0, 2047, 1750)
VELOCITY_LIMIT = Register("velocity limit", 44, 4, 0, 2047, 445)
MAX_POSITION = Register("max position limit", 48, 4, 0, 4095, 4095)
MIN_POSITION = Register("min position limit", 52, 4, 0, 4095, 0)
SHUTDOWN = Register("shutdown", 63, 1, 0, 0x3F, 0x34)
TORQUE_ENABLE = Register("torque enable", 64, 1, 0, 1)
LED = Register("LED", 65, 1, 0, 1)
STATUS_RETURN_LEVEL = Register("status return level", 68, 1, 0, 2, 2)
REGISTERED_INSTRUCTION = _measured("registered instruction", 69, 1)
HARDWARE_ERROR = _measured("hardware error status", 70, 1)
VELOCITY_I_GAIN = Register("velocity I gain", 76, 2, 0, 16383, 1600)
VELOCITY_P_GAIN = Register("velocity P gain", 78, 2, 0, 16383, 180)
POSITION_D_GAIN = Register("position D gain", 80, 2, 0, 16383, 0)
POSITION_I_GAIN = Register("position I gain", 82, 2, 0, 16383, 0)
POSITION_P_GAIN = Register("position P gain", 84, 2, 0, 16383, 400)
FEEDFORWARD_2ND = Register("feedforward 2nd gain", 88, 2, 0, 16383)
FEEDFORWARD_1ST = Register("feedforward 1st gain", 90, 2, 0, 16383)
BUS_WATCHDOG = Register("bus watchdog", 98, 1, WATCHDOG_FIRED, 127)
GOAL_PWM = Register("goal PWM", 100, 2, -PWM_FULL, PWM_FULL, PWM_FULL)
GOAL_CURRENT = Register("goal current", 102, 2, -2047, 2047, 1750)
GOAL_VELOCITY = Register("goal velocity", 104, 4, -2047, 2047)
PROFILE_ACCELERATION = Register("profile acceleration", 108, 4, 0, 32767)
PROFILE_VELOCITY = Register("profile velocity", 112, 4, 0, 32767)
GOAL_POSITION = Register(
    "goal position", 116, 4, -LARGEST_MULTI_TURN_STEPS, LARGEST_MULTI_TURN_STEPS
)
REALTIME_TICK = _measured("realtime tick", 120, 2)
MOVING = _measured("moving", 122, 1)
MOVING_STATUS = _measured("moving status", 123, 1)
PRESENT_PWM = _measured("present PWM", 124, 2, signed=True)
PRESENT_CURRENT = _measured("present current", 126, 2, signed=True)  # or load: see `ServoModel`
PRESENT_VELOCITY = _measured("present velocity", 128, 4, signed=True)
PRESENT_POSITION = _measured("present position", 132, 4, signed=True)
VELOCITY_TRAJECTORY = _measured("velocity trajectory", 136, 4, signed=True)
POSITION_TRAJECTORY = _measured("position trajectory", 140, 4, signed=True)
PRESENT_VOLTAGE = _measured("present input voltage", 144, 2)
PRESENT_TEMPERATURE = _measured("present temperature", 146, 1)

TABLE = tuple(
    sorted(
        (entry for entry in list(globals().values()) if isinstance(entry, Register)),
        key=lambda register: register.address,
    )
)
# While its bus watchdog has fired, a servo refuses these.
GOALS = (GOAL_PWM, GOAL_CURRENT, GOAL_VELOCITY, GOAL_POSITION)

# Value of the register `BAUD_RATE`: symbols per second.
BAUD_RATES = {
    0: 9600,
    1: 57_600,
    2: 115_200,
    3: 1_000_000,
    4: 2_000_000,
    5: 3_000_000,
    6: 4_000_000,
}

WITHOUT_CURRENT = (
    OperatingMode.VELOCITY,
    OperatingMode.POSITION,
    OperatingMode.EXTENDED_POSITION,
    OperatingMode.PWM,
)


@dataclass(frozen=True)
class ServoModel:
    """A kind of servo.

    Attributes:
        number: what it gives as its model.
        name: on its label.
        voltage_v: of its usual supply [V].
        stall_torque_nm: at that voltage [N m].
        current_unit_a: of its current registers; None if it has no sensor and gives, in the same
            place, an estimate of its load instead [A].
        stall_current_a: at the stall torque [A].
        modes: which operating modes it has.
    """

    number: int
    name: str
    voltage_v: float
    stall_torque_nm: float
    stall_current_a: float
    current_unit_a: float | None = None
    modes: tuple[OperatingMode, ...] = field(default=tuple(OperatingMode))

    @property
    def has_current(self) -> bool:
        """Whether it measures its current."""
        return self.current_unit_a is not None


MODELS = {
    model.number: model
    for model in (
        ServoModel(1060, "XL430-W250", 12.0, 1.5, 1.4, None, WITHOUT_CURRENT),
        ServoModel(1090, "2XL430-W250", 12.0, 1.5, 1.4, None, WITHOUT_CURRENT),
        ServoModel(1070, "XC430-W150", 12.0, 1.6, 1.4, None, WITHOUT_CURRENT),
        ServoModel(1080, "XC430-W240", 12.0, 1.9, 1.4, None, WITHOUT_CURRENT),
        ServoModel(1160, "2XC430-W250", 12.0, 1.8, 1.4, None, WITHOUT_CURRENT),
        ServoModel(1190, "XL330-M077", 5.0, 0.215, 1.47, 1e-3),
        ServoModel(1200, "XL330-M288", 5.0, 0.52, 1.47, 1e-3),
        ServoModel(1230, "XC330-M181", 5.0, 0.60, 1.8, 1e-3),
        ServoModel(1240, "XC330-M288", 5.0, 0.93, 1.8, 1e-3),
        ServoModel(1210, "XC330-T181", 12.0, 0.80, 0.88, 1e-3),
        ServoModel(1220, "XC330-T288", 12.0, 1.0, 0.88, 1e-3),
        ServoModel(1030, "XM430-W210", 12.0, 3.0, 2.3, 2.69e-3),
        ServoModel(1020, "XM430-W350", 12.0, 4.1, 2.3, 2.69e-3),
        ServoModel(1130, "XM540-W150", 12.0, 7.3, 4.4, 2.69e-3),
        ServoModel(1120, "XM540-W270", 12.0, 10.6, 4.4, 2.69e-3),
        ServoModel(1010, "XH430-W210", 12.0, 2.5, 1.3, 2.69e-3),
        ServoModel(1000, "XH430-W350", 12.0, 3.4, 1.3, 2.69e-3),
    )
}


def count_bytes_before(address: int) -> int:
    """Returns how many bytes in one piece before an address belong to registers."""
    start = address
    for register in reversed(TABLE):
        if register.end == start:
            start = register.address
    return address - start


def count_bytes_behind(address: int) -> int:
    """Returns how many bytes in one piece from an address on belong to registers."""
    end = address
    for register in TABLE:
        if register.address == end:
            end = register.end
    return end - address


def describe_hardware_error(bits: int) -> tuple[str, ...]:
    """Returns the register `HARDWARE_ERROR` in words."""
    return tuple(text for bit, text in HARDWARE_ERRORS.items() if bits & bit)


def describe_model(number: int) -> str:
    """Returns the name of a model, or says that it is unknown."""
    return MODELS[number].name if number in MODELS else f"unknown model {number}"
