"""`FeetechBus`: an arm's Feetech servos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from robolearn.errors import RobotError
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.access import RegisterAccess, Stretch
from robolearn.hardware.feetech.discovery import Identity, find_servos, scan
from robolearn.hardware.feetech.protocol import encode_sync_write, name_faults
from robolearn.hardware.serial_link import LinkCounters
from robolearn.hardware.servo_bus import (
    RAD_PER_STEP,
    STEPS_PER_TURN,
    ServoBus,
    ServoMemory,
    ServoState,
    act_on_each,
    name_servos,
)

LARGEST_ACCELERATION = 254
# LeRobot's gains for the SO arms (`so_follower.py`): softer than delivered, which shakes.
GAINS = {reg.P_GAIN: 16, reg.I_GAIN: 0, reg.D_GAIN: 32}


class FeetechBus(ServoBus):
    """STS3215 servos on one port; see `ServoBus`.

    They have no watchdog: when the host falls silent they go to their last goal and hold it.
    """

    def __init__(
        self,
        port: str,
        baud_rate: int = 1_000_000,
        timeout_s: float = 0.02,
        num_retries: int = 2,
        goal_speed_radps: float = 6.0,
        acceleration_radps2: float | None = None,
    ) -> None:
        """Names the port; `open` opens it.

        Args:
            port: name of the serial port.
            baud_rate: that the servos are set to [1/s].
            timeout_s: how long a servo may take to begin its reply [s].
            num_retries: how often a read without an answer is repeated.
            goal_speed_radps: no servo goes to its goal faster [rad/s]. Above what an STS3215 can
                do. Sent with every goal: what the register holds at power-on stops some servos.
            acceleration_radps2: nor gains speed faster [rad/s^2]; None as fast as it can. Even the
                largest number has a servo stop and start between two goals, 50 ms late at 20 Hz;
                whoever sends goals at a rate limits acceleration there.
        """
        self._access = RegisterAccess(port, baud_rate, timeout_s, num_retries)
        self._identities: dict[int, Identity] = {}
        self._goals_steps: dict[int, int] = {}
        acceleration = 0  # without limit
        if acceleration_radps2 is not None:
            acceleration = round(acceleration_radps2 / RAD_PER_STEP / 100)
            if not 1 <= acceleration <= LARGEST_ACCELERATION:
                raise RobotError(
                    f"acceleration_radps2 is {acceleration_radps2}; a servo takes 0.16 to 38.9"
                )
        if not 0 < goal_speed_radps < 50:
            raise RobotError(f"goal_speed_radps is {goal_speed_radps}; a servo takes 0 to 50")
        self._acceleration = reg.ACCELERATION.encode(acceleration)
        # No goal time: the servo is to keep the speed instead.
        speed = reg.GOAL_SPEED.encode(max(1, round(goal_speed_radps / RAD_PER_STEP)))
        self._time_and_speed = reg.GOAL_TIME.encode(0) + speed

    @property
    def port(self) -> str:
        """Name of the serial port."""
        return self._access.link.port

    @property
    def counters(self) -> LinkCounters:
        """What happened on the link since `open` found the servos."""
        return self._access.link.counters

    def open(self, servo_ids: Sequence[int]) -> None:
        """See `ServoBus.open`; without ids it opens the port alone, for `scan`.

        Raises:
            RobotError: also if the servos have different firmware, or nothing answers at this baud
                rate; names the others.
        """
        link = self._access.link
        link.open()
        try:
            self._identities = find_servos(self._access, servo_ids)
            # The lock stays closed: this holds until power-off and wears no memory out.
            self._access.ensure(reg.RETURN_DELAY, dict.fromkeys(servo_ids, 0))
        except BaseException:
            self.close()
            raise
        link.counters = LinkCounters()  # the search waited for silence, which is no fault

    def close(self) -> None:
        """See `ServoBus.close`."""
        self._access.link.close()
        self._identities, self._goals_steps = {}, {}

    def scan(self) -> dict[int, str]:
        """See `ServoBus.scan`; takes two seconds."""
        return scan(self._access)

    def read_states(self, servo_ids: Sequence[int]) -> dict[int, ServoState]:
        """See `ServoBus.read_states`."""
        stretches = self._access.read(servo_ids, reg.PRESENT_POSITION, reg.PRESENT_CURRENT)
        return {servo_id: _decode_state(stretch) for servo_id, stretch in stretches.items()}

    def write_goals(self, goals_steps: Mapping[int, int]) -> None:
        """See `ServoBus.write_goals`; speed and acceleration go with every goal."""
        for servo_id, goal in goals_steps.items():
            if not 0 <= goal < STEPS_PER_TURN:
                raise RobotError(
                    f"goal of servo {servo_id} on {self.port} is {goal} steps; it takes 0 to"
                    f" {STEPS_PER_TURN - 1}"
                )
        data = {
            servo_id: self._acceleration + reg.GOAL_POSITION.encode(goal) + self._time_and_speed
            for servo_id, goal in goals_steps.items()
        }
        if data:
            self._access.link.send(encode_sync_write(reg.ACCELERATION.address, data))
            self._goals_steps.update(goals_steps)

    def read_goals(self, servo_ids: Sequence[int]) -> dict[int, int]:
        """See `ServoBus.read_goals`."""
        return self._access.read_values(reg.GOAL_POSITION, servo_ids)

    def set_torque(self, servo_ids: Sequence[int], enabled: bool) -> None:
        """See `ServoBus.set_torque`.

        Raises:
            RobotError: also if no goal was written since the torque was last off, or a servo holds
                another one, or counts turns.
        """
        if enabled:
            self._check_may_hold(servo_ids)
            self._access.write(reg.TORQUE_ENABLE, dict.fromkeys(servo_ids, 1))
        else:
            self._let_go(servo_ids)

    def is_torque_on(self, servo_ids: Sequence[int]) -> dict[int, bool]:
        """See `ServoBus.is_torque_on`."""
        values = self._access.read_values(reg.TORQUE_ENABLE, servo_ids)
        return {servo_id: value != 0 for servo_id, value in values.items()}

    def set_torque_limits(self, shares: Mapping[int, float]) -> None:
        """See `ServoBus.set_torque_limits`; verified by reading back."""
        for servo_id, share in shares.items():
            if not 0.0 <= share <= 1.0:
                raise RobotError(f"torque limit of servo {servo_id} is {share}; it is 0 to 1")
        limits = {key: round(share * self._get(key).max_torque) for key, share in shares.items()}
        self._access.write(reg.TORQUE_LIMIT, limits)

    def read_memory(self, servo_ids: Sequence[int]) -> dict[int, ServoMemory]:
        """See `ServoBus.read_memory`."""
        stretches = self._access.read(servo_ids, reg.LOWER_LIMIT, reg.HOMING_OFFSET)
        return {
            servo_id: ServoMemory(
                stretch.get(reg.HOMING_OFFSET),
                stretch.get(reg.LOWER_LIMIT),
                stretch.get(reg.UPPER_LIMIT),
            )
            for servo_id, stretch in stretches.items()
        }

    def write_memory(self, memories: Mapping[int, ServoMemory]) -> None:
        """See `ServoBus.write_memory`.

        Raises:
            RobotError: also if torque is on, or a value is beyond what a servo can keep: homing
                offsets within 2047 steps, limits within 0 and 4095.
        """
        for servo_id, memory in memories.items():
            _check_memory(servo_id, memory)
        servo_ids = tuple(memories)
        self._check_limp(servo_ids)
        for servo_id in servo_ids:  # a goal means another place under another offset
            self._goals_steps.pop(servo_id, None)
        offsets = {key: memory.homing_offset_steps for key, memory in memories.items()}
        lowers = {key: memory.lower_steps for key, memory in memories.items()}
        uppers = {key: memory.upper_steps for key, memory in memories.items()}
        with self._access.unlocked(servo_ids):
            self._access.write(reg.HOMING_OFFSET, offsets)
            self._access.write(reg.LOWER_LIMIT, lowers)
            self._access.write(reg.UPPER_LIMIT, uppers)

    def configure(self, servo_ids: Sequence[int]) -> None:
        """See `ServoBus.configure`; makes the servos count steps within one turn, too."""
        self._check_limp(servo_ids)
        phases = {key: self._get(key).phase & ~reg.PHASE_MULTI_TURN for key in servo_ids}
        with self._access.unlocked(servo_ids):
            self._access.ensure(reg.PHASE, phases)
            for register, value in {reg.RETURN_DELAY: 0, reg.MODE: 0, **GAINS}.items():
                self._access.ensure(register, dict.fromkeys(servo_ids, value))
        self._access.ensure(reg.MAX_ACCELERATION, dict.fromkeys(servo_ids, LARGEST_ACCELERATION))
        for servo_id, phase in phases.items():
            self._identities[servo_id] = replace(self._get(servo_id), phase=phase)

    def set_watchdog(self, servo_ids: Sequence[int], timeout_s: float) -> float | None:
        """Returns None: these servos have no watchdog, a dead host leaves the arm holding."""
        return None

    def _get(self, servo_id: int) -> Identity:
        if servo_id not in self._identities:
            raise RobotError(
                f"servo {servo_id} on {self.port} was not among those that were opened"
                f" ({', '.join(map(str, self._identities)) or 'none'})"
            )
        return self._identities[servo_id]

    def _let_go(self, servo_ids: Sequence[int]) -> None:
        """Switches torque off, with proof from all that answer although one may not."""
        for servo_id in servo_ids:
            self._goals_steps.pop(servo_id, None)
        self._access.send(reg.TORQUE_ENABLE, dict.fromkeys(servo_ids, 0))
        failed = act_on_each(
            servo_ids, lambda servo_id: self._access.write(reg.TORQUE_ENABLE, {servo_id: 0})
        )
        if failed is not None:
            raise failed

    def _check_limp(self, servo_ids: Sequence[int]) -> None:
        if holding := [key for key, is_on in self.is_torque_on(servo_ids).items() if is_on]:
            raise RobotError(
                f"{name_servos(holding)} on {self.port} gives torque: switch it off before the"
                " set-up is changed"
            )

    def _check_may_hold(self, servo_ids: Sequence[int]) -> None:
        """Raises `RobotError` if a servo would move by itself once it has torque."""
        held = self.read_goals(servo_ids)
        for servo_id in servo_ids:
            if self._get(servo_id).phase & reg.PHASE_MULTI_TURN:
                raise RobotError(
                    f"servo {servo_id} on {self.port} counts turns, so that its position means"
                    " nothing after power-off: configure it first (robolearn calibrate)"
                )
            if servo_id not in self._goals_steps:
                raise RobotError(
                    f"servo {servo_id} on {self.port} was given no goal, so that it would jump to"
                    f" an old one ({held[servo_id]}): write its present position first"
                )
            if held[servo_id] != self._goals_steps[servo_id]:
                raise RobotError(
                    f"servo {servo_id} on {self.port} holds goal {held[servo_id]} instead of"
                    f" {self._goals_steps[servo_id]}: write it again"
                )


def _decode_state(stretch: Stretch) -> ServoState:
    return ServoState(
        position_steps=stretch.get(reg.PRESENT_POSITION),
        velocity_radps=stretch.get(reg.PRESENT_SPEED) * RAD_PER_STEP,
        current_a=stretch.get(reg.PRESENT_CURRENT) * reg.CURRENT_UNIT_A,
        load=stretch.get(reg.PRESENT_LOAD) * reg.LOAD_UNIT,
        voltage_v=stretch.get(reg.PRESENT_VOLTAGE) * reg.VOLTAGE_UNIT_V,
        temperature_c=float(stretch.get(reg.PRESENT_TEMPERATURE)),
        faults=name_faults(stretch.flags | stretch.get(reg.STATUS)),
    )


def _check_memory(servo_id: int, memory: ServoMemory) -> None:
    largest = reg.LARGEST_HOMING_OFFSET_STEPS
    if abs(memory.homing_offset_steps) > largest:
        raise RobotError(
            f"homing offset of servo {servo_id} is {memory.homing_offset_steps} steps; it can be"
            f" -{largest} to {largest}: screw its horn on nearer to the middle"
        )
    if not 0 <= memory.lower_steps < memory.upper_steps < STEPS_PER_TURN:
        raise RobotError(
            f"limits of servo {servo_id} are {memory.lower_steps} and {memory.upper_steps} steps;"
            f" they must rise within 0 and {STEPS_PER_TURN - 1}"
        )
