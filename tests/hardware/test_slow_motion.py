import numpy as np
import pytest

from robolearn.hardware.slow_motion import plan_minimum_jerk

START, GOAL = np.array([0.0, 1.0, -0.5]), np.array([2.0, 0.5, -0.5])
PERIOD_S = 0.05


def plan(goal=GOAL, speed=0.8):
    return np.array([START, *plan_minimum_jerk(START, goal, speed, PERIOD_S)])


def test_it_ends_at_the_goal_and_never_goes_past_it():
    path = plan()
    assert np.allclose(path[-1], GOAL)
    steps = np.diff(path, axis=0)
    assert (steps[:, 0] >= 0).all()
    assert (steps[:, 1] <= 0).all()
    assert (steps[:, 2] == 0).all()


def test_no_channel_is_faster_than_asked_and_the_longest_way_nearly_is():
    speed = np.abs(np.diff(plan(), axis=0)).max() / PERIOD_S
    assert 0.95 * 0.8 < speed <= 0.8


def test_it_begins_and_ends_gently():
    steps = np.abs(np.diff(plan()[:, 0]))
    assert steps[0] < 0.02 * steps.max()
    assert steps[-1] < 0.02 * steps.max()


def test_all_channels_are_as_far_on_their_way():
    path = plan()
    share = (path[:, :2] - START[:2]) / (GOAL - START)[:2]
    assert np.allclose(share[:, 0], share[:, 1])


def test_a_move_to_where_it_is_takes_one_period():
    assert plan(goal=START).tolist() == [START.tolist(), START.tolist()]


@pytest.mark.parametrize("speed", [0.1, 3.0])
def test_slower_takes_longer_in_proportion(speed):
    assert len(plan(speed=speed)) * PERIOD_S == pytest.approx(1.875 * 2.0 / speed, abs=0.11)
