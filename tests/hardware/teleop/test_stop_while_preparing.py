"""A person's stop while an arm goes home by itself."""

import numpy as np
import pytest

from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobotError


def test_an_arm_that_is_told_to_stop_on_its_way_home_stays_where_it_is(bench):
    robot = bench.make()
    answers = [False] * 6
    with robot:
        robot.is_stop_asked = lambda: answers.pop() if answers else True
        with pytest.raises(RobotError, match="stopped on its way to the home position"):
            robot.prepare()
        stopped_at = bench.position
        bench.clock.sleep_until(bench.clock.now_s() + 1.0)
        np.testing.assert_allclose(bench.position, stopped_at, atol=0.01)
        assert np.abs(stopped_at - SO101.home_position).max() > 0.3
        # Told otherwise, it goes on.
        robot.is_stop_asked = lambda: False
        robot.prepare()
        np.testing.assert_allclose(bench.position, SO101.home_position, atol=0.1)


def test_an_arm_stopped_on_its_own_way_is_let_down_where_it_is(bench):
    robot = bench.make()
    robot.connect()
    answers = [False] * 10
    robot.is_stop_asked = lambda: answers.pop() if answers else True
    with pytest.raises(RobotError, match="was stopped"):
        robot.prepare()
    stopped_at = bench.position
    robot.close()
    np.testing.assert_allclose(bench.position, stopped_at, atol=0.02)
    assert any("let down where it is" in text for text in bench.said)
