"""Clocks, and pacing against absolute deadlines."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np


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


class MonotonicClock:
    """The machine's monotonic clock: real time."""

    kind = "monotonic"

    def now_s(self) -> float:
        """Time now [s]."""
        return time.monotonic()

    def sleep_until(self, deadline_s: float) -> None:
        """Sleeps until the deadline [s]."""
        remaining_s = deadline_s - time.monotonic()
        if remaining_s > 0:
            time.sleep(remaining_s)


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


class Pacer:
    """Wakes a loop at start, start + period and so on.

    Deadlines are absolute, so a late step does not shift those after it. A loop that fell more than
    one period behind drops the missed deadlines instead of rushing through them, and counts them.
    """

    def __init__(self, clock: Clock, period_s: float) -> None:
        self._clock = clock
        self._period_s = period_s
        self.start()

    def start(self) -> None:
        """Sets the zero of the deadlines to now and forgets earlier measurements."""
        self._start_s = self._last_wake_s = self._clock.now_s()
        self._deadline_index = 0
        self._periods_s: list[float] = []
        self._overruns = 0

    def wait(self) -> None:
        """Sleeps until the next deadline."""
        # Counted, not added up: a sum of periods would drift with its rounding errors.
        self._deadline_index += 1
        behind_s = self._clock.now_s() - self._get_deadline_s()
        if behind_s > 0:
            self._overruns += 1
            self._deadline_index += int(behind_s / self._period_s)
        self._clock.sleep_until(self._get_deadline_s())
        now_s = self._clock.now_s()
        self._periods_s.append(now_s - self._last_wake_s)
        self._last_wake_s = now_s

    def _get_deadline_s(self) -> float:
        return self._start_s + self._deadline_index * self._period_s

    def report(self) -> PeriodReport:
        """Summarises the periods since `start`."""
        if not self._periods_s:
            return PeriodReport(0, 0.0, 0.0, 0.0, 0)
        periods_ms = 1e3 * np.asarray(self._periods_s)
        errors_ms = np.abs(periods_ms - 1e3 * self._period_s)
        return PeriodReport(
            num_periods=len(periods_ms),
            period_p50_ms=float(np.percentile(periods_ms, 50)),
            period_p99_ms=float(np.percentile(periods_ms, 99)),
            error_p99_ms=float(np.percentile(errors_ms, 99)),
            overruns=self._overruns,
        )
