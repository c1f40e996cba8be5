import math

import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks import drive_laps
from robolearn.sim.tasks.drive_laps import HALF_WIDTH_M, DriveLaps
from robolearn.testing import check_environment

STILL = np.zeros(2, np.float32)


def make_environment(num_laps=2, time_limit_s=2.0):
    task = DriveLaps("drive_laps", "Drive two laps.", time_limit_s, num_laps)
    return Environment(MujocoRobot(get_body_model("rc_car")), task)


@pytest.fixture
def environment():
    environment = make_environment()
    environment.reset(seed=3)
    return environment


def carry(task, distances_m, period_s=0.1):
    """Puts the car at places along the track, one per step; returns what the task says to each."""
    verdicts = []
    for distance_m in distances_m:
        x, y, yaw_rad = task.track.find_pose(distance_m)
        task.car.place((x, y, 0.0), yaw_rad)
        task.world.data.time += period_s
        verdicts.append(task.evaluate())
    return verdicts


def test_it_keeps_the_contract_of_an_environment():
    check_environment(make_environment)


def test_laps_are_counted_at_the_line_and_timed_between_two_steps(environment):
    task = environment.task
    length_m = task.track.length_m
    start_m = -0.3
    verdicts = carry(task, np.arange(start_m, 2 * length_m + 0.5, 0.25))
    ended = [verdict.terminated for verdict in verdicts]
    assert ended.index(True) == len(ended) - 2  # 0.25 m before the last
    assert verdicts[-2].success
    assert [verdict.reward for verdict in verdicts[-3:-1]] == [0.0, 1.0]
    # 0.25 m in 0.1 s; the start itself was reached after the first step.
    first_s = (length_m - start_m) / 2.5 + 0.1
    np.testing.assert_allclose(task.lap_times_s[:2], [first_s, length_m / 2.5], rtol=2e-3)


def test_lap_times_are_those_of_the_episode_alone(environment):
    task = environment.task
    carry(task, np.arange(0.0, task.track.length_m + 0.5, 0.25))
    assert len(task.lap_times_s) == 1
    environment.reset(seed=4)
    assert task.lap_times_s == []
    carry(task, np.arange(-0.3, task.track.length_m + 0.5, 0.25))
    assert len(task.lap_times_s) == 1


def test_crossing_the_line_to_and_fro_is_no_lap(environment):
    task = environment.task
    assert not any(v.success for v in carry(task, [-0.2, 0.2] * 20))
    assert task.lap_times_s == []


def test_the_wrong_way_round_is_no_lap(environment):
    task = environment.task
    verdicts = carry(task, -np.arange(0.3, 2.5 * task.track.length_m, 0.25))
    assert task.lap_times_s == []
    assert not any(verdict.terminated for verdict in verdicts)


def test_a_checkpoint_that_was_left_out_must_be_made_up_for(environment):
    task = environment.task
    track = task.track
    third_m = track.checkpoints_m[3]
    carry(task, np.arange(-0.2, third_m - 0.1, 0.25))
    # Lifted over the third checkpoint and set down behind it: no later one counts.
    task.car.place((*track.find_pose(third_m + 0.2)[:2], 0.0))
    task._note_place()
    carry(task, np.arange(third_m + 0.2, track.length_m + 0.5, 0.25))
    assert task.lap_times_s == []
    carry(task, np.arange(0.5, track.length_m + 0.5, 0.25))
    assert len(task.lap_times_s) == 1


@pytest.mark.parametrize(("roll_rad", "ended"), [(0.8, False), (1.2, True), (math.pi, True)])
def test_a_car_that_rolled_over_has_failed(environment, roll_rad, ended):
    task = environment.task
    task.world.data.joint("car").qpos[3:] = (math.cos(roll_rad / 2), math.sin(roll_rad / 2), 0, 0)
    verdict = task.evaluate()
    assert (verdict.terminated, verdict.success, verdict.reward) == (ended, False, 0.0)


@pytest.mark.parametrize("side", [1, -1])
def test_a_car_beyond_the_wall_has_failed(environment, side):
    task = environment.task
    for lateral_m, ended in ((HALF_WIDTH_M - 0.02, False), (HALF_WIDTH_M + 0.05, True)):
        x, y, yaw_rad = task.track.find_pose(0.5, side * lateral_m)
        task.car.place((x, y, 0.0), yaw_rad)
        assert task.evaluate().terminated is ended


def test_walls_hold_a_car_at_full_speed_on_the_track(environment):
    task = environment.task
    environment.reset(seed=0)
    x, y, yaw_rad = task.track.find_pose(1.0)
    task.car.place((x, y, 0.0), yaw_rad + 0.5)
    for _ in range(20):
        _, _, terminated, _, _ = environment.step(np.float32([0.0, 3.0]))
        assert not terminated
    assert task.car.tilt_cosine > 0.95


def test_starts_lie_behind_the_line_near_the_middle_and_along_the_track(environment):
    task = environment.task
    for seed in range(30):
        environment.reset(seed=seed)
        distance_m, lateral_m = task.track.locate(task.car.position_w[:2])
        way_m = task.track.measure_way(0.0, distance_m)
        assert drive_laps.START_DISTANCE_M[0] <= way_m <= drive_laps.START_DISTANCE_M[1]
        assert abs(lateral_m) <= drive_laps.START_LATERAL_M
        assert abs(task.car.yaw_rad) <= drive_laps.START_YAW_RAD


def test_the_privileged_state_is_in_the_car_s_frame(environment):
    task = environment.task
    x, y, yaw_rad = task.track.find_pose(5.0)
    task.car.place((x, y, 0.0), yaw_rad)
    task.world.data.joint("car").qvel[:] = (
        2 * math.cos(yaw_rad), 2 * math.sin(yaw_rad), 0.0, 0.0, 0.0, 0.7
    )  # fmt: skip
    names = [name for name, _ in DriveLaps.state_channels]
    seen = dict(zip(names, task.get_state().tolist(), strict=True))
    assert (seen["car_x"], seen["car_y"]) == pytest.approx((x, y))
    assert math.cos(seen["car_yaw"] - yaw_rad) == pytest.approx(1.0)
    assert (seen["velocity_x"], seen["velocity_y"]) == pytest.approx((2.0, 0.0), abs=1e-9)
    assert seen["yaw_rate"] == pytest.approx(0.7)
    assert math.hypot(seen["ahead_x"], seen["ahead_y"]) == pytest.approx(1.0, abs=0.1)
    assert seen["ahead_x"] > 0.8
    gate_x, gate_y, _ = task.track.find_pose(task.track.checkpoints_m[1])
    distance_m = math.hypot(gate_x - x, gate_y - y)
    assert math.hypot(seen["checkpoint_x"], seen["checkpoint_y"]) == pytest.approx(distance_m)


def test_the_number_of_laps_is_a_setting():
    environment = make_environment(num_laps=1)
    environment.reset(seed=0)
    task = environment.task
    verdicts = carry(task, np.arange(-0.2, task.track.length_m + 0.3, 0.25))
    assert any(verdict.success for verdict in verdicts)
