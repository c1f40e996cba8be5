"""`EmulatedServo`: registers and motion of one Dynamixel X servo, on an actuator of a plant."""

from __future__ import annotations

import math

from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.protocol import ALERT
from robolearn.hardware.dynamixel.registers import OperatingMode, Register, ServoModel
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.emulators.smoothing import SmoothedReading
from robolearn.hardware.servo_bus import RAD_PER_STEP, STEPS_PER_TURN
from robolearn.plant import Drive, Plant

INSTRUCTION_ERROR, RANGE_ERROR, LENGTH_ERROR, LIMIT_ERROR, ACCESS_ERROR = 2, 4, 5, 6, 7
FIRMWARE = 52
CURRENT_MARGIN = 1.2  # of the current limit over the stall current, about as from the factory
REBOOT_S = 0.2  # deaf for this long
PROFILE_IN_STEPS = registers.VELOCITY_UNIT_RADPS / RAD_PER_STEP
ACCELERATION_IN_STEPS = registers.ACCELERATION_UNIT_RADPS2 / RAD_PER_STEP


class EmulatedServo:
    """One servo. Faults are set from outside, through `Emulation.call`.

    Modes other than position, extended position and current-based position leave it limp; a
    reversed drive mode is kept but has no effect.

    Attributes:
        model: its kind.
        is_dead: whether it says nothing, as with its cable pulled. It holds what it held.
        temperature_c: of its case; above its limit it cuts torque until it is rebooted [°C].
        voltage_v: of its supply [V].
    """

    def __init__(self, servo_id: int, model: ServoModel, setup: ServoSetup, plant: Plant) -> None:
        """Comes from the factory, but for its id and a fast baud rate, and is switched on."""
        self.model = model
        self.is_dead = False
        self.temperature_c = 30.0
        self.voltage_v = model.voltage_v
        self._setup, self._plant = setup, plant
        self._values = {register: register.initial for register in registers.TABLE}
        self._values[registers.MODEL_NUMBER] = model.number
        self._values[registers.FIRMWARE_VERSION] = FIRMWARE
        self._values[registers.SERVO_ID] = servo_id
        self._values[registers.BAUD_RATE] = 3
        if model.current_unit_a is not None:
            limit = round(CURRENT_MARGIN * model.stall_current_a / model.current_unit_a)
            self._values[registers.CURRENT_LIMIT] = limit
        self._pending: tuple[int, bytes] | None = None  # address and bytes
        self._deaf_until_s = -math.inf
        self._now_s = 0.0
        self._effort_nm = SmoothedReading()
        self.start()

    @property
    def is_listening(self) -> bool:
        """Whether it hears what is said on the line."""
        return not self.is_dead and self._now_s >= self._deaf_until_s

    @property
    def identity(self) -> bytes:
        """What it answers to a ping: model and firmware."""
        return b"".join(
            register.encode(self.get(register))
            for register in (registers.MODEL_NUMBER, registers.FIRMWARE_VERSION)
        )

    @property
    def alert(self) -> int:
        """The bit it sets in the error byte of its replies while it has a hardware error."""
        return ALERT if self.get(registers.HARDWARE_ERROR) else 0

    @property
    def return_delay_s(self) -> float:
        """How long it waits before it replies [s]."""
        return self.get(registers.RETURN_DELAY) * registers.RETURN_DELAY_UNIT_S

    def get(self, register: Register) -> int:
        """Returns the value of a register."""
        return self._values[register]

    def set_alert(self, bits: int) -> None:
        """Lets a hardware error happen; cuts torque if the servo's shutdown mask says so."""
        self._values[registers.HARDWARE_ERROR] |= bits
        if bits & self.get(registers.SHUTDOWN):
            self._values[registers.TORQUE_ENABLE] = 0
            self._drive()

    def read(self, address: int, size: int) -> tuple[bytes, int]:
        """Returns bytes and 0, or nothing and an error code."""
        if not 0 < size <= registers.TABLE_END - address:
            return b"", ACCESS_ERROR
        self._measure()
        memory = bytearray(registers.TABLE_END)
        for register, value in self._values.items():
            memory[register.address : register.end] = register.encode(value)
        return bytes(memory[address : address + size]), 0

    def write(self, address: int, data: bytes) -> int:
        """Writes bytes; returns 0, or an error code and then nothing has changed."""
        touched = [
            entry
            for entry in registers.TABLE
            if entry.address < address + len(data) and entry.end > address
        ]
        if not touched or address + len(data) > registers.TABLE_END:
            return ACCESS_ERROR
        changes = {}
        for register in touched:
            place = register.address - address
            if place < 0 or place + register.size > len(data):
                return LENGTH_ERROR
            changes[register] = register.decode(data[place : place + register.size])
        for register, value in changes.items():
            if error := self._check(register, value):
                return error
        for register, value in changes.items():
            self._set(register, value)
        return 0

    def keep(self, address: int, data: bytes) -> None:
        """Keeps what `act` shall write."""
        self._pending = (address, data)
        self._values[registers.REGISTERED_INSTRUCTION] = 1

    def act(self) -> None:
        """Writes what was kept."""
        if self._pending is not None:
            self.write(*self._pending)
        self._pending = None
        self._values[registers.REGISTERED_INSTRUCTION] = 0

    def reboot(self) -> None:
        """Starts anew, deaf meanwhile; the only way out of a hardware error."""
        self._deaf_until_s = self._now_s + REBOOT_S
        self.start()

    def clear_turns(self) -> int:
        """Brings the position back into one turn; returns an error code if it moves."""
        if self.get(registers.MOVING):
            return ACCESS_ERROR
        self._begin_turn()
        return 0

    def update(self, now_s: float, silence_s: float) -> None:
        """Moves the setpoint on, and looks at watchdog and limits.

        Args:
            now_s: the time now [s].
            silence_s: how long nobody has spoken on the line [s].
        """
        duration_s, self._now_s = max(0.0, now_s - self._now_s), now_s
        self._effort_nm.update(self._plant.measure(self._setup.actuator).effort_nm, duration_s)
        if self.temperature_c > self.get(registers.TEMPERATURE_LIMIT):
            self.set_alert(registers.OVERHEATING)
        if not self.get(registers.TORQUE_ENABLE):
            return
        watchdog = self.get(registers.BUS_WATCHDOG)
        if watchdog > 0 and silence_s > watchdog * registers.WATCHDOG_UNIT_S:
            self._values[registers.BUS_WATCHDOG] = registers.WATCHDOG_FIRED
            self._values[registers.GOAL_POSITION] = round(self._get_position())
            self._hold()
        self._follow_profile(duration_s)
        self._drive()

    def start(self) -> None:
        """Begins as after power-on: limp, turns counted from within one, EEPROM kept."""
        for register in registers.TABLE:
            if not (register.in_eeprom or register.is_read_only):
                self._values[register] = register.initial
        self._values[registers.HARDWARE_ERROR] = 0
        self._pending = None
        self._values[registers.GOAL_CURRENT] = self.get(registers.CURRENT_LIMIT)
        self._begin_turn()
        self._values[registers.GOAL_POSITION] = round(self._get_position())
        self._hold()
        self._drive()

    def _begin_turn(self) -> None:
        actual = self._setup.to_steps(self._plant.measure(self._setup.actuator).position_rad)
        self._turn = math.floor(actual / STEPS_PER_TURN)

    def _hold(self) -> None:
        """Lets the setpoint begin where the servo stands, at rest."""
        self._setpoint, self._speed = self._get_position(), 0.0

    def _get_position(self) -> float:
        """Returns where it stands as its registers count [steps]."""
        if self.get(registers.OPERATING_MODE) not in registers.MULTI_TURN:
            self._begin_turn()
        actual = self._setup.to_steps(self._plant.measure(self._setup.actuator).position_rad)
        return actual - self._turn * STEPS_PER_TURN + self.get(registers.HOMING_OFFSET)

    def _check(self, register: Register, value: int) -> int:
        """Returns why a register does not take a value; 0 if it does."""
        if register.is_read_only:
            return ACCESS_ERROR
        if register.in_eeprom and self.get(registers.TORQUE_ENABLE):
            return ACCESS_ERROR
        fired = self.get(registers.BUS_WATCHDOG) == registers.WATCHDOG_FIRED
        if fired and register in registers.GOALS:
            return RANGE_ERROR
        if not register.lowest <= value <= register.highest:
            return RANGE_ERROR
        if register is registers.BUS_WATCHDOG and value < 0:
            return RANGE_ERROR
        mode = self.get(registers.OPERATING_MODE)
        if register is registers.GOAL_POSITION and mode == OperatingMode.POSITION:
            lower, upper = self.get(registers.MIN_POSITION), self.get(registers.MAX_POSITION)
            return 0 if lower <= value <= upper else LIMIT_ERROR
        if register is registers.OPERATING_MODE:
            return 0 if value in self.model.modes else RANGE_ERROR
        if register is registers.GOAL_CURRENT:
            return 0 if abs(value) <= self.get(registers.CURRENT_LIMIT) else LIMIT_ERROR
        return 0

    def _set(self, register: Register, value: int) -> None:
        if register is registers.TORQUE_ENABLE:
            if self.get(registers.HARDWARE_ERROR) & self.get(registers.SHUTDOWN):
                return  # stays limp until it is rebooted
            if value and not self.get(registers.TORQUE_ENABLE):
                self._hold()
        self._values[register] = value
        if register is registers.OPERATING_MODE:
            self._begin_turn()
            self._values[registers.GOAL_POSITION] = round(self._get_position())
            self._values[registers.GOAL_PWM] = self.get(registers.PWM_LIMIT)
            self._values[registers.GOAL_CURRENT] = self.get(registers.CURRENT_LIMIT)
            for gain in (registers.POSITION_P_GAIN, registers.POSITION_D_GAIN):
                self._values[gain] = gain.initial
        self._drive()

    def _follow_profile(self, duration_s: float) -> None:
        """Moves the setpoint towards the goal, no faster than the profile registers allow."""
        goal = self.get(registers.GOAL_POSITION)
        top = self.get(registers.PROFILE_VELOCITY) * PROFILE_IN_STEPS or math.inf
        acceleration = self.get(registers.PROFILE_ACCELERATION) * ACCELERATION_IN_STEPS or math.inf
        left = goal - self._setpoint
        if math.isinf(top) or abs(left) <= 1.0:
            self._setpoint, self._speed = float(goal), 0.0
            return
        wanted = math.copysign(min(top, math.sqrt(2 * acceleration * abs(left))), left)
        change = acceleration * duration_s
        self._speed += min(max(wanted - self._speed, -change), change)
        step = self._speed * duration_s
        if step * left > 0 and abs(step) >= abs(left):
            self._setpoint, self._speed = float(goal), 0.0
        else:
            self._setpoint += step

    def _drive(self) -> None:
        mode = self.get(registers.OPERATING_MODE)
        is_position = mode in (OperatingMode.POSITION, *registers.MULTI_TURN)
        if not (self.get(registers.TORQUE_ENABLE) and is_position):
            self._plant.drive(self._setup.actuator, Drive.OFF)
            return
        if mode == OperatingMode.CURRENT_BASED_POSITION:
            limit = self.get(registers.CURRENT_LIMIT)
            share = abs(self.get(registers.GOAL_CURRENT)) / max(1, limit)
        else:
            share = abs(self.get(registers.GOAL_PWM)) / registers.PWM_FULL
        actual = self._setpoint - self.get(registers.HOMING_OFFSET) + self._turn * STEPS_PER_TURN
        target_rad = self._setup.to_rad(actual)
        self._plant.drive(self._setup.actuator, Drive.POSITION, target_rad, min(1.0, share))

    def _measure(self) -> None:
        """Brings the registers that show what is measured up to date."""
        state = self._plant.measure(self._setup.actuator)
        direction, model = self._setup.direction, self.model
        load = direction * self._effort_nm.value / model.stall_torque_nm
        speed = direction * state.velocity_radps / registers.VELOCITY_UNIT_RADPS
        if model.current_unit_a is None:
            current = load / registers.LOAD_UNIT
        else:
            current = load * model.stall_current_a / model.current_unit_a
        position = round(self._get_position())
        for register, value in (
            (registers.REALTIME_TICK, int(self._now_s * 1e3) % 32768),
            (registers.MOVING, int(abs(speed) > self.get(registers.MOVING_THRESHOLD))),
            (registers.PRESENT_PWM, round(load * registers.PWM_FULL)),
            (registers.PRESENT_CURRENT, round(current)),
            (registers.PRESENT_VELOCITY, round(speed)),
            (registers.PRESENT_POSITION, position),
            (registers.VELOCITY_TRAJECTORY, round(self._speed / PROFILE_IN_STEPS)),
            (registers.POSITION_TRAJECTORY, round(self._setpoint)),
            (registers.PRESENT_VOLTAGE, round(self.voltage_v / registers.VOLTAGE_UNIT_V)),
            (registers.PRESENT_TEMPERATURE, round(self.temperature_c)),
        ):
            self._values[register] = value
