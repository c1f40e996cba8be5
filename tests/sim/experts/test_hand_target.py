from __future__ import annotations

import math

import numpy as np
import pytest

from robolearn.sim.experts.hand_target import HandTarget, make_target

HERE_W = np.array([0.4, 0.3, 0.2])
AHEAD_W = np.array([0.6, 0.0, -0.8])
OPENING_W = np.array([0.0, 1.0, 0.0])


def test_a_target_points_and_opens_as_wanted():
    target = make_target(HERE_W, AHEAD_W, OPENING_W, has_azimuth=True)
    ahead, _, opening = target.rotation.T
    np.testing.assert_allclose(ahead, AHEAD_W, atol=1e-9)
    assert abs(opening @ OPENING_W) == pytest.approx(1.0)


def test_a_target_straight_down_opens_as_wanted_without_an_azimuth():
    target = make_target(HERE_W, np.array([0.0, 0.0, -1.0]), OPENING_W, has_azimuth=False)
    assert target.azimuth_rad is None
    np.testing.assert_allclose(target.ahead_w, (0.0, 0.0, -1.0), atol=1e-9)
    assert abs(target.rotation[:, 2] @ OPENING_W) == pytest.approx(1.0)


def test_fingers_may_change_places_but_what_they_hold_may_not():
    empty = make_target(HERE_W, AHEAD_W, -OPENING_W, has_azimuth=True)
    holding = make_target(HERE_W, AHEAD_W, -OPENING_W, has_azimuth=True, symmetry_rad=2 * math.pi)
    assert empty == make_target(HERE_W, AHEAD_W, OPENING_W, has_azimuth=True)
    np.testing.assert_allclose(holding.rotation[:, 2], -OPENING_W, atol=1e-9)


@pytest.mark.parametrize("azimuth_rad", [None, 0.7])
def test_a_shifted_hand_is_turned_as_before(azimuth_rad):
    pitch_rad = math.pi / 2 if azimuth_rad is None else 0.3
    target = HandTarget(HERE_W, pitch_rad, 1.0, azimuth_rad)
    moved = target.shift(np.array([0.1, -0.4, 0.05]))
    np.testing.assert_allclose(moved.rotation, target.rotation, atol=1e-9)


def test_a_way_turns_evenly_the_short_way_round_and_ends_at_its_goal():
    start, goal = HandTarget(HERE_W, 0.5, 1.0, 3.0), HandTarget(HERE_W + 0.2, 1.5, 0.0, -3.0)
    way = start.find_way(goal)
    middle = way.at(0.5)
    assert way.at(1.0) is goal
    assert way.length_m == pytest.approx(0.2 * math.sqrt(3))
    assert way.turn_rad == pytest.approx(1.0)
    assert (middle.pitch_rad, middle.roll_rad) == (1.0, 0.5)
    assert math.cos(middle.bearing_rad) == pytest.approx(-1.0)
