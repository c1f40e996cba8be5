"""A fake `ServoBus`: servos that follow their goals with a first-order lag, on a clock."""

import math
from dataclasses import dataclass, field

from robolearn.errors import RobotError
from robolearn.hardware.serial_link import LinkCounters, LinkLostError, LinkTimeoutError
from robolearn.hardware.servo_bus import ServoBus, ServoMemory, ServoState

TIME_CONSTANT_S = 0.03


class FakeClock:
    """Time that passes when somebody sleeps; reading it costs a little, as exchanges do."""

    kind = "monotonic"

    def __init__(self):
        self.time_s = 100.0

    def now_s(self):
        self.time_s += 1e-5
        return self.time_s

    def sleep_until(self, deadline_s):
        self.time_s = max(self.time_s, deadline_s)


@dataclass
class FakeServo:
    """A servo; `actual_steps` is its horn's angle before the homing offset."""

    actual_steps: float = 2048.0
    memory: ServoMemory = field(default_factory=lambda: ServoMemory(0, 0, 4095))
    goal_steps: int = 0
    torque: bool = False
    torque_limit: float = 1.0
    current_a: float = 0.1
    voltage_v: float = 12.0
    temperature_c: float = 30.0
    faults: tuple[str, ...] = ()
    is_dead: bool = False
    is_blocked: bool = False
    keeps_goal: bool = False

    @property
    def present_steps(self):
        return (round(self.actual_steps) - self.memory.homing_offset_steps) % 4096

    def advance(self, duration_s):
        if self.torque and self.torque_limit > 0 and not self.is_blocked:
            low, high = self.memory.lower_steps, self.memory.upper_steps
            present = (self.actual_steps - self.memory.homing_offset_steps) % 4096
            share = 1.0 - math.exp(-duration_s / TIME_CONSTANT_S)
            self.actual_steps += share * (min(max(self.goal_steps, low), high) - present)


class FakeServoBus(ServoBus):
    """Keeps a log of what it was told; faults are attributes.

    Attributes:
        servos: by id.
        log: name of each call that changes something, with its arguments.
        is_lost: whether the port is gone.
        num_missed: so many of the next readings fail.
        on_read: called before each reading, e.g. to play a hand.
        watchdog_s: its servos' watchdog; None for those that have none.
        has_watchdog: whether they have one.
    """

    def __init__(self, servo_ids, clock, port="/dev/fake", has_watchdog=False):
        self.servos = {servo_id: FakeServo() for servo_id in servo_ids}
        self.clock, self._port, self.has_watchdog = clock, port, has_watchdog
        self.log, self.is_open, self.is_lost, self.num_missed = [], False, False, 0
        self.watchdog_s, self.watchdog_fired, self.on_read = None, False, lambda: None
        self._counters = LinkCounters()
        self._time_s = self._spoken_s = clock.now_s()

    @property
    def port(self):
        return self._port

    @property
    def counters(self):
        return self._counters

    def _exchange(self, servo_ids=()):
        now_s = self.clock.now_s()
        silent_s = now_s - self._spoken_s
        running_s = now_s - self._time_s
        if self.watchdog_s is not None and silent_s > self.watchdog_s and not self.watchdog_fired:
            self.watchdog_fired = True
            running_s = max(0.0, self._spoken_s + self.watchdog_s - self._time_s)
            self._advance(running_s)
            for servo in self.servos.values():
                servo.goal_steps = servo.present_steps
        else:
            self._advance(running_s)
        self._time_s = now_s
        if self.is_lost:
            self.is_open = False
            raise LinkLostError(f"{self._port} is gone: plug it in again")
        if not self.is_open:
            raise RobotError(f"{self._port} is not open")
        self._spoken_s = now_s
        for servo_id in servo_ids:
            if servo_id not in self.servos or self.servos[servo_id].is_dead:
                self._counters.failures += 1
                raise LinkTimeoutError(f"servo {servo_id} on {self._port} does not answer")

    def _advance(self, duration_s):
        for servo in self.servos.values():
            servo.advance(duration_s)

    def open(self, servo_ids):
        self.is_open = True
        if self.is_lost:
            self.is_open = False
            raise RobotError(f"{self._port} cannot be opened")
        missing = [i for i in servo_ids if i not in self.servos or self.servos[i].is_dead]
        if missing:
            self.is_open = False
            raise RobotError(f"no servo {missing[0]} on {self._port}")
        self._counters = LinkCounters()

    def close(self):
        self.is_open = False

    def scan(self):
        self._exchange()
        return dict.fromkeys(self.servos, "fake")

    def read_states(self, servo_ids):
        self.on_read()
        self._exchange(servo_ids)
        self._counters.requests += 1
        if self.num_missed > 0:
            self.num_missed -= 1
            self._counters.failures += 1
            raise LinkTimeoutError(f"no answer on {self._port}")
        return {
            i: ServoState(
                s.present_steps, 0.0, s.current_a, 0.0, s.voltage_v, s.temperature_c, s.faults
            )
            for i, s in ((i, self.servos[i]) for i in servo_ids)
        }

    def write_goals(self, goals_steps):
        self._exchange()
        self.log.append(("write_goals", dict(goals_steps)))
        for servo_id, goal in goals_steps.items():
            servo = self.servos[servo_id]
            if not (servo.is_dead or servo.keeps_goal or self.watchdog_fired):
                servo.goal_steps = goal

    def read_goals(self, servo_ids):
        self._exchange(servo_ids)
        return {i: self.servos[i].goal_steps for i in servo_ids}

    def set_torque(self, servo_ids, enabled):
        self._exchange(servo_ids)
        self.log.append(("set_torque", tuple(servo_ids), enabled))
        for servo_id in servo_ids:
            self.servos[servo_id].torque = enabled

    def is_torque_on(self, servo_ids):
        self._exchange(servo_ids)
        return {i: self.servos[i].torque for i in servo_ids}

    def set_torque_limits(self, shares):
        self._exchange(list(shares))
        self.log.append(("set_torque_limits", dict(shares)))
        for servo_id, share in shares.items():
            self.servos[servo_id].torque_limit = share

    def read_memory(self, servo_ids):
        self._exchange(servo_ids)
        return {i: self.servos[i].memory for i in servo_ids}

    def write_memory(self, memories):
        self._exchange(list(memories))
        self.log.append(("write_memory", dict(memories)))
        for servo_id, memory in memories.items():
            assert not self.servos[servo_id].torque
            self.servos[servo_id].memory = memory

    def configure(self, servo_ids):
        self._exchange(servo_ids)
        assert not any(self.servos[i].torque for i in servo_ids)
        self.log.append(("configure", tuple(servo_ids)))

    def set_watchdog(self, servo_ids, timeout_s):
        self._exchange(servo_ids)
        if not self.has_watchdog:
            return None
        self.log.append(("set_watchdog", timeout_s))
        self.watchdog_s, self.watchdog_fired = timeout_s, False
        return timeout_s

    @property
    def told(self):
        """Names of the calls that changed something, in order."""
        return [entry[0] for entry in self.log]

    def is_still(self):
        """Whether nothing was told to move or to hold."""
        return not {"write_goals", "set_torque"} & set(self.told)
