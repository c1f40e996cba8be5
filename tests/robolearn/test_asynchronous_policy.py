from __future__ import annotations

import functools
import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest

from robolearn import keys
from robolearn.asynchronous_policy import AsynchronousPolicy, summarize_latencies
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import RobolearnError, RobotError, SpecError
from robolearn.rollout import run_episode
from robolearn.testing import FakeClock, FakeRobot, FakeTask

PERIOD_S = SO101.control_period_s
STEP_RAD = 0.4 * PERIOD_S  # what RampPolicy adds per step


@pytest.fixture(name="policies", autouse=True)
def _policies(monkeypatch):
    """The module of chunk policies, on a path that spawned processes take over from this one."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import chunk_policies

    yield chunk_policies
    assert multiprocessing.active_children() == []


class Actor:
    """Shows a policy one observation per control period of a clock that stands still meanwhile."""

    def __init__(self, policy, clock):
        self.policy, self.clock = policy, clock
        self.pan_rad = 0.0
        self.actions = []

    def observe(self):
        state = np.asarray(SO101.home_position, np.float32)
        state[0] = self.pan_rad
        return {keys.STATE: state}

    def act(self, num_steps, follow=True, wait=True):
        """Acts; with `follow` the body is where it was sent. Waits for chunks unless told not."""
        for _ in range(num_steps):
            action = self.policy.select_action(self.observe())
            self.actions.append(action)
            if follow:
                self.pan_rad = float(action[0])
            if wait:
                self.wait_for_chunk()
            self.clock.sleep_until(self.clock.now_s() + PERIOD_S)
        return [float(action[0]) for action in self.actions[-num_steps:]]

    def wait_for_chunk(self):
        if self.policy._asked is not None:
            assert self.policy._process.connection.poll(20)


@pytest.fixture(name="make")
def _make():
    made = []

    def make(policy_class, *arguments, **settings):
        clock = FakeClock()
        make_policy = functools.partial(policy_class, *arguments)
        policy = AsynchronousPolicy(make_policy, SO101, clock, **settings)
        made.append(policy)
        policy.reset("turn", 0)
        return Actor(policy, clock)

    yield make
    for policy in made:
        policy.close()


def test_actions_come_in_the_order_of_time_without_a_jump(make, policies):
    actor = make(policies.RampPolicy)
    pans = actor.act(40)
    steps = np.diff(pans)
    assert pans[0] == pytest.approx(0.0)
    assert (steps >= -1e-6).all()
    assert (steps <= STEP_RAD + 1e-6).all()
    # It is the same motion as without any latency, but for what is lost where chunks overlap.
    assert pans[-1] > 0.8 * 39 * STEP_RAD
    assert actor.policy.starved_steps == 0


def test_a_chunk_is_asked_for_before_the_one_before_it_is_used_up(make, policies):
    actor = make(policies.RampPolicy)
    actor.act(33)
    # One at the start, and one for every seven steps: eight are used, the next comes one step late.
    assert len(actor.policy.latencies_s) == 5


def test_a_slow_chunk_is_asked_for_earlier_the_next_time(make, policies):
    actor = make(policies.RampPolicy, 2.5 * PERIOD_S)
    actor.act(13)
    # From the second chunk on: asked at step 5 = 8 - 3, then at 10.
    assert actor.policy._observed_step == 10


def test_the_history_has_the_observations_of_the_last_steps_however_rare_chunks_are(make, policies):
    actor = make(policies.HistoryPolicy, 0.0, 3, blend_steps=0)
    for step in range(9):
        actor.pan_rad = 0.01 * step
        actor.act(1, follow=False)
    chunk = [float(actor.policy._plan.get(step)[0]) for step in range(8, 11)]
    # The second chunk was asked for at step 7, seeing steps 5, 6 and 7; its entry 1 is for step 8.
    assert chunk == pytest.approx([0.06, 0.07, 0.05])


def test_the_first_action_waits_for_the_first_chunk(make, policies):
    actor = make(policies.RampPolicy, 0.3)
    started_s = time.monotonic()
    actor.act(1, wait=False)
    assert time.monotonic() - started_s >= 0.3
    assert actor.actions[0][0] == pytest.approx(0.0)


def test_a_first_chunk_that_is_long_in_coming_is_awaited_holding_still(make, policies):
    actor = make(policies.RampPolicy, 1.0)
    actor.pan_rad = 0.7
    started_s = time.monotonic()
    first, second = actor.act(2, wait=False)
    assert 0.5 <= time.monotonic() - started_s < 1.0
    assert (first, second) == (pytest.approx(0.7), pytest.approx(0.7))
    actor.wait_for_chunk()
    assert actor.act(1)[0] > 0.7
    assert actor.policy.starved_steps == 2


def test_no_later_action_waits(make, policies):
    actor = make(policies.RampPolicy, 0.4)
    actor.act(1, wait=False)
    started_s = time.monotonic()
    actor.act(15, wait=False)
    assert time.monotonic() - started_s < 0.4


def test_an_arm_without_actions_holds_its_last_target_and_is_counted(make, policies):
    actor = make(policies.RampPolicy, 0.45, 1, 4, 4)  # less than the first action waits
    pans = actor.act(9, wait=False)
    assert pans[:4] == pytest.approx([0.0, STEP_RAD, 2 * STEP_RAD, 3 * STEP_RAD])
    assert pans[4:] == pytest.approx([pans[3]] * 5)
    assert actor.policy.starved_steps == 5


def test_a_missed_step_is_left_out(make, policies):
    actor = make(policies.RampPolicy)
    actor.act(2)
    actor.clock.sleep_until(actor.clock.now_s() + 2 * PERIOD_S)
    assert actor.act(1) == pytest.approx([4 * STEP_RAD])


def test_after_a_pause_it_goes_on_from_where_the_body_is(make, policies):
    actor = make(policies.RampPolicy, blend_steps=0)
    actor.act(3)
    actor.clock.sleep_until(actor.clock.now_s() + 1.0)
    actor.pan_rad = 0.9  # a person steered meanwhile
    first, second, third = actor.act(3)
    assert first == pytest.approx(0.9)
    assert second == pytest.approx(0.9 + STEP_RAD)
    assert third == pytest.approx(0.9 + 2 * STEP_RAD)


def test_reset_drops_the_chunks_of_the_episode_before_also_those_still_to_come(make, policies):
    actor = make(policies.RampPolicy, 0.2)
    actor.act(8, wait=False)
    assert actor.policy._asked is not None  # one is under way
    actor.policy.reset("turn", 1)
    actor.pan_rad = -1.0
    pans = actor.act(3)
    assert pans[0] == pytest.approx(-1.0)
    assert pans == pytest.approx([-1.0, -1.0 + STEP_RAD, -1.0 + 2 * STEP_RAD], abs=STEP_RAD)


def test_a_lead_reads_chunks_further_on(make, policies):
    actor = make(policies.RampPolicy, lead_s=1.5 * PERIOD_S)
    assert actor.act(2) == pytest.approx([1.5 * STEP_RAD, 2.5 * STEP_RAD])


def test_an_action_at_its_limit_stays_there_where_chunks_are_blended(make, policies):
    actor = make(policies.AtTheLimitPolicy)
    actor.act(30, follow=False)
    for action in actor.actions:
        SO101.action_spec.validate(action)
        np.testing.assert_allclose(action, SO101.action_spec.high)


@pytest.mark.parametrize("settings", [{"lead_s": -0.1}, {"lead_s": 0.4}, {"blend_steps": -1}])
def test_settings_out_of_range_are_refused(make, policies, settings):
    with pytest.raises(RobolearnError, match=r"must lie within the 8 steps of 0\.05 s"):
        make(policies.RampPolicy, **settings)


def test_a_policy_that_dies_is_an_error_that_says_so(make, policies):
    actor = make(policies.DyingPolicy)
    with pytest.raises(RobotError, match=r"inference failed: policy .* was killed by SIGKILL"):
        actor.act(20)


def test_a_policy_that_gives_nan_names_the_channel(make, policies):
    actor = make(policies.NanPolicy)
    with pytest.raises(SpecError, match=r"the policy predicted action: shoulder_lift = nan"):
        actor.act(20)


def test_a_policy_that_answers_no_more_ends_the_episode(make, policies):
    actor = make(policies.StuckPolicy, patience_s=0.3)
    actor.clock.sleep_until = _in_real_time(actor.clock)
    with pytest.raises(RobotError, match=r"no action for 0\.3 s"):
        actor.act(100, wait=False)


def test_a_policy_that_cannot_be_built_is_an_error(make, policies):
    with pytest.raises(RobotError, match=r"outside any step.* raised TypeError"):
        make(policies.RampPolicy, 0.0, 1, 16, 8, "", "too many")


def test_nan_in_the_middle_of_an_episode_stops_the_robot(policies):
    robot = FakeRobot()
    environment = Environment(robot, FakeTask(tolerance=0.0))
    with AsynchronousPolicy(policies.NanPolicy, SO101, robot.clock) as policy:
        robot.clock.sleep_until = _in_real_time(robot.clock)
        with pytest.raises(SpecError, match="shoulder_lift = nan"):
            run_episode(environment, policy, seed=0)
    assert robot.num_stops == 1
    assert all(np.isfinite(action).all() for action in robot.sent)


def _in_real_time(clock):
    """Makes fake time pass no faster than the process can answer."""
    sleep_until = clock.sleep_until

    def sleep(deadline_s):
        time.sleep(0.02)
        sleep_until(deadline_s)

    return sleep


def test_latencies_are_summed_up_in_milliseconds():
    assert summarize_latencies([]) == {}
    figures = summarize_latencies([0.01] * 99 + [0.5])
    assert figures["inference_latency_p50_ms"] == pytest.approx(10.0)
    assert 10.0 <= figures["inference_latency_p99_ms"] <= 500.0
