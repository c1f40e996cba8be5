"""`FeetechServo`: one emulated STS3215, its registers and its motion."""

from __future__ import annotations

import math

from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.emulators.smoothing import SmoothedReading
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.servo_bus import MIDDLE_STEPS, RAD_PER_STEP, STEPS_PER_TURN
from robolearn.plant import Drive, Plant

# Of the 12 V version, from the maker's data sheet: 30 kg cm and 2.7 A.
STALL_TORQUE_NM = 2.94
STALL_CURRENT_A = 2.7
FAULT_VOLTAGE, FAULT_HEAT, FAULT_OVERLOAD = 0x01, 0x04, 0x20

# As delivered, apart from the id.
FACTORY_VALUES = {
    reg.FIRMWARE_MAJOR: 3,
    reg.FIRMWARE_MINOR: 10,
    reg.MODEL: 777,
    reg.BAUD_RATE: 0,
    reg.RETURN_DELAY: 250,
    reg.RESPONSE_LEVEL: 1,
    reg.LOWER_LIMIT: 0,
    reg.UPPER_LIMIT: STEPS_PER_TURN - 1,
    reg.MAX_TEMPERATURE: 70,
    reg.MAX_VOLTAGE: 140,
    reg.MIN_VOLTAGE: 40,
    reg.MAX_TORQUE: 1000,
    reg.PHASE: 0x0C,
    reg.UNLOADING_CONDITION: 0x2C,
    reg.P_GAIN: 32,
    reg.D_GAIN: 32,
    reg.I_GAIN: 0,
    reg.PROTECTION_CURRENT: 500,
    reg.PROTECTIVE_TORQUE: 20,
    reg.PROTECTION_TIME: 200,
    reg.OVERLOAD_TORQUE: 80,
}
WRITABLE = {*range(reg.ID.address, reg.LOCK.end), reg.MAX_ACCELERATION.address}


class FeetechServo:
    """Registers as the maker describes them, with an actuator of a plant behind.

    It has no watchdog: when the host falls silent it goes to its goal and holds. Only mode 0,
    position, moves.

    Attributes:
        setup: how it is built in.
        dead: no power reaches it: it neither answers nor holds.
        temperature_c: what it measures [°C].
        voltage_v: what it measures [V].
    """

    def __init__(self, servo_id: int, setup: ServoSetup, plant: Plant) -> None:
        """Powers up with factory values and an id."""
        self.setup, self._plant = setup, plant
        self.dead = False
        self.temperature_c, self.voltage_v = 32.0, 12.0
        self._memory = bytearray(reg.NUM_REGISTERS)
        self._set(reg.ID, servo_id)
        self.reset()

    @property
    def servo_id(self) -> int:
        """The id it answers to; two servos may have the same."""
        return self.get(reg.ID)

    @property
    def flags(self) -> int:
        """Its error byte."""
        limits = (reg.VOLTAGE_UNIT_V * self.get(r) for r in (reg.MIN_VOLTAGE, reg.MAX_VOLTAGE))
        lowest_v, highest_v = limits
        flags = 0 if lowest_v <= self.voltage_v <= highest_v else FAULT_VOLTAGE
        flags |= FAULT_HEAT if self.temperature_c > self.get(reg.MAX_TEMPERATURE) else 0
        return flags | (FAULT_OVERLOAD if self._is_overloaded else 0)

    def get(self, register: reg.Register) -> int:
        """Returns the value of a register; measured ones are as of the last read."""
        return register.decode(self._memory)

    def reset(self) -> None:
        """Sets all but the id back to factory values."""
        servo_id = self.get(reg.ID)
        self._memory[: reg.FIRST_VOLATILE_ADDRESS] = bytes(reg.FIRST_VOLATILE_ADDRESS)
        for register, value in FACTORY_VALUES.items():
            self._set(register, value)
        self._set(reg.ID, servo_id)
        self._saved = bytes(self._memory[: reg.FIRST_VOLATILE_ADDRESS])
        self.power_cycle()

    def power_cycle(self) -> None:
        """Cuts power and gives it back: what was not saved is gone, torque is off."""
        self._memory = bytearray(reg.NUM_REGISTERS)
        self._memory[: reg.FIRST_VOLATILE_ADDRESS] = self._saved
        self._set(reg.TORQUE_LIMIT, self.get(reg.MAX_TORQUE))
        self._set(reg.LOCK, 1)
        self._set(reg.MAX_ACCELERATION, 254)
        self._is_overloaded, self._overload_s = False, 0.0
        self._effort_nm = SmoothedReading()
        self._reference_steps, self._speed_stepsps = self._measure_steps(), 0.0

    def read(self, address: int, num_bytes: int) -> bytes:
        """Returns a stretch of registers; behind the last one there are zeros."""
        self._refresh()
        return bytes(self._memory[address : address + num_bytes]).ljust(num_bytes, b"\0")

    def write(self, address: int, data: bytes) -> None:
        """Sets a stretch of registers; what may not be written stays as it is.

        Below address 40 a value is saved only if the lock is open; else it holds until power-off.
        """
        is_open = self.get(reg.LOCK) == 0
        torque = self.get(reg.TORQUE_ENABLE)
        for place, value in enumerate(data, start=address):
            if place in WRITABLE:
                self._memory[place] = value
        if is_open:
            self._saved = bytes(self._memory[: reg.FIRST_VOLATILE_ADDRESS])
        if self.get(reg.TORQUE_ENABLE) == reg.MAKE_PRESENT_POSITION_MIDDLE:
            self._set(reg.TORQUE_ENABLE, torque)
            self._make_present_position_middle()

    def update(self, duration_s: float) -> None:
        """Moves the reference towards the goal and drives the actuator along it."""
        present_steps = self._measure_steps()
        self._effort_nm.update(self._plant.measure(self.setup.actuator).effort_nm, duration_s)
        if not self._has_torque():
            self._reference_steps, self._speed_stepsps = present_steps, 0.0
            self._plant.drive(self.setup.actuator, Drive.OFF)
            return
        self._watch_load(duration_s)
        self._advance_reference(duration_s)
        # Within the range of its steps, never the short way over its ends.
        position_rad = self._plant.measure(self.setup.actuator).position_rad
        turn_rad = (self._reference_steps - present_steps) * RAD_PER_STEP * self.setup.direction
        effort = 1e-3 * self.get(reg.TORQUE_LIMIT)
        if self._is_overloaded:
            effort *= 1e-2 * self.get(reg.PROTECTIVE_TORQUE)
        self._plant.drive(
            self.setup.actuator, Drive.POSITION, position_rad + turn_rad, min(effort, 1.0)
        )

    def _has_torque(self) -> bool:
        unloading = self.get(reg.UNLOADING_CONDITION) & ~FAULT_OVERLOAD  # that one only weakens it
        is_on = self.get(reg.TORQUE_ENABLE) == 1 and self.get(reg.MODE) == 0
        return is_on and not self.dead and not self.flags & unloading

    def _watch_load(self, duration_s: float) -> None:
        """Notices an overload that lasts; it stays until power is cut."""
        is_heavy = abs(self._measure_load()) > 1e-2 * self.get(reg.OVERLOAD_TORQUE)
        self._overload_s = self._overload_s + duration_s if is_heavy else 0.0
        if self._overload_s > 1e-2 * self.get(reg.PROTECTION_TIME):
            self._is_overloaded = True

    def _advance_reference(self, duration_s: float) -> None:
        """Speeds up, drives and brakes so that it comes to rest at the goal."""
        lower, upper = self.get(reg.LOWER_LIMIT), self.get(reg.UPPER_LIMIT)
        distance = min(max(self.get(reg.GOAL_POSITION), lower), upper) - self._reference_steps
        fastest = float(abs(self.get(reg.GOAL_SPEED)))
        if fastest == 0 and self.get(reg.PHASE) & reg.PHASE_ZERO_SPEED_IS_FASTEST:
            fastest = math.inf
        acceleration = 100.0 * self.get(reg.ACCELERATION) or math.inf
        braking = math.sqrt(2 * acceleration * abs(distance)) if distance else 0.0
        wanted = math.copysign(min(fastest, braking), distance)
        largest_change = acceleration * duration_s if duration_s > 0 else 0.0
        speed = self._speed_stepsps
        speed += min(max(wanted - speed, -largest_change), largest_change)
        step = speed * duration_s if duration_s > 0 else 0.0
        if abs(step) >= abs(distance) and step * distance >= 0:
            step, speed = distance, 0.0
        self._reference_steps, self._speed_stepsps = self._reference_steps + step, speed

    def _measure_steps(self) -> float:
        """Returns where it stands by its own count, homing offset included [steps]."""
        position_rad = self._plant.measure(self.setup.actuator).position_rad
        steps = self.setup.to_steps(position_rad) - self.get(reg.HOMING_OFFSET)
        if self.get(reg.PHASE) & reg.PHASE_MULTI_TURN:
            return steps
        return steps % STEPS_PER_TURN

    def _measure_load(self) -> float:
        effort_nm = self.setup.direction * self._effort_nm.value
        return min(max(effort_nm / STALL_TORQUE_NM, -1.0), 1.0)

    def _refresh(self) -> None:
        """Measures what can be measured into the registers."""
        state = self._plant.measure(self.setup.actuator)
        position_steps = round(self._measure_steps())
        if not self.get(reg.PHASE) & reg.PHASE_MULTI_TURN:
            position_steps %= STEPS_PER_TURN
        load = self._measure_load()
        speed = self.setup.direction * state.velocity_radps / RAD_PER_STEP
        self._set(reg.PRESENT_POSITION, position_steps)
        self._set(reg.PRESENT_SPEED, min(max(round(speed), -32767), 32767))
        self._set(reg.PRESENT_LOAD, round(load / reg.LOAD_UNIT))
        self._set(reg.PRESENT_VOLTAGE, round(self.voltage_v / reg.VOLTAGE_UNIT_V))
        self._set(reg.PRESENT_TEMPERATURE, round(self.temperature_c))
        self._set(reg.STATUS, self.flags)
        self._set(reg.MOVING, int(self._speed_stepsps != 0.0))
        self._set(reg.PRESENT_CURRENT, round(load * STALL_CURRENT_A / reg.CURRENT_UNIT_A))

    def _make_present_position_middle(self) -> None:
        """Chooses the homing offset so that it stands in the middle now; saved at once."""
        actual_steps = self._measure_steps() + self.get(reg.HOMING_OFFSET)
        largest = reg.LARGEST_HOMING_OFFSET_STEPS
        offset = round(actual_steps - MIDDLE_STEPS + largest) % STEPS_PER_TURN - largest
        self._set(reg.HOMING_OFFSET, min(offset, largest))
        self._saved = bytes(self._memory[: reg.FIRST_VOLATILE_ADDRESS])

    def _set(self, register: reg.Register, value: int) -> None:
        self._memory[register.address : register.end] = register.encode(value)
