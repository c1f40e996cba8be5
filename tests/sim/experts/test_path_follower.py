import numpy as np
import pytest

from robolearn.embodiments.rc_car import MAX_SPEED_MPS, RC_CAR, WHEEL_RADIUS_M
from robolearn.environment import Environment
from robolearn.plant import Drive
from robolearn.rollout import run_episode
from robolearn.sim.experts.path_follower import (
    ACCELERATION_MPS2,
    LATERAL_ACCELERATION_MPS2,
    compute_speed_profile,
)
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.drive_laps import DriveLaps
from robolearn.testing import check_policy

# What a VESC of the F1TENTH cars does with set-points: 25,000 ERPM/s at 4614 ERPM per m/s.
VESC_RAMP_MPS2 = 25_000 / 4614


def make_environment():
    task = DriveLaps("drive_laps", "Drive two laps.", 40.0)
    return Environment(MujocoRobot(get_body_model("rc_car")), task)


@pytest.fixture(scope="module")
def environment():
    return make_environment()


class Watcher:
    """Keeps the actions of an episode, and how far the car strayed from the centre line."""

    def __init__(self, task):
        self.task, self.actions, self.lateral_m = task, [], []

    def on_episode_start(self, start):
        pass

    def on_step(self, step):
        self.actions.append(step.action)
        self.lateral_m.append(self.task.track.locate(self.task.car.position_w[:2])[1])

    def on_episode_end(self, result):
        pass

    def on_episode_abort(self, error):
        pass


def solve(environment, seeds):
    expert = environment.task.make_expert()
    return [run_episode(environment, expert, seed=seed).success for seed in seeds]


def test_it_keeps_the_contract_of_a_policy(environment):
    observation, _ = environment.reset(seed=0)
    check_policy(
        environment.task.make_expert(),
        environment.observation_spec,
        environment.action_spec,
        [observation] * 5,
    )


def test_it_follows_the_centre_line_smoothly(environment):
    watcher = Watcher(environment.task)
    result = run_episode(environment, environment.task.make_expert(), [watcher], seed=7)
    assert result.success
    assert np.abs(watcher.lateral_m).max() < 0.15
    speeds_mps = np.array(watcher.actions)[:, 1]
    steps_mps = np.diff(speeds_mps, prepend=0.0)
    most_mps = 1.01 * ACCELERATION_MPS2 * RC_CAR.control_period_s
    assert np.abs(steps_mps).max() < most_mps
    assert speeds_mps.max() > 0.9 * MAX_SPEED_MPS
    assert len(environment.task.lap_times_s) == 2
    assert max(environment.task.lap_times_s) < 9.0


def test_it_drives_on_from_wherever_the_car_stands(environment):
    environment.reset(seed=0)
    task = environment.task
    expert = task.make_expert()
    x, y, yaw_rad = task.track.find_pose(7.0, lateral_m=-0.2)
    task.car.place((x, y, 0.0), yaw_rad - 0.3)
    expert.reset("", 0)
    for _ in range(50):
        environment.step(expert.select_action({}))
    distance_m, lateral_m = task.track.locate(task.car.position_w[:2])
    assert (distance_m - 7.0) % task.track.length_m > 5.0
    assert abs(lateral_m) < 0.1


def test_the_speed_profile_keeps_to_its_limits(environment):
    track = environment.task.track
    profile_mps = compute_speed_profile(track, friction=1.0)
    spacing_m = track.length_m / len(profile_mps)
    curvatures = [track.find_curvature(i * spacing_m) for i in range(len(profile_mps))]
    lateral_mps2 = profile_mps**2 * np.abs(curvatures)
    assert lateral_mps2.max() == pytest.approx(LATERAL_ACCELERATION_MPS2)
    along_mps2 = (np.roll(profile_mps, -1) ** 2 - profile_mps**2) / (2 * spacing_m)
    assert np.abs(along_mps2).max() <= ACCELERATION_MPS2 + 1e-9
    assert np.abs(along_mps2).max() == pytest.approx(ACCELERATION_MPS2)


def test_on_a_slippery_floor_it_asks_for_less(environment):
    watcher = Watcher(environment.task)
    friction = environment.task.world.model.geom("floor").friction
    expert = environment.task.make_expert()
    friction[0] = 0.4
    try:
        assert run_episode(environment, expert, [watcher], seed=7).success
    finally:
        friction[0] = 1.0
    assert np.abs(watcher.lateral_m).max() < 0.15
    steps_mps = np.diff(np.array(watcher.actions)[:, 1], prepend=0.0)
    most_mps = 0.4 * ACCELERATION_MPS2 * RC_CAR.control_period_s
    assert np.abs(steps_mps).max() == pytest.approx(most_mps, rel=0.01)
    slow_s = environment.task.lap_times_s[1]
    # The same expert notices that the floor is dry again.
    assert run_episode(environment, expert, seed=7).success
    assert environment.task.lap_times_s[1] < 0.8 * slow_s


def test_laps_through_a_motor_controller_take_as_long_as_driven_directly(environment):
    run_episode(environment, environment.task.make_expert(), seed=3)
    direct_s = list(environment.task.lap_times_s)
    task = make_environment().task
    task.reset(seed=3)
    expert = task.make_expert()
    expert.reset("", 3)
    actuators = get_body_model("rc_car").make_plant_actuators(task.world)
    timestep_s = task.world.model.opt.timestep
    num_substeps = round(RC_CAR.control_period_s / timestep_s)
    speed_mps, evaluation = 0.0, task.evaluate()
    while not evaluation.terminated:
        steering_angle_rad, wanted_mps = expert.select_action({}).tolist()
        actuators["steering"].drive(Drive.POSITION, steering_angle_rad, 1.0)
        for _ in range(num_substeps):
            change_mps = VESC_RAMP_MPS2 * timestep_s
            speed_mps += min(max(wanted_mps - speed_mps, -change_mps), change_mps)
            actuators["motor"].drive(Drive.VELOCITY, speed_mps / WHEEL_RADIUS_M, 1.0)
            task.world.advance(1)
        evaluation = task.evaluate()
    assert evaluation.success
    np.testing.assert_allclose(task.lap_times_s, direct_s, rtol=0.05)


def test_it_solves_fresh_starts(environment):
    assert all(solve(environment, range(900, 910)))


@pytest.mark.slow
def test_it_solves_nearly_all_of_a_hundred_fresh_starts(environment):
    assert sum(solve(environment, range(1000, 1100))) >= 95
