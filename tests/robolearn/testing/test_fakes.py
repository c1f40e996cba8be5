import dataclasses

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.errors import IncompatibleError, RobolearnError, RobotError, SpecError
from robolearn.specs import ArraySpec
from robolearn.teleoperator import Command
from robolearn.testing import FakePolicy, FakeRobot, FakeTeleoperator, ScriptedPolicy

REST = np.asarray(SO101.rest_position, np.float32)
ACTION = REST + np.array([1, 0, 0, 0, 0, 0], np.float32)


def observe_after(robot, duration_s):
    robot.clock.sleep_until(robot.clock.now_s() + duration_s)
    return robot.get_observation().values[keys.STATE]


@pytest.mark.parametrize("wait_s", [[0.1], [0.01] * 10])
def test_a_channel_has_gone_63_percent_after_its_time_constant_however_often_one_looks(wait_s):
    with FakeRobot(time_constant_s=0.1) as robot:
        robot.send_action(ACTION)
        for duration_s in wait_s:
            state = observe_after(robot, duration_s)
    assert state[0] == pytest.approx(1 - np.exp(-1), abs=1e-6)
    np.testing.assert_array_equal(state[1:], REST[1:])


def test_stop_holds_the_place_where_it_is():
    with FakeRobot() as robot:
        robot.send_action(ACTION)
        halfway = observe_after(robot, 0.1)
        robot.stop()
        np.testing.assert_allclose(observe_after(robot, 5.0), halfway, atol=1e-6)


def test_images_show_where_the_first_two_channels_are():
    with FakeRobot(cameras=("front",)) as robot:

        def find_centre(position):
            robot.place(np.asarray(position))
            image = robot.get_observation().values[keys.image_key("front")]
            rows, columns = np.nonzero(image[..., 0])
            return columns.mean(), rows.mean()

        left, right = find_centre([-1.9, 0, 0, 0, 0, 0]), find_centre([1.9, 0, 0, 0, 0, 0])
        up, down = find_centre([0, -1.7, 0, 0, 0, 0]), find_centre([0, 1.7, 0, 0, 0, 0])
    assert left[0] < 20 < 76 < right[0]
    assert up[1] < 20 < 76 < down[1]


def test_a_robot_that_is_not_connected_refuses():
    robot = FakeRobot()
    with pytest.raises(RobotError, match=r"so101 is not connected: call connect\(\) first"):
        robot.send_action(REST)
    with pytest.raises(RobotError, match="not connected"):
        robot.get_observation()


def test_an_exception_in_the_with_block_stops_and_closes():
    robot = FakeRobot()
    with pytest.raises(ZeroDivisionError), robot:
        raise ZeroDivisionError
    assert robot.num_stops >= 1
    assert not robot.is_connected


def test_a_body_whose_state_is_not_its_action_is_refused():
    state = ArraySpec(keys.STATE, (1,), "float32", ("speed",), ("mps",))
    with pytest.raises(IncompatibleError, match=r"so101 has .*speed"):
        FakeRobot(dataclasses.replace(SO101, state_spec=state))


def test_the_fake_policy_refuses_an_observation_that_does_not_fit():
    policy = FakePolicy(SO101.observation_spec(), SO101.action_spec)
    with pytest.raises(SpecError, match=r"observation\.state: expected dtype"):
        policy.select_action({keys.STATE: np.zeros(6)})


def test_a_script_holds_its_last_action_and_begins_again_at_reset():
    policy = ScriptedPolicy([REST, ACTION])
    chosen = [policy.select_action({}) for _ in range(3)]
    np.testing.assert_array_equal(chosen, [REST, ACTION, ACTION])
    policy.reset("", 0)
    np.testing.assert_array_equal(policy.select_action({}), REST)
    with pytest.raises(RobolearnError, match="needs at least one action"):
        ScriptedPolicy([])


def test_the_fake_teleoperator_falls_silent_after_its_script_and_refuses_a_bad_one():
    teleoperator = FakeTeleoperator([Command(ACTION)], SO101.action_spec)
    assert teleoperator.get_command({}).action is ACTION
    assert teleoperator.get_command({}) == Command()
    with pytest.raises(SpecError, match=r"shoulder_pan = 9\.0"):
        FakeTeleoperator([Command(ACTION + 8)], SO101.action_spec)
