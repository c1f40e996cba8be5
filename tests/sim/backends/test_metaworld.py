import sys

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.sawyer_metaworld import CAMERAS
from robolearn.environment import Environment
from robolearn.errors import (
    IncompatibleError,
    MissingDependencyError,
    RobolearnError,
    UnknownNameError,
)
from robolearn.rollout import run_episode
from robolearn.sim.backends import metaworld as backend
from robolearn.sim.backends.metaworld import MetaworldRobot, MetaworldTask
from robolearn.sim.backends.metaworld_benchmark import compare
from robolearn.sim.backends.metaworld_instructions import INSTRUCTIONS
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.testing import check_environment, check_robot


@pytest.fixture
def metaworld():
    return pytest.importorskip("metaworld", reason="Meta-World is not installed")


def make_environment(name="reach-v3", cameras=(), **options):
    return Environment(MetaworldRobot(cameras), MetaworldTask(name, **options))


def step_randomly(environment, num_steps, seed=0):
    """Starts an episode and returns what is seen of it, and its rewards."""
    rng = np.random.default_rng(seed)
    observation, _ = environment.reset(seed=seed)
    seen, rewards = [observation], []
    for _ in range(num_steps):
        observation, reward, *_ = environment.step(rng.uniform(-1, 1, 4).astype(np.float32))
        seen.append(observation)
        rewards.append(reward)
    return seen, rewards


def test_every_task_of_the_package_has_an_instruction_and_an_expert(metaworld):
    import metaworld.policies

    assert set(INSTRUCTIONS) == set(metaworld.ALL_V3_ENVIRONMENTS)
    assert set(INSTRUCTIONS) == set(metaworld.policies.ENV_POLICY_MAP)
    assert len(set(INSTRUCTIONS.values())) == 50
    assert all(words.endswith(".") for words in INSTRUCTIONS.values())


@pytest.mark.parametrize("name", ["door-open-v3", "peg-insert-side-v3", "stick-pull-v3"])
def test_it_keeps_every_promise_of_an_environment(metaworld, name):
    check_environment(lambda: make_environment(name))


def test_its_robot_keeps_every_promise_of_a_robot(metaworld):
    environment = make_environment()
    environment.reset(seed=0)
    check_robot(environment.robot)


def test_an_episode_is_as_long_as_in_metaworld(metaworld):
    own = backend.make_env("reach-v3", "v2")
    environment = make_environment()
    assert environment.max_episode_steps == own.max_path_length
    assert environment.robot.control_period_s == pytest.approx(own.dt)


def test_the_50_goals_and_starts_of_a_benchmark_are_metaworlds_own(metaworld):
    benchmark = metaworld.MT1("peg-insert-side-v3", seed=7)
    own = benchmark.train_classes["peg-insert-side-v3"](reward_function_version="v2")
    environment = make_environment("peg-insert-side-v3", goals_seed=7)
    for seed, goal in ((0, 0), (49, 49), (53, 3), (3, 3)):
        own.set_task(benchmark.train_tasks[goal])
        observation, _ = environment.reset(seed=seed)
        expected = np.float32(own.reset()[0])
        np.testing.assert_array_equal(observation[keys.ENVIRONMENT_STATE], expected)
        np.testing.assert_array_equal(observation[keys.STATE], expected[:4])


def test_goals_of_start_seeds_lie_where_metaworld_draws_them(metaworld):
    environment = make_environment()
    goals = []
    for seed in range(20):
        observation, _ = environment.reset(seed=seed)
        goals.append(observation[keys.ENVIRONMENT_STATE][-3:])
    space = environment.task.world.env._random_reset_space
    assert (np.array(goals) >= space.low[3:].astype(np.float32)).all()
    assert (np.array(goals) <= space.high[3:].astype(np.float32)).all()
    assert len(np.unique(goals, axis=0)) == 20


@pytest.mark.parametrize("name", ["button-press-topdown-v3", "door-open-v3", "reach-v3"])
def test_experts_solve_fresh_starts_and_success_ends_the_episode(metaworld, name):
    environment = make_environment(name)
    expert = environment.task.make_expert()
    for seed in range(50000, 50003):
        result = run_episode(environment, expert, seed=seed)
        assert result.success
        assert result.terminated
        assert result.num_steps < 500


def test_metaworlds_own_loop_gives_the_same_episodes(metaworld):
    tasks = ["drawer-close-v3", "reach-v3"]
    done: list[str] = []
    figures = compare(tasks, episodes=2, workers=0, on_task=done.append)
    assert done == tasks
    assert list(figures) == [*tasks, "total"]
    for name in tasks:
        row = figures[name]
        assert row["successes"] == row["own_successes"] == 2
        assert row["same_returns"] == 2
        assert row["steps"] == 1000
    assert figures["total"]["steps"] == 2000


def test_a_benchmark_of_nothing_or_of_an_unknown_task_is_refused():
    with pytest.raises(RobolearnError, match="episodes must be 1 to 50"):
        compare(episodes=0)
    with pytest.raises(UnknownNameError, match="reach-v3"):
        compare(["reach"])


def test_the_two_rewards_differ_and_results_say_which_it_is(metaworld):
    one, two = (make_environment(reward_version=version) for version in ("v1", "v2"))
    assert one.task.name == "metaworld-reach-v3-reward-v1"
    assert two.task.name == "metaworld-reach-v3-reward-v2"
    (_, first), (_, second) = step_randomly(one, 3), step_randomly(two, 3)
    assert first != second
    assert all(0 <= reward <= 10 for reward in second)


def test_a_longer_time_limit_is_ours_alone(metaworld):
    environment = make_environment(time_limit_s=6.3, ends_on_success=False)
    environment.reset(seed=0)
    rest = np.float32([0, 0, 0, -1])
    ends = [environment.step(rest)[2:4] for _ in range(504)]
    assert ends == [(False, False)] * 503 + [(False, True)]


@pytest.mark.gl
def test_pictures_change_nothing_and_no_camera_of_the_room_hangs_head_down(metaworld):
    environment = make_environment("pick-place-v3", CAMERAS)
    seen, rewards = step_randomly(environment, 5)
    unseen, unseen_rewards = step_randomly(make_environment("pick-place-v3"), 5)
    assert rewards == unseen_rewards
    for one, other in zip(seen, unseen, strict=True):
        for key, value in other.items():
            np.testing.assert_array_equal(one[key], value)
    model, data = environment.task.world.model, environment.task.world.data
    for name in CAMERAS:
        images = [observation[keys.image_key(name)] for observation in seen]
        assert images[0].shape == (96, 96, 3)
        assert images[0].std() > 10
    assert (images[0] != images[-1]).any()
    for index in np.flatnonzero(model.cam_bodyid == 0):
        assert data.cam_xmat[index].reshape(3, 3)[2, 1] > -1e-9
    environment.close()


@pytest.mark.gl
def test_the_table_lies_below_the_sky_in_the_corner_cameras(metaworld):
    environment = make_environment(cameras=["corner2", "corner4"])
    observation, _ = environment.reset(seed=0)
    for name in ("corner2", "corner4"):
        image = observation[keys.image_key(name)].astype(int)
        is_wooden = image[..., 0] > image[..., 2] + 15
        rows = np.flatnonzero(is_wooden.sum(axis=1) > 20)
        assert rows.mean() > 48
    environment.close()


def test_a_wrong_name_is_answered_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "metaworld", None)
    with pytest.raises(UnknownNameError, match="Did you mean 'door-open-v3'"):
        MetaworldTask("door-open")
    with pytest.raises(UnknownNameError, match="known: v1, v2"):
        MetaworldTask("door-open-v3", reward_version="v3")
    with pytest.raises(UnknownNameError, match="corner2"):
        MetaworldRobot(["corner5"])


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "metaworld", None)
    with pytest.raises(MissingDependencyError, match=r"robolearn\[metaworld\].*--no-deps"):
        make_environment()


def test_another_robot_is_refused_by_name():
    with pytest.raises(IncompatibleError, match="robot=metaworld_sim"):
        MetaworldTask("reach-v3").bind(MujocoRobot(So101Model()))
