import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments import Embodiment
from robolearn.embodiments.so101 import CHAIN, SO101
from robolearn.errors import IncompatibleError
from robolearn.specs import ArraySpec, BoundedArraySpec
from robolearn.steering import (
    GRIPPER,
    CarSteering,
    NeutralGate,
    Reading,
    SteeringDevice,
    SteeringTeleoperator,
    X,
    Y,
    choose_event,
    ignore_rest,
)
from robolearn.teleoperator import Event
from robolearn.testing import FakeRobot, check_teleoperator

STATE = np.array([0.0, -0.934, 0.487, 1.647, 0.3, 0.5], np.float32)
CAR = Embodiment(
    name="some_car",
    state_spec=ArraySpec(keys.STATE, (2,), "float32", ("steering_angle", "speed"), ("rad", "m/s")),
    action_spec=BoundedArraySpec(
        keys.ACTION,
        (2,),
        "float32",
        ("steering_angle", "speed"),
        ("rad", "m/s"),
        minimum=(-0.4, -1.0),
        maximum=(0.4, 3.0),
    ),
    control_rate_hz=10.0,
    cameras=(),
    home_position=(0.0, 0.0),
    rest_position=(0.0, 0.0),
)


class Listed(SteeringDevice):
    """Its readings come from a list, one per control step."""

    def __init__(self, *readings):
        self.readings = list(readings)
        self.num_forgotten = 0

    def describe(self):
        return "pull"

    def connect(self, robot):
        self.robot = robot

    def read(self):
        return self.readings.pop(0) if self.readings else Reading()

    def forget(self):
        self.num_forgotten += 1

    def close(self):
        pass


def point(**entries):
    direction = np.zeros(6)
    for name, value in entries.items():
        direction["xyz".find(name) if name in "xyz" else GRIPPER] = value
    return Reading(direction)


def start(*readings, robot=None, **options):
    teleoperator = SteeringTeleoperator(
        robot or FakeRobot(), Listed(Reading(), *readings), **options
    )
    teleoperator.reset({keys.STATE: STATE})
    return teleoperator


@pytest.mark.parametrize("embodiment", [SO101, CAR])
def test_it_keeps_the_contract_of_a_teleoperator(embodiment):
    readings = [point(x=1.0, y=-1.0)] * 30
    teleoperator = SteeringTeleoperator(FakeRobot(embodiment), Listed(*readings))
    check_teleoperator(teleoperator, embodiment.observation_spec(), embodiment.action_spec)


def test_an_arm_moves_by_a_share_of_its_full_speed():
    teleoperator = start(point(x=0.5), linear_speed_mps=0.2)
    action = teleoperator.get_command({}).action
    tool = [CHAIN.compute_tool_pose(posture[:5])[0] for posture in (STATE, action)]
    np.testing.assert_allclose(tool[1] - tool[0], [0.005, 0.0, 0.0], atol=1e-4)


def test_only_a_person_who_moves_something_is_active():
    teleoperator = start(point(x=0.5), Reading())
    commands = [teleoperator.get_command({}) for _ in range(2)]
    assert [command.is_active for command in commands] == [True, False]
    assert all(command.action is not None for command in commands)


def test_it_moves_on_from_where_somebody_else_has_brought_the_arm():
    teleoperator = start()
    elsewhere = STATE - np.float32(0.1)
    teleoperator.follow({keys.STATE: elsewhere})
    np.testing.assert_allclose(teleoperator.get_command({}).action, elsewhere, atol=1e-6)


def test_a_word_comes_without_an_action():
    command = start(Reading(event=Event.SUCCESS)).get_command({})
    assert (command.event, command.action) == (Event.SUCCESS, None)


def test_a_word_from_before_the_episode_is_forgotten_unless_it_is_stop():
    device = Listed(Reading(event=Event.SUCCESS), Reading(), Reading(event=Event.STOP))
    teleoperator = SteeringTeleoperator(FakeRobot(), device)
    events = []
    for _ in range(2):
        teleoperator.reset({keys.STATE: STATE})
        events.append(teleoperator.get_command({}).event)
    assert events == [None, Event.STOP]
    assert device.num_forgotten == 2


def test_a_stop_while_the_robot_moves_by_itself_is_heard_and_not_forgotten():
    teleoperator = start(Reading(), Reading(event=Event.STOP), Reading(event=Event.SUCCESS))
    assert [teleoperator.is_stop_asked() for _ in range(3)] == [False, True, True]
    teleoperator.reset({keys.STATE: STATE})
    assert teleoperator.get_command({}).event is Event.STOP
    assert not teleoperator.is_stop_asked()


def point_for(num_steps, **direction):
    return [point(**direction)] * num_steps


def drive(*readings, state=(0.0, 0.0)):
    """The actions of a car whose full speed is 1 m/s, one per step of 0.1 s."""
    device = Listed(Reading(), *readings)
    teleoperator = SteeringTeleoperator(FakeRobot(CAR), device, drive_speed_mps=1.0)
    teleoperator.reset({keys.STATE: np.float32(state)})
    return np.array([teleoperator.get_command({}).action for _ in readings])


def test_a_car_speeds_up_to_the_speed_that_is_pointed_at_and_rolls_to_a_stop():
    speeds = drive(*point_for(4, x=0.5), *[Reading()] * 6)[:, 1]
    np.testing.assert_allclose(speeds[:4], [0.2, 0.4, 0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(speeds[4:], [0.4, 0.3, 0.2, 0.1, 0.0, 0.0], atol=1e-6)


def test_a_car_that_is_driven_the_other_way_brakes_first():
    speeds = drive(*point_for(3, x=-1.0), state=(0.0, 0.3))[:, 1]
    np.testing.assert_allclose(speeds, [0.1, -0.1, -0.3], atol=1e-6)


def test_a_key_that_is_reported_late_as_held_does_not_make_the_car_jerk():
    one_press, later = [point(x=1.0), *[Reading()] * 3], point_for(3, x=1.0)
    speeds = drive(*one_press, *later, state=(0.0, 0.5))[:, 1]
    assert np.abs(np.diff(speeds)).max() <= 0.2 + 1e-6
    assert speeds.min() > 0.35


def test_a_car_s_wheels_turn_at_a_finite_speed_and_come_back():
    angles = drive(*point_for(3, y=1.0), *[Reading()] * 3)[:, 0]
    np.testing.assert_allclose(angles, [0.2, 0.4, 0.4, 0.2, 0.0, 0.0], atol=1e-6)


def test_a_car_is_taken_over_as_it_is():
    np.testing.assert_allclose(drive(Reading(), state=(0.4, 2.0))[0], [0.2, 1.9], atol=1e-6)


def test_a_car_never_goes_beyond_its_limits():
    steering = CarSteering(CAR, speed_mps=9.0, turn_radps=100.0, acceleration_mps2=1000.0)
    direction = np.zeros(6)
    direction[X], direction[Y] = -1.0, -1.0
    np.testing.assert_allclose(steering.move(direction), [-0.4, -1.0])


def test_a_body_that_is_neither_arm_nor_car_is_refused_by_name():
    channels = ("left", "right")
    spec = BoundedArraySpec(keys.ACTION, (2,), "float32", channels, ("rad", "rad"))
    state = ArraySpec(keys.STATE, (2,), "float32", channels, ("rad", "rad"))
    body = Embodiment("some_tank", state, spec, 10.0, (), (0.0, 0.0), (0.0, 0.0))
    with pytest.raises(IncompatibleError, match=r"some_tank cannot be driven.*left, right"):
        SteeringTeleoperator(FakeRobot(body), Listed())


def test_the_gate_opens_once_the_stick_was_let_go():
    gate = NeutralGate()
    pushed, middle = np.ones(6), np.zeros(6)
    let_through = [gate.let_through(d).any() for d in (pushed, pushed, middle, pushed)]
    gate.shut()
    let_through.append(gate.let_through(pushed).any())
    assert let_through == [False, False, False, True, False]


def test_a_stick_at_rest_says_nothing_and_a_full_one_everything():
    shares = [ignore_rest(x, 0.2) for x in (0.0, 0.2, -0.2, 0.6, -0.6, 1.0, -1.0, 1.2)]
    np.testing.assert_allclose(shares, [0, 0, 0, 0.5, -0.5, 1, -1, 1], atol=1e-12)


def test_stop_goes_before_every_other_word():
    assert choose_event([Event.SUCCESS, Event.STOP]) is Event.STOP
    assert choose_event([Event.FAILURE, Event.SUCCESS]) is Event.FAILURE
    assert choose_event([]) is None
