"""`GuardedServos`: an arm's servos with its safety: readings are judged, actions limited."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from robolearn.errors import RobotError
from robolearn.hardware.arm_servos import ArmServos, ArmState
from robolearn.hardware.safety import ActionLimiter, ArmLimits, StateMonitor
from robolearn.hardware.serial_link import LinkLostError, LinkTimeoutError
from robolearn.robot import RobotHealth
from robolearn.specs import Array
from robolearn.timing import Clock

FRESH_PERIODS = 1.5  # an older reading is taken anew before a command goes out


class GuardedServos:
    """Reads and moves the servos of an arm that has torque.

    A reading that fails is never replaced by an older one: it is asked for again, and after
    `max_missed_reads` in a row the arm holds and the failure is raised. A fault makes the arm hold
    and stays. The first command after the arm has held starts from where it stands.

    Attributes:
        servos: those below.
        lost: how the link was lost, or None.
        has_torque: whether the servos were switched on.
    """

    def __init__(
        self,
        servos: ArmServos,
        limits: ArmLimits,
        clock: Clock,
        max_missed_reads: int,
        tell: Callable[[str], None],
    ) -> None:
        """Touches no device.

        Args:
            servos: those of the arm.
            limits: what the arm may do.
            clock: the robot's time.
            max_missed_reads: so many failed readings in a row are raised.
            tell: says to a person what cannot be raised.

        Raises:
            RobotError: if there would be no reading at all.
        """
        if max_missed_reads < 1:
            raise RobotError(f"max_missed_reads must be at least 1, got {max_missed_reads}")
        self.servos = servos
        self._clock, self._tell = clock, tell
        self._limits, self._max_missed_reads = limits, max_missed_reads
        self._embodiment = servos.assembly.embodiment
        self._period_s = self._embodiment.control_period_s
        self._monitor = StateMonitor(self._embodiment, limits, self._period_s)
        self.reset()

    def reset(self) -> None:
        """Forgets everything, as when the arm is connected."""
        self.lost: LinkLostError | None = None
        self.has_torque = False
        self._monitor.reset()
        self._limiter = ActionLimiter(
            self._embodiment, self._embodiment.chain, self._limits, self._period_s
        )
        self._counts: Counter[str] = Counter()
        self._state: ArmState | None = None
        self._holds = True
        self._sent_s = self._clock.now_s()

    def check_fit(self) -> None:
        """Looks whether the arm may be switched on.

        Raises:
            RobotError: if a servo is unwell or a joint stands outside its limits.
        """
        self._limiter.narrow(*self.servos.calibration.find_reach(self._embodiment.action_spec))
        state = self.read()
        if problems := self._monitor.find_unfit(state.servos):
            raise RobotError(f"the arm stays off: {'; '.join(problems)}")
        if outside := self._monitor.find_outside(state.position):
            raise RobotError(
                f"the arm stays off: {'; '.join(outside)}. Move it by hand into its range"
            )

    def switch_on(self, watchdog_s: float | None) -> None:
        """Gives torque; see `ArmServos.switch_on`."""
        with self._watch_link():
            self.servos.switch_on(watchdog_s)
        self.has_torque, self._holds, self._state = True, True, None

    @property
    def command(self) -> Array:
        """The last command, or where the arm stands if it holds."""
        state = self.get_fresh_state()
        return state.position if self._holds else self._limiter.command

    @property
    def fault(self) -> str | None:
        """What went wrong with the arm, or None."""
        return self._monitor.fault

    def read(self) -> ArmState:
        """Reads the servos.

        Raises:
            LinkTimeoutError: if a servo does not answer.
            LinkLostError: if the link is gone.
            RobotError: if something is wrong with the arm.
        """
        self._require_usable()
        state = self._state = self._read_persistently()
        command = None if self._holds else self._limiter.command
        self._monitor.check(state.servos, state.position, command)
        if self._monitor.fault is not None:
            self._hold_quietly()
            self._require_usable()
        return state

    def _read_persistently(self) -> ArmState:
        self._keep_awake()
        for missed in range(1, self._max_missed_reads + 1):
            try:
                with self._watch_link():
                    return self.servos.read()
            except LinkTimeoutError:
                self._counts["missed_reads"] += 1
                if missed == self._max_missed_reads:
                    self._hold_quietly()
                    raise
        raise AssertionError("there is at least one try")

    def get_fresh_state(self) -> ArmState:
        """Returns the last reading, or a new one if that is too old to act on."""
        oldest_s = self._clock.now_s() - FRESH_PERIODS * self._period_s
        if self._state is None or self._state.captured_s < oldest_s:
            return self.read()
        self._require_usable()
        return self._state

    def send(self, action: Array) -> Array:
        """Sends the servos as far towards an action as the limits allow at once; returns that.

        Raises:
            SpecError: if the action does not fit; nothing is sent.
            RobotError: as `read`.
        """
        self._embodiment.action_spec.validate(action)
        state = self._get_ready()
        now_s = self._clock.now_s()
        limited = self._limiter.limit(action, state.position, now_s - self._sent_s)
        with self._watch_link():
            self.servos.write(limited.applied)
        self._sent_s = now_s
        self._counts["limited_actions"] += bool(limited.acted)
        self._counts.update(f"limited_by_{name}" for name in limited.acted)
        return limited.applied

    def _get_ready(self) -> ArmState:
        """Returns a fresh reading; after a hold it becomes the last command."""
        state = self.get_fresh_state()
        if self._keep_awake():
            state = self.read()
        if self._holds:
            self._limiter.begin(state.position)
            self._holds = False
        return state

    def _keep_awake(self) -> bool:
        """After a silence that may have fired the watchdog the arm holds where it stopped."""
        if not self.has_torque:
            return False
        with self._watch_link():
            was_silent = self.servos.keep_awake()
        if was_silent:
            self._holds, self._state = True, None
            self._counts["resumptions"] += 1
        return was_silent

    def hold(self) -> None:
        """Makes the arm hold where it is, also with a fault.

        Raises:
            LinkLostError: if the link is gone: the arm cannot be told.
            RobotError: if a servo does not answer or obey; the others hold.
        """
        self._holds, self._state = True, None
        failed = self._wake()
        with self._watch_link():
            self.servos.hold()
        if failed is not None:
            raise failed

    def _wake(self) -> RobotError | None:
        """Does what `_keep_awake` does; returns what failed, for one servo must not hinder others.

        Raises:
            LinkLostError: if the link is gone.
        """
        try:
            self._keep_awake()
        except LinkLostError:
            raise
        except RobotError as error:
            return error
        return None

    def _hold_quietly(self) -> None:
        """Holds while something else is being raised, which a failure here must not hide."""
        if self.has_torque:
            try:
                self.hold()
            except RobotError as error:
                self._tell(f"the arm could not be told to hold: {error}")

    def release(self, duration_s: float) -> None:
        """Takes the torque away; see `ArmServos.release`.

        Raises:
            LinkLostError: if the link is gone.
            RobotError: if a servo does not answer or obey; the others are released.
        """
        failed = self._wake()
        with self._watch_link():
            self.servos.release(duration_s)
        self.has_torque = False
        if failed is not None:
            raise failed

    @contextmanager
    def _watch_link(self) -> Iterator[None]:
        try:
            yield
        except LinkLostError as error:
            self.lost = error
            raise

    def _require_usable(self) -> None:
        if self.lost is not None:
            raise LinkLostError(str(self.lost))
        if self._monitor.fault is not None:
            raise RobotError(
                f"the arm holds: {self._monitor.fault}. See to it, then connect it again"
            )

    def get_health(self) -> RobotHealth:
        """Returns counts since `reset`, and what the newest reading says."""
        link = self.servos.bus.counters.to_json()
        readings: dict[str, float] = {}
        if self._state is not None:
            servos = self._state.servos.values()
            readings = {
                "hottest_c": max(servo.temperature_c for servo in servos),
                "lowest_voltage_v": min(servo.voltage_v for servo in servos),
            }
            # Not a number from a servo that does not measure it.
            currents_a = [abs(s.current_a) for s in servos if not math.isnan(s.current_a)]
            if currents_a:
                readings["highest_current_a"] = max(currents_a)
        return RobotHealth(
            bus_errors=link.pop("failures"),
            limit_violations=self._monitor.limit_violations,
            counters={**link, **self._counts},
            readings=readings,
        )

    def find_problems(self, state: ArmState) -> list[str]:
        """Says what in a reading forbids to switch the arm on."""
        unfit = self._monitor.find_unfit(state.servos)
        return unfit + self._monitor.find_outside(state.position)
