"""One contract for every task in `configs/task`: a new task is tested the day it appears."""

import dataclasses
import warnings
from pathlib import Path

import gymnasium.utils.env_checker
import numpy as np
import pytest
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf

import robolearn.configs
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError
from robolearn.rollout import run_episode
from robolearn.sim import suites
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.sim_task import SimTask


def find_cases():
    """Every task of ours with every body it is laid out for; backends have tests of their own."""
    for path in sorted((Path(robolearn.configs.__file__).parent / "task").glob("*.yaml")):
        config = OmegaConf.load(path)
        # A physical robot's task has no simulation; one that is asked for a file, none yet.
        if config["_target_"] is None or any(OmegaConf.is_missing(config, key) for key in config):
            continue
        maker = get_object(config["_target_"])
        if maker is suites.make_task or issubclass(maker, SimTask):
            task = instantiate(config)
            for body in task.embodiment_names:
                yield pytest.param((path, body), id=f"{path.stem}-{body}")


CASES = list(find_cases())


def make_environment(case, **overrides):
    path, body = case
    task = instantiate(OmegaConf.merge(OmegaConf.load(path), overrides))
    return Environment(MujocoRobot(get_body_model(body)), task)


def make_home_action(environment):
    return np.float32(environment.robot.embodiment.home_position)


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


@pytest.fixture(params=CASES)
def case(request):
    return request.param


@pytest.fixture
def environment(case):
    environment = make_environment(case)
    yield environment
    environment.close()


def test_there_are_tasks():
    assert len(CASES) >= 4


def test_name_is_that_of_its_file(case, environment):
    assert environment.task.name == case[0].stem
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
        observation, *_ = environment.step(make_home_action(environment))
        kept.append((observation, {key: value.copy() for key, value in observation.items()}))
    for observation, at_the_time in kept:
        assert observation.keys() == environment.observation_spec.keys()
        for key, spec in environment.observation_spec.items():
            spec.validate(observation[key])
            np.testing.assert_array_equal(observation[key], at_the_time[key])


def test_same_seed_gives_the_same_trajectory_bit_for_bit(case):
    first, second = make_environment(case), make_environment(case)
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
            _, _, terminated, _, info = environment.step(make_home_action(environment))
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


def test_time_limit_truncates_and_never_terminates(case):
    environment = make_environment(case, time_limit_s=0.5)
    environment.reset(seed=0)
    num_steps = round(0.5 * environment.robot.embodiment.control_rate_hz)
    ends = [environment.step(make_home_action(environment))[2:4] for _ in range(num_steps)]
    assert ends == [(False, False)] * (num_steps - 1) + [(False, True)]


def test_a_robot_that_is_not_simulated_is_refused(case):
    class Physical:
        embodiment = get_body_model(case[1]).embodiment

    task = instantiate(OmegaConf.load(case[0]))
    with pytest.raises(IncompatibleError, match=r"needs a simulated robot.*_sim"):
        task.bind(Physical())


def test_a_body_it_is_not_laid_out_for_is_refused(case):
    body = get_body_model(case[1])
    strange = dataclasses.replace(body.embodiment, name="strange")
    robot = MujocoRobot(body)
    robot.embodiment = strange
    with pytest.raises(IncompatibleError, match=r"laid out for .*, not for strange"):
        instantiate(OmegaConf.load(case[0])).bind(robot)
