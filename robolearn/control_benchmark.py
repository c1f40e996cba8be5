"""How well a control loop keeps a rate on a robot: absolute deadlines beside a plain sleep."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from robolearn import keys
from robolearn.robot import Robot
from robolearn.timing import MONOTONIC, MonotonicClock, Pacer, PeriodLog, real_time

DEADLINE, SLEEP = "deadline", "sleep"
_NUM_TURNS = 4  # of each loop at each rate, so that a busy moment of the machine hits both


def measure_control(
    robot: Robot, rates_hz: Sequence[float], duration_s: float, on_turn: Callable[[], None]
) -> list[dict[str, Any]]:
    """Runs both loops at each rate, in turns, with the work of a control step: send, observe.

    The robot is asked to stay where it is. The `deadline` loop is the one that runs episodes: a
    `Pacer` on a `MonotonicClock`, within `timing.real_time`. The `sleep` loop is the plain one: it
    does the same work and then sleeps one period.

    Args:
        robot: connected. A simulated one advances its physics by one period in each step.
        rates_hz: rates to ask for [Hz].
        duration_s: time for each loop at each rate [s].
        on_turn: called after each of `count_turns` turns.

    Returns:
        For each rate and loop: `robot`, `rate_hz`, `loop`, `achieved_hz`, `period_p50_ms`,
        `period_p99_ms`, `error_p99_ms`, `overruns` (steps whose work took longer than they had),
        `bus_errors`.

    Raises:
        RobotError: as the robot raises.
    """
    rows = []
    for rate_hz in rates_hz:
        logs = {loop: PeriodLog(1 / rate_hz) for loop in (DEADLINE, SLEEP)}
        bus_errors = dict.fromkeys(logs, 0)
        step = _make_step(robot, 1 / rate_hz)
        num_steps = max(1, round(rate_hz * duration_s / _NUM_TURNS))
        for _ in range(_NUM_TURNS):
            for loop, log in logs.items():
                errors_before = robot.get_health().bus_errors
                run = _run_deadlines if loop == DEADLINE else _run_sleeps
                log.extend(run(step, 1 / rate_hz, num_steps))
                bus_errors[loop] += robot.get_health().bus_errors - errors_before
                on_turn()
        for loop, log in logs.items():
            rows.append(_describe(robot, rate_hz, loop, log, bus_errors[loop]))
    return rows


def count_turns(rates_hz: Sequence[float]) -> int:
    """Returns how many turns `measure_control` takes."""
    return 2 * _NUM_TURNS * len(rates_hz)


def _make_step(robot: Robot, period_s: float) -> Callable[[], None]:
    """Returns the work of one step."""
    state = robot.get_observation().values[keys.STATE]
    action = robot.embodiment.make_present_action(state)
    is_simulated = robot.clock.kind != MONOTONIC

    def step() -> None:
        robot.send_action(action)
        if is_simulated:
            robot.clock.sleep_until(robot.clock.now_s() + period_s)
        robot.get_observation()

    return step


def _run_deadlines(step: Callable[[], None], period_s: float, num_steps: int) -> PeriodLog:
    clock = MonotonicClock()
    with real_time(clock):
        pacer = Pacer(clock, period_s)
        for _ in range(num_steps):
            step()
            pacer.wait()
    return pacer.log


def _run_sleeps(step: Callable[[], None], period_s: float, num_steps: int) -> PeriodLog:
    log = PeriodLog(period_s)
    woken_s = time.monotonic()
    for _ in range(num_steps):
        step()
        log.overruns += time.monotonic() - woken_s > period_s
        time.sleep(period_s)
        now_s = time.monotonic()
        log.periods_s.append(now_s - woken_s)
        woken_s = now_s
    return log


def _describe(
    robot: Robot, rate_hz: float, loop: str, log: PeriodLog, bus_errors: int
) -> dict[str, Any]:
    report = log.report()
    return {
        "robot": robot.embodiment.name + ("" if robot.clock.kind == MONOTONIC else "_sim"),
        "rate_hz": rate_hz,
        "loop": loop,
        "achieved_hz": len(log.periods_s) / sum(log.periods_s),
        "period_p50_ms": report.period_p50_ms,
        "period_p99_ms": report.period_p99_ms,
        "error_p99_ms": report.error_p99_ms,
        "overruns": report.overruns,
        "bus_errors": bus_errors,
    }
