"""The registers of the STS3215 as plain data.

From the maker's memory table of the STS series and LeRobot's table (repository huggingface/lerobot,
file `src/lerobot/motors/feetech/tables.py`); where they differ, the maker's. Low byte first.
"""

from __future__ import annotations

from dataclasses import dataclass

from robolearn.hardware.feetech.protocol import decode_sign_magnitude, encode_sign_magnitude

MODELS = {777: "STS3215"}
# By the value of the baud-rate register [1/s].
BAUD_RATES = (1_000_000, 500_000, 250_000, 128_000, 115_200, 76_800, 57_600, 38_400)
# Registers below keep their values through power-off, if they were written with the lock open.
FIRST_VOLATILE_ADDRESS = 40
NUM_REGISTERS = 87


@dataclass(frozen=True)
class Register:
    """Where a number is kept, and how.

    Attributes:
        address: of its first byte.
        num_bytes: 1 or 2.
        sign_bit: its bit for the sign, whose size is below; None if it has no sign.
    """

    address: int
    num_bytes: int = 1
    sign_bit: int | None = None

    @property
    def end(self) -> int:
        """Address behind its last byte."""
        return self.address + self.num_bytes

    def encode(self, value: int) -> bytes:
        """Returns its bytes.

        Raises:
            ValueError: if the value does not fit.
        """
        raw = value if self.sign_bit is None else encode_sign_magnitude(value, self.sign_bit)
        if not 0 <= raw < 1 << 8 * self.num_bytes:
            raise ValueError(f"{value} does not fit into {self.num_bytes} bytes")
        return raw.to_bytes(self.num_bytes, "little")

    def decode(self, memory: bytes | bytearray, first_address: int = 0) -> int:
        """Returns its value in a stretch of memory that begins at `first_address`."""
        begin = self.address - first_address
        raw = int.from_bytes(memory[begin : begin + self.num_bytes], "little")
        return raw if self.sign_bit is None else decode_sign_magnitude(raw, self.sign_bit)


# Kept through power-off.
FIRMWARE_MAJOR = Register(0)
FIRMWARE_MINOR = Register(1)
MODEL = Register(3, 2)
ID = Register(5)
BAUD_RATE = Register(6)  # index into BAUD_RATES
RETURN_DELAY = Register(7)  # 2 us
RESPONSE_LEVEL = Register(8)  # 0: replies to ping and read alone; 1: to everything
LOWER_LIMIT = Register(9, 2)  # goals below are taken for this one [steps]
UPPER_LIMIT = Register(11, 2)
MAX_TEMPERATURE = Register(13)  # [°C]
MAX_VOLTAGE = Register(14)  # 0.1 V
MIN_VOLTAGE = Register(15)
MAX_TORQUE = Register(16, 2)  # 0.1 % of the stall torque; the torque limit at power-on
PHASE = Register(18)  # bits, see below
UNLOADING_CONDITION = Register(19)  # faults that switch torque off, bits of the error byte
P_GAIN = Register(21)
D_GAIN = Register(22)
I_GAIN = Register(23)
PROTECTION_CURRENT = Register(28, 2)  # 6.5 mA
HOMING_OFFSET = Register(31, 2, sign_bit=11)  # position = actual - offset [steps]
MODE = Register(33)  # 0 position, 1 velocity, 2 PWM, 3 steps
PROTECTIVE_TORQUE = Register(34)  # what is left after an overload, 1 % of the torque limit
PROTECTION_TIME = Register(35)  # how long an overload is borne, 10 ms
OVERLOAD_TORQUE = Register(36)  # above this the servo is overloaded, 1 %

# Set back at power-on.
TORQUE_ENABLE = Register(40)  # 0 off, 1 on; 128 makes the present position 2048
ACCELERATION = Register(41)  # 100 steps/s^2; 0: without limit
GOAL_POSITION = Register(42, 2, sign_bit=15)  # [steps]
GOAL_TIME = Register(44, 2)
GOAL_SPEED = Register(46, 2, sign_bit=15)  # [steps/s]; what 0 means is a bit of the phase
TORQUE_LIMIT = Register(48, 2)  # 0.1 % of the stall torque
LOCK = Register(55)  # 0: what is written below 40 is kept through power-off
PRESENT_POSITION = Register(56, 2, sign_bit=15)  # [steps]
PRESENT_SPEED = Register(58, 2, sign_bit=15)  # [steps/s]
PRESENT_LOAD = Register(60, 2, sign_bit=10)  # 0.1 % of the stall torque
PRESENT_VOLTAGE = Register(62)  # 0.1 V
PRESENT_TEMPERATURE = Register(63)  # [°C]
STATUS = Register(65)  # faults, bits of the error byte
MOVING = Register(66)
PRESENT_CURRENT = Register(69, 2, sign_bit=15)  # 6.5 mA
MAX_ACCELERATION = Register(85)  # 100 steps/s^2

# Bits of the phase.
PHASE_ZERO_SPEED_IS_FASTEST = 0x08  # a goal speed of 0 then is no limit; else it stops the servo
PHASE_MULTI_TURN = 0x10  # positions then count turns and leave 0..4095

RETURN_DELAY_UNIT_S = 2e-6
CURRENT_UNIT_A = 6.5e-3
VOLTAGE_UNIT_V = 0.1
LOAD_UNIT = 1e-3
MAKE_PRESENT_POSITION_MIDDLE = 128  # value of TORQUE_ENABLE
LARGEST_HOMING_OFFSET_STEPS = 2047
