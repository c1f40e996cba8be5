import numpy as np

from robolearn.embodiments.so101 import SO101
from robolearn.judge import Judge
from robolearn.teleoperator import Command, Event
from robolearn.testing import FakeTeleoperator, check_teleoperator

HOME = np.asarray(SO101.home_position, np.float32)


def test_a_judge_keeps_the_promises_of_a_teleoperator():
    device = FakeTeleoperator([Command(event=Event.SUCCESS)], SO101.action_spec)
    check_teleoperator(Judge(device), SO101.observation_spec(), SO101.action_spec)


def test_a_stop_is_heard_while_the_robot_moves_by_itself():
    device = FakeTeleoperator([], SO101.action_spec)
    device.is_stop_asked = lambda: True
    assert Judge(device).is_stop_asked()


def test_what_a_person_says_is_passed_on_and_how_they_steer_is_not():
    device = FakeTeleoperator(
        [Command(action=HOME), Command(action=HOME, event=Event.FAILURE)], SO101.action_spec
    )
    with Judge(device) as judge:
        assert device.is_connected
        judge.reset({})
        assert judge.get_command({}) == Command()
        assert judge.get_command({}) == Command(event=Event.FAILURE)
    assert not device.is_connected
