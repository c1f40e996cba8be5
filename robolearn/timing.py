"""Clocks, and pacing against absolute deadlines."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Protocol

import numpy as np

MONOTONIC = "monotonic"  # the kind of a clock whose time passes by itself


class Clock(Protocol):
    """Where a robot's time comes from.

    On a physical robot time passes by itself. In simulation it passes only while somebody sleeps:
    `sleep_until` is what advances the physics.
    """

    @property
    def kind(self) -> str:
        """`monotonic` or `simulated`; stored with every episode."""
        ...

    def now_s(self) -> float:
        """Time now [s], from an arbitrary start, never going backwards within an episode."""
        ...

    def sleep_until(self, deadline_s: float) -> None:
        """Returns once `now_s() >= deadline_s`; at once if that is already so."""
        ...


# An operating system wakes a sleeper late, by 0.1 ms as a rule and by several where it is busy.
SPIN_S = 1e-3
_REAL_TIME_PRIORITY = 10  # of 1 to 99: before every ordinary thread, after the kernel's own


class MonotonicClock:
    """The machine's monotonic clock: real time."""

    kind = MONOTONIC

    def now_s(self) -> float:
        """Time now [s]."""
        return time.monotonic()

    def sleep_until(self, deadline_s: float) -> None:
        """Sleeps until shortly before the deadline [s] and spins the rest, to wake at it."""
        remaining_s = deadline_s - time.monotonic()
        if remaining_s > SPIN_S:
            time.sleep(remaining_s - SPIN_S)
        while time.monotonic() < deadline_s:
            pass


@contextmanager
def real_time(clock: Clock) -> Iterator[None]:
    """Keeps a control loop on a real clock from being disturbed by its own machine.

    Two things disturb it. Python's garbage collector looks at every object there is: 310 ms were
    measured with 3 million alive, as a process holds that has imported a learning library. So it
    collects once, before the loop, and what is left is set aside: later collections see the loop's
    own objects only. And the system gives other processes their turn: so this thread, alone, asks
    for real-time scheduling, which cut the 99th percentile of the period's error from 23 ms to
    0.004 ms beside four busy processes on two cores. A system that does not allow it (on Linux, an
    `rtprio` limit below 10) leaves it as it was: `is_scheduled_in_real_time` says so.

    Simulated time waits for whatever disturbs it: there nothing is done.
    """
    if clock.kind != MONOTONIC:
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        with _real_time_scheduling():
            yield
    finally:
        gc.unfreeze()


def is_scheduled_in_real_time() -> bool:
    """Says whether this thread goes before all ordinary ones."""
    if not hasattr(os, "sched_getscheduler"):
        return False
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK in (os.SCHED_FIFO, os.SCHED_RR)


@contextmanager
def _real_time_scheduling() -> Iterator[None]:
    """Puts this thread before all ordinary ones where the system allows it."""
    if not hasattr(os, "sched_setscheduler"):  # not Linux
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        # What this thread starts does not inherit it: cameras, encoders and networks can wait.
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(_REAL_TIME_PRIORITY))
    except PermissionError:  # ordinary users may not; the loop still runs, less evenly
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


@dataclass(frozen=True)
class PeriodReport:
    """How well a loop kept its period.

    Attributes:
        num_periods: periods that were measured.
        period_p50_ms: median time between two wake-ups [ms].
        period_p99_ms: 99th percentile of that [ms].
        error_p99_ms: 99th percentile of |period - asked period| [ms].
        overruns: how often the deadline had already passed when the loop came to wait for it.
    """

    num_periods: int
    period_p50_ms: float
    period_p99_ms: float
    error_p99_ms: float
    overruns: int

    def to_json(self) -> dict[str, float]:
        """Returns plain data for a report."""
        return asdict(self)


@dataclass
class PeriodLog:
    """What a pacer measured: one entry per period, and how many deadlines came too soon.

    Attributes:
        period_s: the period asked for [s].
        periods_s: time between two wake-ups, in order [s].
        overruns: how often the deadline had already passed when the loop came to wait for it.
    """

    period_s: float
    periods_s: list[float] = field(default_factory=list)
    overruns: int = 0

    def extend(self, other: PeriodLog) -> None:
        """Takes over what another log of the same period measured."""
        self.periods_s += other.periods_s
        self.overruns += other.overruns

    def report(self) -> PeriodReport:
        """Summarises the periods."""
        if not self.periods_s:
            return PeriodReport(0, 0.0, 0.0, 0.0, self.overruns)
        periods_ms = 1e3 * np.asarray(self.periods_s)
        errors_ms = np.abs(periods_ms - 1e3 * self.period_s)
        return PeriodReport(
            num_periods=len(periods_ms),
            period_p50_ms=float(np.percentile(periods_ms, 50)),
            period_p99_ms=float(np.percentile(periods_ms, 99)),
            error_p99_ms=float(np.percentile(errors_ms, 99)),
            overruns=self.overruns,
        )


class Pacer:
    """Wakes a loop at start, start + period and so on.

    Deadlines are absolute, so a late step does not shift those after it. A loop that fell more than
    one period behind drops the missed deadlines instead of rushing through them, and counts them.

    Attributes:
        log: what was measured since `start`, which begins a new one.
    """

    log: PeriodLog

    def __init__(self, clock: Clock, period_s: float) -> None:
        self._clock = clock
        self._period_s = period_s
        self.start()

    def start(self) -> None:
        """Sets the zero of the deadlines to now and begins a new log."""
        self._start_s = self._last_wake_s = self._clock.now_s()
        self._deadline_index = 0
        self.log = PeriodLog(self._period_s)

    def wait(self) -> None:
        """Sleeps until the next deadline."""
        # Counted, not added up: a sum of periods would drift with its rounding errors.
        self._deadline_index += 1
        behind_s = self._clock.now_s() - self._get_deadline_s()
        if behind_s > 0:
            self.log.overruns += 1
            self._deadline_index += int(behind_s / self._period_s)
        self._clock.sleep_until(self._get_deadline_s())
        now_s = self._clock.now_s()
        self.log.periods_s.append(now_s - self._last_wake_s)
        self._last_wake_s = now_s

    def report(self) -> PeriodReport:
        """Summarises the periods since `start`."""
        return self.log.report()

    def _get_deadline_s(self) -> float:
        return self._start_s + self._deadline_index * self._period_s
