"""One contract for every task in `configs/task`: a new task is tested the day it appears."""

import warnings
from pathlib import Path

import gymnasium.utils.env_checker
import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

import robolearn.configs
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError
from robolearn.rollout import run_episode
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot

TASK_FILES = [
    path
    for path in sorted((Path(robolearn.configs.__file__).parent / "task").glob("*.yaml"))
    if OmegaConf.load(path)["_target_"] is not None  # a physical robot's task has no simulation
]
HOME_ACTION = np.float32(SO101.home_position)


def make_environment(task_file, **overrides):
    task = instantiate(OmegaConf.merge(OmegaConf.load(task_file), overrides))
    return Environment(MujocoRobot(So101Model()), task)


def record(environment, seed):
    """Every observation of one expert episode."""
    observations = []
    expert = environment.task.make_expert()
    observation, _ = environment.reset(seed=seed)
    expert.reset(environment.task.instruction, seed)
    ended = False
    while not ended:
        observations.append(observation)
        observation, _, terminated, truncated, _ = environment.step(
            expert.select_action(observation)
        )
        ended = terminated or truncated
    return [*observations, observation]


@pytest.fixture(params=TASK_FILES, ids=lambda path: path.stem)
def task_file(request):
    return request.param


@pytest.fixture
def environment(task_file):
    environment = make_environment(task_file)
    yield environment
    environment.close()


def test_there_are_tasks():
    assert len(TASK_FILES) >= 4


def test_name_is_that_of_its_file(task_file, environment):
    assert environment.task.name == task_file.stem
    assert environment.task.instruction.endswith(".")


def test_gymnasium_accepts_it(environment):
    with warnings.catch_warnings():
        # Physical quantities have no natural bounds, and joint targets are neither symmetric nor
        # normalised: advice that does not apply here.
        warnings.filterwarnings("ignore", ".*(infinity|symmetric and normalized).*")
        gymnasium.utils.env_checker.check_env(environment, skip_render_check=True)


def test_observations_obey_the_spec_are_finite_and_not_shared(environment):
    observation, _ = environment.reset(seed=0)
    kept = [(observation, {key: value.copy() for key, value in observation.items()})]
    for _ in range(5):
        observation, *_ = environment.step(HOME_ACTION)
        kept.append((observation, {key: value.copy() for key, value in observation.items()}))
    for observation, at_the_time in kept:
        assert observation.keys() == environment.observation_spec.keys()
        for key, spec in environment.observation_spec.items():
            spec.validate(observation[key])
            np.testing.assert_array_equal(observation[key], at_the_time[key])


def test_same_seed_gives_the_same_trajectory_bit_for_bit(task_file):
    first, second = make_environment(task_file), make_environment(task_file)
    record(second, seed=4)  # whatever happened before must leave no trace
    for one, other in zip(record(first, seed=5), record(second, seed=5), strict=True):
        for key in one:
            np.testing.assert_array_equal(one[key], other[key])


def test_starts_differ_across_seeds(environment):
    starts = [environment.reset(seed=seed)[0]["observation.environment_state"] for seed in range(8)]
    assert len(np.unique(np.stack(starts), axis=0)) == 8


def test_no_start_is_already_a_success(environment):
    for seed in range(20):
        environment.reset(seed=seed)
        for _ in range(8):
            _, _, terminated, _, info = environment.step(HOME_ACTION)
            assert not terminated
            assert not info["is_success"]


def test_expert_solves_fresh_starts(environment):
    expert = environment.task.make_expert()
    for seed in range(500, 505):
        result = run_episode(environment, expert, seed=seed)
        assert result.success, f"seed {seed}"
        assert result.terminated
        assert not result.truncated
        assert result.total_reward == 1.0


def test_time_limit_truncates_and_never_terminates(task_file):
    environment = make_environment(task_file, time_limit_s=0.5)
    environment.reset(seed=0)
    ends = [environment.step(HOME_ACTION)[2:4] for _ in range(10)]
    assert ends == [(False, False)] * 9 + [(False, True)]


def test_a_robot_that_is_not_simulated_is_refused(task_file):
    class Physical:
        embodiment = MujocoRobot(So101Model()).embodiment

    task = instantiate(OmegaConf.load(task_file))
    with pytest.raises(IncompatibleError, match="so101_sim"):
        task.bind(Physical())
