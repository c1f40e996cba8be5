import math

import mujoco
import numpy as np
import pytest

from robolearn.sim.models import get_body_model
from robolearn.sim.tasks.drive_laps import HALF_WIDTH_M, NUM_CHECKPOINTS, TRACK_PIECES
from robolearn.sim.track import WALL_THICKNESS_M, Piece, Track, arc
from robolearn.sim.world import World

SQUARE = (Piece(1.0), arc(0.5, 90.0)) * 4


@pytest.fixture
def square():
    return Track((-1.0, 2.0), SQUARE, half_width_m=0.3, num_checkpoints=4)


@pytest.fixture
def laps_track():
    return Track((0.0, 0.0), TRACK_PIECES, HALF_WIDTH_M, NUM_CHECKPOINTS)


def test_length_and_checkpoints(square):
    assert square.length_m == pytest.approx(4 + math.pi)
    np.testing.assert_allclose(square.checkpoints_m, np.arange(4) * square.length_m / 4)


def test_poses_follow_the_pieces(square):
    assert square.find_pose(0.0) == pytest.approx((-1.0, 2.0, 0.0))
    assert square.find_pose(1.0, lateral_m=0.1) == pytest.approx((0.0, 2.1, 0.0))
    assert square.find_pose(1.0 + math.pi / 4) == pytest.approx((0.5, 2.5, math.pi / 2))
    x, y, _ = square.find_pose(-0.25)
    assert (x, y) == pytest.approx(square.find_pose(square.length_m - 0.25)[:2])


def test_curvature_is_positive_to_the_left(square, laps_track):
    assert square.find_curvature(0.5) == 0.0
    assert square.find_curvature(1.1) == pytest.approx(2.0)
    bends = {round(laps_track.find_curvature(s), 3) for s in np.arange(0, laps_track.length_m, 0.1)}
    assert min(bends) < 0 < max(bends)


def test_the_heading_is_the_direction_of_the_line(laps_track):
    for distance_m in np.arange(0.0, laps_track.length_m, 0.37):
        x, y, yaw_rad = laps_track.find_pose(distance_m)
        next_x, next_y, _ = laps_track.find_pose(distance_m + 1e-5)
        assert math.cos(math.atan2(next_y - y, next_x - x) - yaw_rad) > 1 - 1e-6


def test_locating_is_the_inverse_of_finding_the_pose(laps_track):
    for distance_m in np.arange(0.0, laps_track.length_m, 0.083):
        for lateral_m in (-0.3, 0.0, 0.3):
            x, y, _ = laps_track.find_pose(distance_m, lateral_m)
            found_m, found_lateral_m = laps_track.locate(np.array([x, y]))
            assert abs(laps_track.measure_way(distance_m, found_m)) < 0.01
            assert found_lateral_m == pytest.approx(lateral_m, abs=0.001)


def test_the_way_is_the_shorter_one_and_signed(square):
    assert square.measure_way(0.2, 0.5) == pytest.approx(0.3)
    assert square.measure_way(0.2, square.length_m - 0.1) == pytest.approx(-0.3)


def test_a_line_that_does_not_close_is_refused():
    with pytest.raises(ValueError, match="ends at"):
        Track((0.0, 0.0), SQUARE[:-1], 0.3, 4)
    with pytest.raises(ValueError, match="ends at"):
        Track((0.0, 0.0), (Piece(1.0), arc(1e-9, 180.0), Piece(1.0)), 0.3, 4)


def test_walls_stand_on_both_sides_without_a_gap(laps_track):
    body = get_body_model("rc_car")
    world = World(body, laps_track.add_to, body.physics)
    world.free_body("car").place((0.0, 0.0, 5.0))  # out of the way
    world.forward()
    hit = np.zeros(1, np.int32)
    for distance_m in np.arange(0.0, laps_track.length_m, 0.04):
        x, y, yaw_rad = laps_track.find_pose(distance_m)
        for side in (1, -1):
            across = np.array([-side * math.sin(yaw_rad), side * math.cos(yaw_rad), 0.0])
            start = np.array([x, y, 0.05])
            free_m = mujoco.mj_ray(world.model, world.data, start, across, None, 1, -1, hit)
            # A box is a chord: in a bend its middle comes a little nearer, or stays back.
            assert HALF_WIDTH_M - 0.02 < free_m < HALF_WIDTH_M + 0.02
    assert WALL_THICKNESS_M > 0.02


def test_nothing_on_the_floor_is_driven_over(laps_track):
    body = get_body_model("rc_car")
    world = World(body, laps_track.add_to, body.physics)
    colliding = np.flatnonzero(world.model.geom_conaffinity)
    heights = world.model.geom_pos[colliding, 2]
    names = [world.model.geom(index).name for index in colliding]
    assert [name for name, height in zip(names, heights, strict=True) if height == 0] == ["floor"]
