import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, RobolearnError, SpecError
from robolearn.task import Evaluation
from robolearn.testing import FakeRobot, FakeTask

REST = np.asarray(SO101.rest_position, np.float32)


@pytest.fixture
def environment():
    environment = Environment(FakeRobot(), FakeTask(time_limit_s=1.0))
    yield environment
    environment.close()


def test_gymnasiums_own_check_passes(environment):
    with warnings.catch_warnings():
        # It would like bounds on a measured state, and actions scaled to [-1, 1].
        warnings.filterwarnings("ignore", ".*Box (observation|action) space.*")
        check_env(environment, skip_render_check=True)


def test_the_spaces_are_the_specs(environment):
    assert environment.action_space == gymnasium.spaces.Box(
        SO101.action_spec.low.copy(), SO101.action_spec.high.copy(), dtype=np.float32
    )
    assert set(environment.observation_space.spaces) == {keys.STATE, keys.ENVIRONMENT_STATE}
    observation, _ = environment.reset(seed=0)
    assert environment.observation_space.contains(observation)


def test_images_are_observed_when_a_camera_is_on():
    environment = Environment(FakeRobot(cameras=("front",)), FakeTask())
    observation, info = environment.reset(seed=0)
    image = observation[keys.image_key("front")]
    assert image.shape == (96, 96, 3)
    assert image.dtype == np.uint8
    assert keys.image_key("front") in info["captured_s"]


def test_the_robot_is_connected_at_the_first_reset_and_again_after_close(environment):
    assert not environment.robot.is_connected
    environment.reset(seed=0)
    assert environment.robot.is_connected
    environment.close()
    assert not environment.robot.is_connected
    environment.reset(seed=0)
    environment.step(REST)


def test_a_step_takes_one_control_period_of_the_robots_time(environment):
    environment.reset(seed=0)
    for index in range(1, 6):
        environment.step(REST)
        assert environment.robot.clock.now_s() == pytest.approx(index * SO101.control_period_s)


def test_time_before_the_first_action_is_no_overrun(environment):
    environment.reset(seed=0)
    clock = environment.robot.clock
    clock.sleep_until(clock.now_s() + 7.3 * SO101.control_period_s)  # a policy that wakes up slowly
    environment.step(REST)
    environment.step(REST)
    assert environment.pacer.report().overruns == 0
    assert clock.now_s() == pytest.approx(9.3 * SO101.control_period_s)


def test_info_says_what_was_applied_and_when(environment):
    _, info = environment.reset(seed=3)
    assert info["seed"] == 3
    _, _, _, _, info = environment.step(REST)
    np.testing.assert_array_equal(info[keys.ACTION_APPLIED], REST)
    assert info["sent_s"] == pytest.approx(0.0)
    assert info["captured_s"] == {
        keys.STATE: pytest.approx(0.05),
        keys.ENVIRONMENT_STATE: pytest.approx(0.05),
    }


def test_an_unseeded_reset_names_the_seed_that_makes_the_same_start_again(environment):
    first, info = environment.reset()
    again, _ = environment.reset(seed=info["seed"])
    np.testing.assert_array_equal(first[keys.STATE], again[keys.STATE])


def test_unseeded_resets_after_a_seeded_one_differ_and_can_be_repeated(environment):
    def draw_seeds():
        environment.reset(seed=7)
        return [environment.reset()[1]["seed"] for _ in range(3)]

    seeds = draw_seeds()
    assert len(set(seeds)) == 3
    assert draw_seeds() == seeds


def test_the_time_limit_truncates_at_its_last_step_and_does_not_terminate(environment):
    environment.reset(seed=0)
    ends = [environment.step(REST)[2:4] for _ in range(20)]
    assert environment.max_episode_steps == 20
    assert ends == [(False, False)] * 19 + [(False, True)]


class TerminatesAtTheLimit(FakeTask):
    """Reaches its own end in the very step in which the time runs out."""

    def reset(self, seed):
        super().reset(seed)
        self.num_evaluations = 0

    def evaluate(self):
        self.num_evaluations += 1
        terminated = self.num_evaluations == 20
        return Evaluation(reward=0.0, terminated=terminated, success=terminated)


def test_terminated_goes_before_truncated_and_they_never_come_together():
    environment = Environment(FakeRobot(), TerminatesAtTheLimit(time_limit_s=1.0))
    environment.reset(seed=0)
    ends = [environment.step(REST)[2:4] for _ in range(20)]
    assert ends == [(False, False)] * 19 + [(True, False)]


def change_entry(index, value):
    action = REST.copy()
    action[index] = value
    return action


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (change_entry(3, np.nan), "action: wrist_flex = nan is not allowed"),
        (change_entry(0, -np.inf), "action: shoulder_pan = -inf is not allowed"),
        (change_entry(5, 1.01), r"action: gripper = 1.009.* \(allowed: 0 to 1\)"),
        (change_entry(1, -2.0), r"action: shoulder_lift = -2.0 .*allowed: -1.7453 to 1.7453"),
        (REST[:5], r"action: expected shape \(6,\), got \(5,\)"),
        (REST[None], r"action: expected shape \(6,\), got \(1, 6\)"),
        (REST.astype(np.float64), "action: expected dtype float32, got float64"),
        (REST.tolist(), "action: expected a numpy array, got list"),
    ],
)
def test_a_bad_action_is_refused_by_name_and_nothing_is_sent(environment, action, message):
    environment.reset(seed=0)
    environment.step(REST)
    with pytest.raises(SpecError, match=message):
        environment.step(action)
    assert len(environment.robot.sent) == 1
    assert environment.robot.clock.now_s() == pytest.approx(SO101.control_period_s)
    environment.step(REST)


def test_step_before_reset_is_refused(environment):
    with pytest.raises(RobolearnError, match=r"step\(\) before reset\(\)"):
        environment.step(REST)
    environment.reset(seed=0)
    environment.close()
    with pytest.raises(RobolearnError, match=r"step\(\) before reset\(\)"):
        environment.step(REST)


def test_a_task_refuses_a_robot_it_does_not_fit():
    with pytest.raises(IncompatibleError, match="FakeTask needs a FakeRobot, got object"):
        Environment(object(), FakeTask())


def test_adding_the_tasks_values_leaves_the_robots_own_observation_alone(environment):
    environment.reset(seed=0)
    kept = environment.robot.get_observation()
    environment.robot.get_observation = lambda: kept
    environment.step(REST)
    assert list(kept.values) == list(kept.captured_s) == [keys.STATE]
