"""`Servo`: what the bus knows of one servo, and what its state means."""

from __future__ import annotations

import math
from dataclasses import dataclass

from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.registers import OperatingMode, Register, ServoModel
from robolearn.hardware.servo_bus import STEPS_PER_TURN, ServoMemory, ServoState

# One read brings the whole state.
STATE_ADDRESS = registers.PRESENT_PWM.address
STATE_BYTES = registers.TABLE_END - STATE_ADDRESS


@dataclass
class Servo:
    """What the bus knows of a servo.

    Attributes:
        model: its kind.
        mode: its operating mode.
        current_limit: in units of the model; 0 if it has no sensor.
        pwm_limit: in units of the model.
        turns: whole turns to add to what its registers say; see `DynamixelBus`.
    """

    model: ServoModel
    mode: int = OperatingMode.POSITION
    current_limit: int = 0
    pwm_limit: int = registers.PWM_FULL
    turns: int = 0

    @property
    def shift_steps(self) -> int:
        """What to add to a position in its registers [steps]."""
        return self.turns * STEPS_PER_TURN

    @property
    def limits_current(self) -> bool:
        """Whether its goal current limits its torque."""
        return self.mode == OperatingMode.CURRENT_BASED_POSITION

    def choose_turn(self, memory: ServoMemory, position_steps: int) -> None:
        """Chooses `turns` so that it stands as near as can be to the middle of its range."""
        middle = (memory.lower_steps + memory.upper_steps) / 2
        turns = round((middle - position_steps) / STEPS_PER_TURN)
        self.turns = turns if self.mode in registers.MULTI_TURN else 0

    def parse_state(self, data: bytes, faults: tuple[str, ...]) -> ServoState:
        """Returns its state from `STATE_BYTES` bytes read at `STATE_ADDRESS`."""

        def get(register: Register) -> int:
            place = register.address - STATE_ADDRESS
            return register.decode(data[place : place + register.size])

        current = get(registers.PRESENT_CURRENT)
        if self.model.current_unit_a is None:
            current_a, load = math.nan, current * registers.LOAD_UNIT
        else:
            current_a = current * self.model.current_unit_a
            load = current / max(1, self.current_limit)
        return ServoState(
            position_steps=get(registers.PRESENT_POSITION) + self.shift_steps,
            velocity_radps=get(registers.PRESENT_VELOCITY) * registers.VELOCITY_UNIT_RADPS,
            current_a=current_a,
            load=load,
            voltage_v=get(registers.PRESENT_VOLTAGE) * registers.VOLTAGE_UNIT_V,
            temperature_c=float(get(registers.PRESENT_TEMPERATURE)),
            faults=faults,
        )
