import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.rollout import Actor, run_episode
from robolearn.take_over import TakeOver
from robolearn.teleoperator import Command, Event
from robolearn.testing import (
    FakeClock,
    FakeRobot,
    FakeTask,
    FakeTeleoperator,
    ScriptedPolicy,
    check_teleoperator,
)

REST = np.asarray(SO101.rest_position, np.float32)
LIFTED = REST + np.array([0, 0.5, 0, 0, 0, 0], np.float32)
IDLE = Command(LIFTED, is_active=False)
MOVING = Command(LIFTED)
PERIOD_S = 1 / 16  # a power of two, so that sums of it are exact


class Followed(FakeTeleoperator):
    """Remembers the states it was told to follow, one entry per command."""

    def __init__(self, *commands):
        super().__init__(commands, SO101.action_spec)
        self.followed = []
        self.is_told = False

    def follow(self, observation):
        self.is_told = True

    def get_command(self, observation):
        self.followed.append(self.is_told)
        self.is_told = False
        return super().get_command(observation)


def play(*commands, **options):
    """Returns what comes of commands that are a control period apart, and the device."""
    clock, device = FakeClock(), Followed(*commands)
    take_over = TakeOver(device, clock=clock, **options)
    take_over.reset({})
    answers = []
    for _ in commands:
        answers.append(take_over.get_command({}))
        clock.sleep_until(clock.now_s() + PERIOD_S)
    return answers, device


def who_acts(answers):
    return "".join("policy"[0] if answer.action is None else "me"[0] for answer in answers)


def test_it_keeps_the_contract_of_a_teleoperator():
    device = FakeTeleoperator([IDLE, MOVING, Command()], SO101.action_spec)
    check_teleoperator(TakeOver(device), SO101.observation_spec(), SO101.action_spec)
    assert not device.is_connected


def test_an_untouched_device_leaves_the_robot_to_the_policy():
    answers, _ = play(*[IDLE] * 20)
    assert who_acts(answers) == "p" * 20


def test_a_touch_takes_over_at_once_and_half_a_second_after_the_last_the_policy_goes_on():
    answers, _ = play(IDLE, MOVING, *[IDLE] * 14)
    # 0.5 s are eight periods.
    assert who_acts(answers) == "p" + "m" * 8 + "p" * 7


def test_the_latch_begins_anew_with_every_movement():
    answers, _ = play(MOVING, IDLE, IDLE, MOVING, *[IDLE] * 5, latch_s=0.25)
    assert who_acts(answers) == "m" * 7 + "pp"


def test_the_device_follows_the_robot_while_the_policy_acts_and_only_then():
    _, device = play(IDLE, IDLE, MOVING, IDLE, IDLE, IDLE, IDLE, IDLE, latch_s=0.25)
    # At the moment of the touch it still follows: the first movement begins where the robot is.
    assert device.followed == [True, True, True, False, False, False, True, True]


def test_words_are_heard_in_either_hand():
    answers, _ = play(Command(event=Event.REDO), MOVING, Command(event=Event.SUCCESS))
    assert [answer.event for answer in answers] == [Event.REDO, None, Event.SUCCESS]


def test_a_stop_reaches_the_robot_through_it():
    class Stopped(FakeTeleoperator):
        def is_stop_asked(self):
            return True

    assert TakeOver(Stopped([], SO101.action_spec)).is_stop_asked()


def test_a_new_episode_begins_with_the_policy():
    clock, device = FakeClock(), Followed(MOVING, IDLE)
    take_over = TakeOver(device, clock=clock)
    assert take_over.get_command({}).action is not None
    take_over.reset({})
    device._index = 1
    assert take_over.get_command({}).action is None


class CountedPolicy(ScriptedPolicy):
    """Writes down every reset and the state of every observation."""

    def __init__(self):
        super().__init__([REST, LIFTED, REST])
        self.log = []

    def reset(self, instruction, seed):
        super().reset(instruction, seed)
        self.log.append((instruction, seed))

    def select_action(self, observation):
        self.log.append(float(observation[keys.STATE][1]))
        return super().select_action(observation)


class Actors:
    def __init__(self):
        self.steps = []

    def on_episode_start(self, start):
        self.start = start

    def on_step(self, step):
        self.steps.append(step)

    def on_episode_end(self, result):
        pass


@pytest.fixture(name="environment")
def _environment():
    environment = Environment(FakeRobot(), FakeTask(time_limit_s=0.4))
    yield environment
    environment.close()


def test_a_policy_that_gets_the_robot_back_starts_afresh_from_the_present(environment):
    policy, watcher = CountedPolicy(), Actors()
    device = FakeTeleoperator([Command(), MOVING, MOVING, Command()], SO101.action_spec)
    run_episode(environment, policy, [watcher], seed=3, teleoperator=device)
    assert [step.actor for step in watcher.steps] == [
        *[Actor.POLICY] + [Actor.PERSON] * 2,
        *[Actor.POLICY] * 5,
    ]
    start = (watcher.start.instruction, 3)
    states = [float(step.observation[keys.STATE][1]) for step in watcher.steps]
    assert policy.log == [start, states[0], start, *states[3:]]
    # It begins its script again.
    np.testing.assert_array_equal(watcher.steps[3].action, REST)
    np.testing.assert_array_equal(watcher.steps[4].action, LIFTED)


def test_a_policy_that_is_not_interrupted_is_reset_once(environment):
    policy = CountedPolicy()
    run_episode(environment, policy, seed=3)
    assert sum(isinstance(entry, tuple) for entry in policy.log) == 1
