import math

import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.rollout import run_episode
from robolearn.sim.experts import path_follower
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.surfaces import SURFACES, find_floor_friction
from robolearn.sim.tasks.drive_laps import START_DISTANCE_M, START_LATERAL_M
from robolearn.sim.tasks.drive_track import TRACKS, DriveTrack
from robolearn.testing import check_environment

# Results refer to these very tracks.
LENGTHS_M = {
    "asphalt_anticlockwise": 23.82,
    "asphalt_clockwise": 25.53,
    "carpet_anticlockwise": 21.81,
    "carpet_clockwise": 20.95,
    "wood_anticlockwise": 23.61,
    "wood_clockwise": 25.13,
    "concrete_anticlockwise": 22.73,
    "concrete_clockwise": 18.49,
    "wet_concrete_anticlockwise": 24.52,
    "wet_concrete_clockwise": 23.58,
}


@pytest.fixture(params=TRACKS)
def name(request):
    return request.param


def make_environment(name="carpet_clockwise"):
    task = DriveTrack(name, **TRACKS[name])
    return Environment(MujocoRobot(get_body_model("rc_car")), task)


def test_there_are_ten_tracks_of_every_surface_both_ways_round():
    assert len(TRACKS) == 10
    kinds = {(setting["surface"], setting["is_clockwise"]) for setting in TRACKS.values()}
    assert kinds == {(surface, way) for surface in SURFACES for way in (False, True)}
    assert len({setting["seed"] for setting in TRACKS.values()}) == 10
    assert len({setting["half_width_m"] for setting in TRACKS.values()}) > 3


def test_it_keeps_the_contract_of_an_environment():
    check_environment(make_environment)


def test_a_track_of_the_suite_stays_as_it_is(name):
    task = DriveTrack(name, **TRACKS[name])
    assert task.embodiment_names == ("rc_car",)
    assert task.track.length_m == pytest.approx(LENGTHS_M[name], abs=0.01)
    assert find_floor_friction(make_environment(name).task.world) == task.surface.friction


def test_every_track_has_an_instruction_of_its_own():
    instructions = {DriveTrack(name, **setting).instruction for name, setting in TRACKS.items()}
    assert len(instructions) == 10
    assert "Drive three laps clockwise round the polished concrete track." in instructions


class Watcher:
    """Keeps how far the car strayed from the centre line."""

    def __init__(self, task):
        self.task, self.lateral_m = task, []

    def on_episode_start(self, start):
        pass

    def on_step(self, step):
        self.lateral_m.append(self.task.track.locate(self.task.car.position_w[:2])[1])

    def on_episode_end(self, result):
        pass

    def on_episode_abort(self, error):
        pass


def test_the_expert_solves_it_in_about_half_the_time_and_stays_clear_of_the_walls(name):
    environment = make_environment(name)
    task, watcher = environment.task, Watcher(environment.task)
    expert = task.make_expert()
    for seed in (50000, 50001):
        assert run_episode(environment, expert, [watcher], seed=seed).success
        assert len(task.lap_times_s) == task.num_laps
        assert 0.35 < task.world.data.time / task.time_limit_s < 0.65
    assert np.abs(watcher.lateral_m).max() < START_LATERAL_M + 0.03


def test_an_expert_that_takes_a_wet_floor_for_a_dry_one_slides_into_the_wall(monkeypatch):
    monkeypatch.setattr(path_follower, "find_floor_friction", lambda world: 1.0)
    environment = make_environment("wet_concrete_anticlockwise")
    watcher = Watcher(environment.task)
    run_episode(environment, environment.task.make_expert(), [watcher], seed=50000)
    assert np.abs(watcher.lateral_m).max() > 0.3


def test_laps_are_slower_where_it_is_slippery():
    laps_s = []
    for surface in ("carpet", "wood", "wet_concrete"):
        task = DriveTrack("slippery", seed=2, surface=surface, num_laps=1)
        environment = Environment(MujocoRobot(get_body_model("rc_car")), task)
        assert run_episode(environment, task.make_expert(), seed=50000).success
        laps_s += task.lap_times_s
    assert np.diff(laps_s).min() > 1.0


def test_starts_lie_behind_the_line_and_along_the_track():
    environment = make_environment()
    task = environment.task
    for seed in range(10):
        environment.reset(seed=seed)
        distance_m, lateral_m = task.track.locate(task.car.position_w[:2])
        way_m = task.track.measure_way(0.0, distance_m)
        assert START_DISTANCE_M[0] <= way_m <= START_DISTANCE_M[1]
        assert abs(lateral_m) <= START_LATERAL_M
        assert math.cos(task.car.yaw_rad - task.track.find_pose(0.0)[2]) > 0.98


def test_the_overview_shows_the_whole_track(name):
    environment = make_environment(name)
    task = environment.task
    model, data = task.world.model, task.world.data
    environment.reset(seed=0)
    camera = model.camera("overview")
    rotation = data.cam("overview").xmat.reshape(3, 3)
    reach = math.tan(math.radians(float(camera.fovy[0])) / 2)
    most = 0.0
    for distance_m in np.arange(0.0, task.track.length_m, 0.1):
        for side in (1, -1):
            x, y, _ = task.track.find_pose(distance_m, side * (task.track.half_width_m + 0.05))
            right, up, behind = (np.array([x, y, 0.0]) - data.cam("overview").xpos) @ rotation
            most = max(most, abs(right) / -behind / reach * 3 / 4, abs(up) / -behind / reach)
    assert 0.7 < most < 1.0


def test_what_does_not_exist_is_refused():
    with pytest.raises(UnknownNameError, match="unknown surface 'ice'"):
        DriveTrack("x", seed=0, surface="ice")
    with pytest.raises(RobolearnError, match="num_laps of 'x' must be one of 1, 2, 3, got 7"):
        DriveTrack("x", seed=0, surface="wood", num_laps=7)
