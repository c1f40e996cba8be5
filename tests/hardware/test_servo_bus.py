import pytest

from robolearn.errors import RobotError
from robolearn.hardware.serial_link import LinkLostError, LinkTimeoutError
from robolearn.hardware.servo_bus import act_on_each, name_servos


def make_act(reached, **errors):
    def act(servo_id):
        reached.append(servo_id)
        if error := errors.get(f"servo_{servo_id}"):
            raise error

    return act


def test_each_is_reached_and_the_first_failure_returned():
    reached, silent = [], LinkTimeoutError("2 is silent")
    act = make_act(reached, servo_2=silent, servo_3=RobotError("3 refuses"))
    assert act_on_each((1, 2, 3, 4), act) is silent
    assert reached == [1, 2, 3, 4]


def test_without_a_failure_there_is_none():
    assert act_on_each((1, 2), make_act([])) is None


def test_a_lost_link_is_raised_at_once():
    reached = []
    with pytest.raises(LinkLostError):
        act_on_each((1, 2, 3), make_act(reached, servo_2=LinkLostError("gone")))
    assert reached == [1, 2]


def test_servos_are_named_by_their_ids():
    assert name_servos([3]) == "servo 3"
    assert name_servos([3, 4]) == "servos 3, 4"
