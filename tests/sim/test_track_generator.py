"""Laws of drawn tracks, over 200 seeds and three widths."""

import math

import numpy as np
import pytest

from robolearn.embodiments.rc_car import MAX_STEERING_ANGLE_RAD, compute_steering_angle
from robolearn.errors import RobolearnError
from robolearn.sim import track_generator
from robolearn.sim.floor import FLOOR_HALF_SIZE_M
from robolearn.sim.track import WALL_THICKNESS_M, Piece, Track, arc
from robolearn.sim.track_generator import (
    CHECKPOINT_SPACING_M,
    RUN_OUT_M,
    RUN_UP_M,
    draw_track,
    find_min_radius,
    measure_clearance,
)

HALF_WIDTHS_M = (0.35, 0.45, 0.6)
FINE_M = 0.04


@pytest.fixture(scope="module")
def tracks():
    return [
        draw_track(seed, HALF_WIDTHS_M[seed % 3], is_clockwise=seed % 2 == 1).track
        for seed in range(200)
    ]


def sample(track, lateral_m=0.0):
    """Evenly spaced poses along the line: x, y and heading, shape (num_points, 3)."""
    distances_m = np.linspace(0, track.length_m, round(track.length_m / FINE_M), endpoint=False)
    return np.array([track.find_pose(distance_m, lateral_m) for distance_m in distances_m])


def test_the_line_is_closed_without_a_step_or_a_kink(tracks):
    for track in tracks:
        poses = sample(track)
        steps = np.roll(poses, -1, axis=0) - poses
        spacing_m = track.length_m / len(poses)
        assert np.hypot(steps[:, 0], steps[:, 1]).max() <= spacing_m + 1e-9
        turns_rad = np.remainder(steps[:, 2] + math.pi, 2 * math.pi) - math.pi
        # No piece, the first and the last included, turns tighter than the car can, with a margin.
        assert np.abs(turns_rad).max() <= spacing_m / find_min_radius(track.half_width_m) + 1e-9


def test_no_bend_asks_for_more_than_the_steering_gives(tracks):
    for track in tracks:
        curvatures = [track.find_curvature(s) for s in np.arange(0, track.length_m, FINE_M)]
        assert compute_steering_angle(max(map(abs, curvatures))) < 0.8 * MAX_STEERING_ANGLE_RAD


def test_it_goes_round_once_the_way_that_was_asked_for(tracks):
    for seed, track in enumerate(tracks):
        spacing_m = track.length_m / 2000
        turned_rad = spacing_m * sum(track.find_curvature(i * spacing_m) for i in range(2000))
        assert turned_rad == pytest.approx(-2 * math.pi if seed % 2 else 2 * math.pi, abs=0.2)


def test_no_wall_stands_in_the_lane(tracks):
    for track in tracks:
        line = sample(track)[:, :2]
        for side in (1, -1):
            wall = sample(track, side * track.half_width_m)[:, :2]
            distances_m = np.hypot(*(wall[:, None] - line).transpose(2, 0, 1)).min(axis=1)
            assert distances_m.min() > track.half_width_m - 1e-3


def test_two_parts_of_the_lane_have_both_walls_between_them(tracks):
    for track in tracks:
        line = sample(track)[:, :2]
        lane_m = 2 * (track.half_width_m + WALL_THICKNESS_M)
        apart_m = math.pi / 2 * lane_m
        assert measure_clearance(line, track.length_m / len(line), apart_m) > lane_m


def test_it_lies_on_the_floor_with_its_walls(tracks):
    for track in tracks:
        low_w, high_w = track.find_bounds()
        assert max(-low_w.min(), high_w.max()) < FLOOR_HALF_SIZE_M / 2
        for side in (1, -1):
            wall = sample(track, side * (track.half_width_m + WALL_THICKNESS_M))[:, :2]
            assert (wall > low_w - 1e-3).all()
            assert (wall < high_w + 1e-3).all()


def test_checkpoints_lie_in_order_and_the_first_on_a_straight(tracks):
    for track in tracks:
        ways_m = np.diff([*track.checkpoints_m, track.length_m])
        assert track.checkpoints_m[0] == 0.0
        assert (np.abs(ways_m - CHECKPOINT_SPACING_M) < 0.3).all()
        for distance_m in np.arange(-RUN_UP_M + 0.01, RUN_OUT_M, 0.1):
            assert track.find_curvature(distance_m) == 0.0


def test_the_same_arguments_give_the_same_track_and_others_another(tracks):
    lengths_m = {round(track.length_m, 6) for track in tracks}
    assert len(lengths_m) > 190
    for seed in range(0, 200, 20):
        again = draw_track(seed, HALF_WIDTHS_M[seed % 3], is_clockwise=seed % 2 == 1).track
        np.testing.assert_array_equal(sample(again), sample(tracks[seed]))


def test_the_other_way_round_is_the_mirror_image():
    left, right = draw_track(3).track, draw_track(3, is_clockwise=True).track
    np.testing.assert_allclose(sample(right), sample(left) * (1, -1, -1), atol=1e-9)


def test_rejected_candidates_are_counted_by_reason():
    counts = [draw_track(seed).rejections for seed in range(20)]
    reasons = set().union(*counts)
    assert {track_generator.TIGHT, track_generator.ROUND} <= reasons
    assert 0 < sum(count.total() for count in counts) / 20 < 100


def test_drawing_ends_and_says_why(monkeypatch):
    monkeypatch.setattr(track_generator, "MIN_RADIUS_M", 50.0)
    monkeypatch.setattr(track_generator, "MAX_CANDIDATES", 30)
    with pytest.raises(RobolearnError, match=r"seed 5 gives no track 0\.9 m wide .*tight \(\d+\)"):
        draw_track(5)


@pytest.mark.parametrize("half_width_m", [0.1, 1.5, math.nan])
def test_a_lane_the_car_does_not_fit_is_refused(half_width_m):
    with pytest.raises(RobolearnError, match="half_width_m must lie between"):
        draw_track(0, half_width_m)


def test_a_negative_seed_is_refused():
    with pytest.raises(RobolearnError, match="must not be negative, got -1"):
        draw_track(-1)


def test_clearance_is_that_of_parts_that_come_back():
    stadium = Track((0.0, 0.0), (Piece(4.0), arc(0.7, 180.0)) * 2, 0.3, 4)
    line = sample(stadium)[:, :2]
    spacing_m = stadium.length_m / len(line)
    assert measure_clearance(line, spacing_m, 2.3) == pytest.approx(1.4, abs=0.01)
    assert measure_clearance(line, spacing_m, 0.2) == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize(("radius_m", "is_clear"), [(0.45, True), (0.39, False)])
def test_a_lane_that_comes_back_too_close_is_noticed(radius_m, is_clear):
    # The two straights are two radii apart, and a lane of 0.6 m with walls and gap needs 0.8 m.
    stadium = Track((0.0, 0.0), (Piece(4.0), arc(radius_m, 180.0)) * 2, 0.3, 4)
    assert track_generator._is_clear(stadium) is is_clear
