import numpy as np
import pytest

from robolearn.control_benchmark import count_turns, measure_control
from robolearn.embodiments.so101 import SO101
from robolearn.robot import RobotHealth
from robolearn.testing import FakeRobot
from robolearn.timing import MonotonicClock

HOME = np.asarray(SO101.home_position, np.float32)


class BusyRobot(FakeRobot):
    """A robot on the real clock whose bus errs once in every twenty actions."""

    def __init__(self, work_s=0.0):
        super().__init__()
        self.work_s = work_s
        self.place(HOME)
        self.clock = MonotonicClock()

    def get_observation(self):
        self.clock.sleep_until(self.clock.now_s() + self.work_s)
        return super().get_observation()

    def get_health(self):
        return RobotHealth(bus_errors=len(self.sent) // 20)


def measure(robot, rates_hz, duration_s):
    turns = []
    with robot:
        rows = measure_control(robot, rates_hz, duration_s, lambda: turns.append(1))
    assert len(turns) == count_turns(rates_hz)
    return {(row["rate_hz"], row["loop"]): row for row in rows}


def test_the_deadline_loop_reaches_its_rate_and_the_sleep_loop_falls_behind_by_the_work():
    robot = BusyRobot(work_s=0.01)
    rows = measure(robot, [20.0, 50.0], 0.4)
    assert set(rows) == {(r, loop) for r in (20.0, 50.0) for loop in ("deadline", "sleep")}
    for rate_hz in (20.0, 50.0):
        deadline, sleep = rows[rate_hz, "deadline"], rows[rate_hz, "sleep"]
        assert sleep["achieved_hz"] < 0.95 * deadline["achieved_hz"]
        assert sleep["period_p50_ms"] >= 1e3 / rate_hz + 10.0
        assert sleep["error_p99_ms"] >= 10.0
    assert rows[20.0, "deadline"]["period_p50_ms"] == pytest.approx(50.0, abs=10.0)
    assert {row["robot"] for row in rows.values()} == {"so101"}
    assert sum(row["bus_errors"] for row in rows.values()) == len(robot.sent) // 20


def test_work_that_takes_longer_than_the_period_is_an_overrun_of_both():
    rows = measure(BusyRobot(work_s=0.03), [100.0], 0.08)
    assert rows[100.0, "deadline"]["overruns"] == rows[100.0, "sleep"]["overruns"] == 8


def test_the_robot_is_asked_to_stay_where_it_is():
    robot = BusyRobot()
    measure(robot, [200.0], 0.04)
    np.testing.assert_allclose(robot.sent, np.tile(HOME, (len(robot.sent), 1)), atol=1e-6)


def test_a_simulated_robot_advances_by_a_period_in_each_step():
    robot = FakeRobot()
    rows = measure(robot, [100.0], 0.04)
    assert rows[100.0, "deadline"]["robot"] == "so101_sim"
    assert robot.clock.now_s() == pytest.approx(0.08)
