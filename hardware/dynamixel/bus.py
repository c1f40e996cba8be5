"""`DynamixelBus`: a chain of Dynamixel X servos as an arm needs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.access import RegisterAccess
from robolearn.hardware.dynamixel.decoder import PacketDecoder
from robolearn.hardware.dynamixel.discovery import find_servos, scan
from robolearn.hardware.dynamixel.memory import read_memory, write_memory
from robolearn.hardware.dynamixel.registers import Register
from robolearn.hardware.dynamixel.servo import STATE_ADDRESS, STATE_BYTES, Servo
from robolearn.hardware.dynamixel.settings import Settings
from robolearn.hardware.dynamixel.watchdog import FIRED, Watchdogs
from robolearn.hardware.serial_link import LinkCounters, SerialLink
from robolearn.hardware.servo_bus import ServoBus, ServoMemory, ServoState, act_on_each, name_servos

# Torque is not switched on when the goal is further away than this, about 4 degrees.
LARGEST_JUMP_STEPS = 50


class DynamixelBus(ServoBus):
    """Dynamixel X servos on one port.

    Joints run in extended position mode, so that a joint may cross the end of a turn wherever its
    horn was put on; grippers in current-based position mode, which limits how hard they squeeze, on
    models that have it.

    In these modes a servo counts turns, and forgets the count at power-off: it then begins within 0
    to 4095, perhaps a whole turn away from where it was. `open` and `configure` bring it back in
    software: of all positions that are whole turns apart they take the one nearest to the middle of
    the servo's own range (`ServoMemory`). So a range is shorter than one turn, its middle lies
    within 0 to 4095, and nobody turns a joint beyond its range by hand while power is off.

    `ServoState.current_a` is NaN for models without a sensor (XL430, XC430): look at the load.
    """

    def __init__(
        self,
        port: str,
        baud_rate: int = 1_000_000,
        timeout_s: float = 0.02,
        num_retries: int = 4,
        grippers: Collection[int] = (),
        gains: Mapping[int, Mapping[str, int]] | None = None,
        goal_speed_radps: float = 6.0,
        acceleration_radps2: float = 100.0,
    ) -> None:
        """Names the port; `open` opens it.

        Args:
            port: name of the port.
            baud_rate: symbols per second; a new servo speaks 57600.
            timeout_s: how long to wait for an answer [s].
            num_retries: how often a read is repeated.
            grippers: ids of servos that hold something.
            gains: id to those of `p`, `i` and `d` that are not left at the servo's default.
            goal_speed_radps: servos turn no faster, whatever the goal [rad/s].
            acceleration_radps2: servos change speed no faster [rad/s^2].
        """
        self._link = SerialLink(port, baud_rate, PacketDecoder(), timeout_s)
        self._access = RegisterAccess(self._link, timeout_s, num_retries)
        self._settings = Settings(
            grippers=frozenset(grippers),
            gains={int(servo_id): dict(values) for servo_id, values in (gains or {}).items()},
            goal_speed_radps=goal_speed_radps,
            acceleration_radps2=acceleration_radps2,
        )
        self._servos: dict[int, Servo] = {}
        self._watchdogs = Watchdogs(self._access)

    @property
    def port(self) -> str:
        """See `ServoBus.port`."""
        return self._link.port

    @property
    def counters(self) -> LinkCounters:
        """See `ServoBus.counters`."""
        return self._link.counters

    def open(self, servo_ids: Sequence[int]) -> None:
        """See `ServoBus.open`; also makes every servo answer reads. No ids: only for `scan`."""
        self._link.open()
        try:
            models = find_servos(self._access, servo_ids)
            self._servos = {servo_id: Servo(model) for servo_id, model in models.items()}
            self._watchdogs.forget()
            torque = self.is_torque_on(servo_ids)
            quiet = [servo_id for servo_id in servo_ids if not torque[servo_id]]
            self._write_all(registers.RETURN_DELAY, quiet, 0)
            self._learn(servo_ids)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """See `ServoBus.close`."""
        self._link.close()

    def scan(self) -> dict[int, str]:
        """See `ServoBus.scan`; opens the port for as long as it takes if it is closed."""
        was_open = self._link.is_open
        self._link.open()
        try:
            return scan(self._access)
        finally:
            if not was_open:
                self.close()

    def read_states(self, servo_ids: Sequence[int]) -> dict[int, ServoState]:
        """See `ServoBus.read_states`; that a bus watchdog has fired is among the faults."""
        fired = self._watchdogs.find_fired()
        packets = self._access.read_block(STATE_ADDRESS, STATE_BYTES, servo_ids)
        alarmed = [servo_id for servo_id, packet in packets.items() if packet.has_alert]
        faults = self._read_faults(alarmed)
        for servo_id in fired:
            faults[servo_id] = (*faults.get(servo_id, ()), FIRED)
        return {
            servo_id: self._get(servo_id).parse_state(packet.params, faults.get(servo_id, ()))
            for servo_id, packet in packets.items()
        }

    def write_goals(self, goals_steps: Mapping[int, int]) -> None:
        """See `ServoBus.write_goals`.

        Raises:
            WatchdogFiredError: if a bus watchdog has fired: then goals are refused.
        """
        self._watchdogs.check()
        goals = {key: goal - self._get(key).shift_steps for key, goal in goals_steps.items()}
        self._access.send(registers.GOAL_POSITION, goals)

    def read_goals(self, servo_ids: Sequence[int]) -> dict[int, int]:
        """See `ServoBus.read_goals`."""
        goals = self._access.read(registers.GOAL_POSITION, servo_ids)
        return {key: goal + self._get(key).shift_steps for key, goal in goals.items()}

    def set_torque(self, servo_ids: Sequence[int], enabled: bool) -> None:
        """See `ServoBus.set_torque`.

        Raises:
            RobotError: if a servo would jump because its goal is not where it stands, or gives no
                torque; says which and why.
        """
        if not enabled:
            self._let_go(servo_ids)
            return
        self._check_no_jump(servo_ids)
        self._access.send(registers.TORQUE_ENABLE, dict.fromkeys(servo_ids, 1))
        torque = self.is_torque_on(servo_ids)
        limp = [servo_id for servo_id in servo_ids if not torque[servo_id]]
        if limp:
            raise RobotError(self._explain_no_torque(limp))

    def is_torque_on(self, servo_ids: Sequence[int]) -> dict[int, bool]:
        """See `ServoBus.is_torque_on`."""
        values = self._access.read(registers.TORQUE_ENABLE, servo_ids)
        return {servo_id: bool(value) for servo_id, value in values.items()}

    def set_torque_limits(self, shares: Mapping[int, float]) -> None:
        """See `ServoBus.set_torque_limits`: by current where the mode controls it, else by PWM."""
        currents, pwms = {}, {}
        for servo_id, share in shares.items():
            servo = self._get(servo_id)
            if not 0.0 <= share <= 1.0:
                raise RobotError(f"torque limit of servo {servo_id} is a share, got {share}")
            if servo.limits_current:
                currents[servo_id] = round(share * servo.current_limit)
            else:
                pwms[servo_id] = round(share * servo.pwm_limit)
        self._access.write(registers.GOAL_CURRENT, currents)
        self._access.write(registers.GOAL_PWM, pwms)

    def read_memory(self, servo_ids: Sequence[int]) -> dict[int, ServoMemory]:
        """See `ServoBus.read_memory`; a range across the end of a turn may begin below 0."""
        return read_memory(self._access, servo_ids)

    def write_memory(self, memories: Mapping[int, ServoMemory]) -> None:
        """See `ServoBus.write_memory`.

        The servo keeps the ends of a range within one turn: one that crosses the end of a turn is
        kept with its lower end above its upper.

        Raises:
            RobotError: if torque is on, or a range is longer than a turn or its middle beyond 0 to
                4095.
        """
        self._check_torque_is_off(memories)
        write_memory(self._access, memories)
        self._learn(list(memories))

    def configure(self, servo_ids: Sequence[int]) -> None:
        """See `ServoBus.configure`; also clears a bus watchdog that has fired, and stops it.

        Servos that are set up already keep their torque, so that an arm whose computer died can be
        taken over without dropping it.

        Raises:
            RobotError: if a setting has to change that cannot while torque is on.
        """
        self._watchdogs.set(servo_ids, 0.0)
        self._settings.write(self._access, {key: self._get(key).model for key in servo_ids})
        self._learn(servo_ids)

    def set_watchdog(self, servo_ids: Sequence[int], timeout_s: float) -> float | None:
        """See `ServoBus.set_watchdog`; 0 switches it off.

        A servo whose watchdog has fired is cleared by this and holds where it stands.

        Raises:
            RobotError: if the servos cannot wait so long, or one has a homing offset.
        """
        return self._watchdogs.set(servo_ids, timeout_s)

    def reboot(self, servo_id: int) -> None:
        """Starts a servo anew, which is what clears a hardware error; its joint gives way.

        Afterwards its torque is off and it must be configured again.

        Raises:
            RobotError: if it does not come back within 2 s.
        """
        self._access.reboot(servo_id)
        self._watchdogs.forget([servo_id])
        self._access.wait_for(servo_id)
        self._learn([servo_id])

    def _get(self, servo_id: int) -> Servo:
        if servo_id not in self._servos:
            raise RobotError(
                f"servo {servo_id} was not among those that {self.port} was opened for"
            )
        return self._servos[servo_id]

    def _write_all(self, register: Register, servo_ids: Collection[int], value: int) -> None:
        self._access.write(register, dict.fromkeys(servo_ids, value))

    def _let_go(self, servo_ids: Sequence[int]) -> None:
        """Switches torque off, with proof from all that answer although one may not."""
        self._access.send(registers.TORQUE_ENABLE, dict.fromkeys(servo_ids, 0))
        failed = act_on_each(
            servo_ids, lambda servo_id: self._write_all(registers.TORQUE_ENABLE, [servo_id], 0)
        )
        if failed is not None:
            raise failed

    def _learn(self, servo_ids: Sequence[int]) -> None:
        """Finds out what of a servo's settings its values depend on, and on which turn it is."""
        modes = self._access.read(registers.OPERATING_MODE, servo_ids)
        measured = [servo_id for servo_id in servo_ids if self._get(servo_id).model.has_current]
        limits = self._access.read(registers.CURRENT_LIMIT, measured)
        pwm_limits = self._access.read(registers.PWM_LIMIT, servo_ids)
        memories = self.read_memory(servo_ids)
        positions = self._access.read(registers.PRESENT_POSITION, servo_ids)
        for servo_id in servo_ids:
            servo = self._get(servo_id)
            servo.mode, servo.pwm_limit = modes[servo_id], pwm_limits[servo_id]
            servo.current_limit = limits.get(servo_id, 0)
            servo.choose_turn(memories[servo_id], positions[servo_id])

    def _read_faults(self, servo_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        errors = self._access.read(registers.HARDWARE_ERROR, servo_ids)
        return {
            servo_id: registers.describe_hardware_error(bits) or ("unknown hardware error",)
            for servo_id, bits in errors.items()
        }

    def _check_no_jump(self, servo_ids: Sequence[int]) -> None:
        goals = self._access.read(registers.GOAL_POSITION, servo_ids)
        positions = self._access.read(registers.PRESENT_POSITION, servo_ids)
        for servo_id in servo_ids:
            jump = goals[servo_id] - positions[servo_id]
            if abs(jump) > LARGEST_JUMP_STEPS:
                raise RobotError(
                    f"servo {servo_id} on {self.port} would jump by {jump} steps: write its present"
                    " position as its goal before torque goes on"
                )

    def _check_torque_is_off(self, servo_ids: Collection[int]) -> None:
        torque = self.is_torque_on(list(servo_ids))
        if holding := [servo_id for servo_id in servo_ids if torque[servo_id]]:
            raise RobotError(
                f"{name_servos(holding)} on {self.port} has torque on: support the arm and switch"
                " it off before its settings are changed"
            )

    def _explain_no_torque(self, servo_ids: Sequence[int]) -> str:
        errors = self._read_faults(servo_ids)
        texts = [f"{servo_id} ({', '.join(text)})" for servo_id, text in errors.items()]
        return (
            f"servo {'; '.join(texts)} on {self.port} gives no torque: mend the cause, then reboot"
            " it"
        )
