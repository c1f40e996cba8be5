import numpy as np
import pytest

from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import RobolearnError, SpecError
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.perturbed_robot import CORRELATION, PerturbedRobot
from robolearn.sim.suites import make_task

HOME = np.float32(SO101.home_position)


def collect_noise(robot, seed, num_steps=400):
    robot.begin_episode(seed)
    return np.array([robot.send_action(HOME) - HOME for _ in range(num_steps)])


@pytest.fixture
def robot():
    robot = PerturbedRobot(MujocoRobot(So101Model()), max_sd_rad=0.05)
    robot.connect()
    return robot


def test_a_task_binds_and_info_holds_the_noisy_action():
    environment = Environment(
        PerturbedRobot(MujocoRobot(So101Model())),
        make_task("desk", "pick_place", name="pick_place", time_limit_s=8.0),
    )
    environment.reset(seed=1)
    applied = environment.step(HOME)[4]["action_applied"]
    assert (applied[:5] != HOME[:5]).all()
    assert applied[5] == HOME[5]
    environment.action_spec.validate(applied)


def test_noise_is_correlated_and_bounded_in_size(robot):
    noises = [collect_noise(robot, seed)[:, 1:3] for seed in range(30)]
    sds_rad = [noise.std() for noise in noises]
    assert max(sds_rad) < 0.07
    assert np.mean(sds_rad) == pytest.approx(0.025, abs=0.008)
    roughest = noises[int(np.argmax(sds_rad))]
    correlation = np.corrcoef(roughest[:-1].ravel(), roughest[1:].ravel())[0, 1]
    assert correlation == pytest.approx(CORRELATION, abs=0.08)


def test_same_seed_gives_the_same_noise(robot):
    np.testing.assert_array_equal(collect_noise(robot, 3), collect_noise(robot, 3))
    assert not np.array_equal(collect_noise(robot, 3), collect_noise(robot, 4))


def test_applied_stays_within_the_spec_and_bad_input_is_refused(robot):
    extreme = robot.action_spec.high.copy()
    for _ in range(50):
        robot.action_spec.validate(robot.send_action(extreme))
    with pytest.raises(SpecError):
        robot.send_action(np.full(6, np.nan, np.float32))


def test_zero_noise_changes_nothing():
    robot = PerturbedRobot(MujocoRobot(So101Model()), max_sd_rad=0.0)
    robot.connect()
    assert (collect_noise(robot, 1) == 0).all()


def test_negative_noise_is_refused():
    with pytest.raises(RobolearnError, match="negative"):
        PerturbedRobot(MujocoRobot(So101Model()), max_sd_rad=-0.1)
