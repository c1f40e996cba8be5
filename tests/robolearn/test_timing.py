import gc
import os
import time

import pytest

from robolearn.testing import FakeClock
from robolearn.timing import (
    SPIN_S,
    MonotonicClock,
    Pacer,
    PeriodLog,
    is_scheduled_in_real_time,
    real_time,
)

PERIOD_S = 0.1


class LateClock(FakeClock):
    """Wakes a given time after each deadline, as an operating system does."""

    def __init__(self, lateness_s: float) -> None:
        super().__init__()
        self.lateness_s = lateness_s
        self.deadlines_s: list[float] = []

    def sleep_until(self, deadline_s: float) -> None:
        self.deadlines_s.append(deadline_s)
        if deadline_s > self.now_s():
            super().sleep_until(deadline_s + self.lateness_s)


def test_deadlines_are_start_plus_whole_periods():
    clock = LateClock(0.0)
    clock.sleep_until(5.0)
    pacer = Pacer(clock, PERIOD_S)
    for _ in range(3):
        pacer.wait()
    assert clock.deadlines_s[1:] == pytest.approx([5.1, 5.2, 5.3], abs=1e-12)


def test_a_late_wake_up_does_not_shift_the_deadlines_after_it():
    clock = LateClock(0.03)
    pacer = Pacer(clock, PERIOD_S)
    for _ in range(50):
        pacer.wait()
    assert clock.now_s() == pytest.approx(50 * PERIOD_S + 0.03)


def test_no_drift_over_a_million_periods():
    clock = FakeClock()
    pacer = Pacer(clock, PERIOD_S)
    for _ in range(1_000_000):
        pacer.wait()
    assert clock.now_s() == 1_000_000 * PERIOD_S


def test_work_within_the_period_is_no_overrun():
    clock = FakeClock()
    pacer = Pacer(clock, PERIOD_S)
    for _ in range(10):
        clock.sleep_until(clock.now_s() + 0.7 * PERIOD_S)
        pacer.wait()
    assert clock.now_s() == pytest.approx(10 * PERIOD_S)
    assert pacer.report().overruns == 0


def test_a_slightly_late_step_is_counted_and_the_next_one_catches_up():
    clock = FakeClock()
    pacer = Pacer(clock, PERIOD_S)
    clock.sleep_until(1.4 * PERIOD_S)
    pacer.wait()
    assert clock.now_s() == pytest.approx(1.4 * PERIOD_S)
    pacer.wait()
    assert clock.now_s() == pytest.approx(2 * PERIOD_S)
    assert pacer.report().overruns == 1


def test_missed_deadlines_are_dropped_instead_of_rushed_through():
    clock = FakeClock()
    pacer = Pacer(clock, PERIOD_S)
    clock.sleep_until(5.5 * PERIOD_S)
    for _ in range(3):
        pacer.wait()
    # At once, because the deadline of period 5 has passed; then 6 and 7, on the old grid.
    assert clock.now_s() == pytest.approx(7 * PERIOD_S)
    assert pacer.report().overruns == 1


def test_the_report_summarises_the_periods():
    clock = LateClock(0.0)
    pacer = Pacer(clock, PERIOD_S)
    for _ in range(99):
        pacer.wait()
    clock.lateness_s = 0.05
    pacer.wait()
    report = pacer.report()
    assert report.num_periods == 100
    assert report.period_p50_ms == pytest.approx(100.0)
    assert 100.0 < report.period_p99_ms <= 150.0
    assert 0.0 < report.error_p99_ms <= 50.0
    assert report.to_json()["overruns"] == 0


def test_start_forgets_what_was_measured():
    clock = FakeClock()
    pacer = Pacer(clock, PERIOD_S)
    clock.sleep_until(1.0)
    pacer.wait()
    pacer.start()
    assert pacer.report().num_periods == pacer.report().overruns == 0
    pacer.wait()
    assert clock.now_s() == pytest.approx(1.0 + PERIOD_S)


def test_the_monotonic_clock_sleeps_until_the_deadline_and_not_for_a_past_one():
    clock = MonotonicClock()
    start_s = time.monotonic()
    clock.sleep_until(clock.now_s() + 0.02)
    assert time.monotonic() - start_s >= 0.02
    before_s = time.monotonic()
    clock.sleep_until(before_s - 100.0)
    assert time.monotonic() - before_s < 1.0


def test_the_monotonic_clock_sleeps_all_but_the_last_moment_and_spins_that(monkeypatch):
    asked_s = []
    monkeypatch.setattr(time, "sleep", asked_s.append)
    clock = MonotonicClock()
    deadline_s = clock.now_s() + 0.05
    clock.sleep_until(deadline_s)
    assert clock.now_s() >= deadline_s
    assert asked_s == [pytest.approx(0.05 - SPIN_S, abs=0.01)]
    clock.sleep_until(clock.now_s() + SPIN_S / 2)
    assert len(asked_s) == 1


def test_logs_of_several_episodes_are_summed_up_together():
    clock = LateClock(0.0)
    pacer = Pacer(clock, PERIOD_S)
    total = PeriodLog(PERIOD_S)
    for lateness_s in (0.0, 0.02):
        clock.lateness_s = lateness_s
        pacer.start()
        pacer.wait()
        clock.sleep_until(clock.now_s() + 1.5 * PERIOD_S)
        pacer.wait()
        total.extend(pacer.log)
    assert total.report().num_periods == 4
    assert total.report().overruns == 2
    assert total.report().error_p99_ms > pacer.report().period_p50_ms - 1e3 * PERIOD_S


def test_real_time_keeps_the_collector_to_what_the_loop_makes():
    before = gc.get_freeze_count()
    with real_time(MonotonicClock()):
        assert gc.get_freeze_count() > before
        assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_simulated_time_leaves_the_collector_alone():
    before = gc.get_freeze_count()
    with real_time(FakeClock()):
        assert gc.get_freeze_count() == before
        assert not is_scheduled_in_real_time()


@pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="Linux schedules so")
def test_real_time_asks_for_real_time_scheduling_of_this_thread_alone(monkeypatch):
    asked = []
    monkeypatch.setattr(os, "sched_setscheduler", lambda *words: asked.append(words))
    with real_time(MonotonicClock()):
        (thread, policy, parameter) = asked[0]
        assert (thread, parameter.sched_priority) == (0, 10)
        assert policy == os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    assert asked[1][:2] == (0, os.SCHED_OTHER)


def test_a_system_that_allows_no_real_time_scheduling_still_runs_the_loop(monkeypatch):
    def refuse(*words):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse, raising=False)
    with real_time(MonotonicClock()):
        assert not is_scheduled_in_real_time()
