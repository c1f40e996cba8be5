import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import RobolearnError, SpecError
from robolearn.rollout import Actor, run_episode
from robolearn.teleoperator import Command, Event
from robolearn.testing import FakePolicy, FakeRobot, FakeTask, FakeTeleoperator, ScriptedPolicy

REST = np.asarray(SO101.rest_position, np.float32)
LIFTED = REST + np.array([0, 0.5, 0, 0, 0, 0], np.float32)


class Watcher:
    """Writes down what it is told, into a list it may share with others."""

    def __init__(self, name="", log=None, fail_in=None):
        self.name, self.log, self.fail_in = name, [] if log is None else log, fail_in
        self.steps, self.starts, self.results, self.errors = [], [], [], []

    def note(self, what):
        self.log.append(f"{self.name}{what}")
        if what == self.fail_in:
            raise ValueError(f"{self.name} fails in {what}")

    def on_episode_start(self, start):
        self.starts.append(start)
        self.note("start")

    def on_step(self, step):
        self.steps.append(step)
        self.note("step")

    def on_episode_end(self, result):
        self.results.append(result)
        self.note("end")

    def on_episode_abort(self, error):
        self.errors.append(error)
        self.note("abort")


@pytest.fixture
def environment():
    # Five steps, unless the task is solved.
    environment = Environment(FakeRobot(), FakeTask(time_limit_s=0.25))
    yield environment
    environment.close()


def make_teleoperator(*commands):
    return FakeTeleoperator(commands, SO101.action_spec)


def test_the_expert_solves_the_task_and_the_result_says_so():
    environment = Environment(FakeRobot(), FakeTask())
    result = run_episode(environment, environment.task.make_expert(), seed=4)
    assert (result.success, result.terminated, result.truncated) == (True, True, False)
    assert (result.seed, result.task, result.event) == (4, "fake_reach", None)
    assert result.instruction == environment.task.instruction
    assert 1 < result.num_steps < environment.max_episode_steps


def test_the_time_limit_ends_an_episode_without_success(environment):
    result = run_episode(environment, ScriptedPolicy([REST]), seed=0)
    assert (result.num_steps, result.success) == (5, False)
    assert (result.terminated, result.truncated) == (False, True)


def test_observers_are_told_in_order_start_steps_end(environment):
    log = []
    observers = [Watcher("a.", log), Watcher("b.", log)]
    run_episode(environment, ScriptedPolicy([REST]), observers, seed=0)
    each_step = ["a.step", "b.step"]
    assert log == ["a.start", "b.start", *each_step * 5, "a.end", "b.end"]


def test_a_step_joins_what_was_seen_before_with_what_came_of_it(environment):
    watcher = Watcher()
    policy = FakePolicy(environment.observation_spec, environment.action_spec)
    result = run_episode(environment, policy, [watcher], seed=0)
    steps = watcher.steps
    assert [step.index for step in steps] == [0, 1, 2, 3, 4]
    assert steps[0].observation is watcher.starts[0].observation
    for step, sent in zip(steps, environment.robot.sent, strict=True):
        np.testing.assert_array_equal(step.action, sent)
        np.testing.assert_array_equal(step.action_applied, sent)
        assert step.actor is Actor.POLICY
        assert set(step.captured_s) == set(step.observation)
        # Seen before the action was sent: with the fake's clock, at that very moment.
        assert step.captured_s[keys.STATE] == pytest.approx(step.sent_s)
        assert step.sent_s == pytest.approx(step.index * SO101.control_period_s)
    assert result.total_reward == pytest.approx(sum(step.reward for step in steps))
    assert [step.truncated for step in steps] == [False] * 4 + [True]


def test_the_same_seed_gives_the_same_episode(environment):
    policy = FakePolicy(environment.observation_spec, environment.action_spec)
    watchers = [Watcher(), Watcher(), Watcher()]
    for watcher, seed in zip(watchers, (5, 5, 6), strict=True):
        run_episode(environment, policy, [watcher], seed=seed)
    first, again, other = ([step.action for step in watcher.steps] for watcher in watchers)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_persons_action_goes_before_the_policys(environment):
    watcher = Watcher()
    teleoperator = make_teleoperator(Command(), Command(LIFTED), Command())
    run_episode(environment, ScriptedPolicy([REST]), [watcher], seed=0, teleoperator=teleoperator)
    assert [step.actor for step in watcher.steps] == [
        Actor.POLICY,
        Actor.PERSON,
        Actor.POLICY,
        Actor.POLICY,
        Actor.POLICY,
    ]
    np.testing.assert_array_equal(environment.robot.sent[1], LIFTED)
    np.testing.assert_array_equal(environment.robot.sent[2], REST)


def test_a_person_alone_needs_no_policy(environment):
    teleoperator = make_teleoperator(*[Command(REST)] * 5)
    assert run_episode(environment, seed=0, teleoperator=teleoperator).num_steps == 5


@pytest.mark.parametrize("teleoperator", [None, make_teleoperator()], ids=["nobody", "silent"])
def test_it_is_an_error_when_nobody_acts(environment, teleoperator):
    watcher = Watcher()
    with pytest.raises(RobolearnError, match="nobody acts"):
        run_episode(environment, observers=[watcher], seed=0, teleoperator=teleoperator)
    assert watcher.log == ["start", "abort"]


@pytest.mark.parametrize(
    ("event", "success"),
    [
        (Event.END, False),
        (Event.SUCCESS, True),
        (Event.FAILURE, False),
        (Event.DISCARD, False),
        (Event.REDO, False),
        (Event.STOP, False),
    ],
)
def test_each_event_ends_the_episode_and_stops_the_robot(environment, event, success):
    watcher = Watcher()
    # The action that comes together with an event is not sent: the person has let go.
    teleoperator = make_teleoperator(Command(REST), Command(REST), Command(LIFTED, event))
    result = run_episode(environment, observers=[watcher], seed=0, teleoperator=teleoperator)
    assert (result.event, result.success, result.num_steps) == (event, success, 2)
    assert (result.terminated, result.truncated) == (False, False)
    assert watcher.log == ["start", "step", "step", "end"]
    assert environment.robot.num_stops == 1
    assert len(environment.robot.sent) == 2


class HoldsSuccess(FakeTask):
    """Counts as solved from the first step on, but leaves the end to the person."""

    def evaluate(self):
        evaluation = super().evaluate()
        return type(evaluation)(evaluation.reward, terminated=False, success=True)


@pytest.mark.parametrize(("event", "success"), [(Event.END, True), (Event.FAILURE, False)])
def test_end_leaves_the_verdict_to_the_task_and_failure_overrules_it(event, success):
    environment = Environment(FakeRobot(), HoldsSuccess())
    teleoperator = make_teleoperator(Command(REST), Command(event=event))
    result = run_episode(environment, seed=0, teleoperator=teleoperator)
    assert result.success is success


@pytest.mark.parametrize("error", [SpecError, KeyboardInterrupt])
def test_an_abort_stops_the_robot_then_tells_every_observer(environment, error):
    class Breaks(ScriptedPolicy):
        def select_action(self, observation):
            if self._index == 2:
                raise error("in the middle")
            return super().select_action(observation)

    class SeesStop(Watcher):
        def on_episode_abort(self, error):
            assert environment.robot.num_stops == 1
            super().on_episode_abort(error)

    observers = [SeesStop(), SeesStop()]
    with pytest.raises(error, match="in the middle"):
        run_episode(environment, Breaks([REST]), observers, seed=0)
    for observer in observers:
        assert observer.log == ["start", "step", "step", "abort"]
        assert isinstance(observer.errors[0], error)


def test_a_bad_action_from_a_policy_aborts_and_is_not_sent(environment):
    watcher = Watcher()
    bad = ScriptedPolicy([REST, np.full(6, np.nan, np.float32)])
    with pytest.raises(SpecError, match="shoulder_pan = nan"):
        run_episode(environment, bad, [watcher], seed=0)
    assert watcher.log == ["start", "step", "abort"]
    assert len(environment.robot.sent) == 1


def test_an_observer_that_cannot_start_aborts_those_who_had_started(environment):
    log = []
    observers = [Watcher("a.", log), Watcher("b.", log, fail_in="start"), Watcher("c.", log)]
    with pytest.raises(ValueError, match=r"b\. fails in start"):
        run_episode(environment, ScriptedPolicy([REST]), observers, seed=0)
    assert log == ["a.start", "b.start", "a.abort", "b.abort"]
    assert environment.robot.num_stops == 1


def test_one_observers_failure_at_the_end_does_not_keep_it_from_the_others(environment):
    log = []
    observers = [Watcher("a.", log, fail_in="end"), Watcher("b.", log)]
    with pytest.raises(ValueError, match=r"a\. fails in end"):
        run_episode(environment, ScriptedPolicy([REST]), observers, seed=0)
    assert log[-2:] == ["a.end", "b.end"]


def test_one_observers_failure_in_the_abort_does_not_keep_it_from_the_others(environment):
    log = []
    observers = [Watcher("a.", log, fail_in="abort"), Watcher("b.", log)]
    with pytest.raises(ValueError, match=r"a\. fails in abort") as caught:
        run_episode(environment, None, observers, seed=0)
    assert log[-2:] == ["a.abort", "b.abort"]
    assert "nobody acts" in str(caught.value.__context__)


def test_while_an_episode_is_prepared_the_robot_can_ask_whether_to_stop(environment):
    asked = []
    reset = environment.task.reset

    def prepare(seed):
        asked.append(environment.robot.is_stop_asked())
        reset(seed)

    environment.task.reset = prepare
    teleoperator = make_teleoperator(*[Command(REST)] * 5)
    teleoperator.is_stop_asked = lambda: True
    run_episode(environment, ScriptedPolicy([REST]), seed=0)
    run_episode(environment, seed=0, teleoperator=teleoperator)
    assert asked == [False, True]


def test_a_reset_that_fails_stops_the_robot(environment):
    def fail(seed):
        raise RobolearnError("the start is blocked")

    environment.task.reset = fail
    watcher = Watcher()
    with pytest.raises(RobolearnError, match="the start is blocked"):
        run_episode(environment, ScriptedPolicy([REST]), [watcher], seed=0)
    assert watcher.log == []
    assert environment.robot.num_stops == 1
