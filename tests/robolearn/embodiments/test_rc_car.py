"""The formulas of a car that does not slide, checked against plain geometry of its four wheels."""

import math

import numpy as np
import pytest

from robolearn.embodiments import rc_car
from robolearn.embodiments.rc_car import RC_CAR, TRACK_WIDTH_M, WHEELBASE_M

STEERING_ANGLES_RAD = [-0.4, -0.15, 0.05, 0.3, 0.4]
# Front left, front right, rear left, rear right, as `compute_wheel_speeds` has them.
WHEELS_M = [(x, y) for x in (WHEELBASE_M, 0.0) for y in (TRACK_WIDTH_M / 2, -TRACK_WIDTH_M / 2)]


def find_wheel_velocities(steering_angle_rad, speed_mps):
    """Velocity of each wheel's middle, of a rigid car that turns about its circle's centre."""
    radius_m = WHEELBASE_M / math.tan(steering_angle_rad)
    yaw_rate_radps = speed_mps / radius_m
    return [(speed_mps - yaw_rate_radps * y, yaw_rate_radps * x) for x, y in WHEELS_M]


@pytest.mark.parametrize("steering_angle_rad", STEERING_ANGLES_RAD)
def test_every_front_wheel_points_where_it_goes(steering_angle_rad):
    velocities = find_wheel_velocities(steering_angle_rad, 1.0)[:2]
    angles_rad = rc_car.compute_wheel_angles(steering_angle_rad)
    for (along, across), angle_rad in zip(velocities, angles_rad, strict=True):
        assert math.atan2(across, along) == pytest.approx(angle_rad)


@pytest.mark.parametrize("steering_angle_rad", STEERING_ANGLES_RAD)
@pytest.mark.parametrize("speed_mps", [2.0, -1.0])
def test_every_wheel_rolls_as_fast_as_it_goes(steering_angle_rad, speed_mps):
    velocities = find_wheel_velocities(steering_angle_rad, speed_mps)
    expected = [math.copysign(math.hypot(*velocity), speed_mps) for velocity in velocities]
    speeds_mps = rc_car.compute_wheel_speeds(steering_angle_rad, speed_mps)
    np.testing.assert_allclose(speeds_mps, expected)


def test_the_inner_wheel_turns_further_and_rolls_slower():
    left_rad, right_rad = rc_car.compute_wheel_angles(0.3)
    assert left_rad > 0.3 > right_rad > 0
    front_left, front_right, rear_left, rear_right = rc_car.compute_wheel_speeds(0.3, 1.0)
    assert front_left < front_right
    assert rear_left < 1.0 < rear_right
    assert (rear_left + rear_right) / 2 == pytest.approx(1.0)


def test_straight_ahead_all_wheels_are_alike():
    assert rc_car.compute_wheel_angles(0.0) == (0.0, 0.0)
    assert rc_car.compute_wheel_speeds(0.0, 1.5) == (1.5, 1.5, 1.5, 1.5)
    assert rc_car.compute_turning_radius(0.0) == math.inf
    assert rc_car.compute_yaw_rate(0.0, 3.0) == 0.0


def test_left_is_positive():
    assert rc_car.compute_curvature(0.2) > 0
    assert rc_car.compute_yaw_rate(0.2, 1.0) > 0 > rc_car.compute_yaw_rate(0.2, -1.0)
    assert rc_car.compute_turning_radius(-0.2) == rc_car.compute_turning_radius(0.2) > 0


@pytest.mark.parametrize("steering_angle_rad", STEERING_ANGLES_RAD)
def test_steering_angle_and_curvature_are_inverse(steering_angle_rad):
    curvature_per_m = rc_car.compute_curvature(steering_angle_rad)
    assert rc_car.compute_steering_angle(curvature_per_m) == pytest.approx(steering_angle_rad)
    assert rc_car.compute_turning_radius(steering_angle_rad) == pytest.approx(
        1 / abs(curvature_per_m)
    )


def test_a_full_circle_at_the_yaw_rate_has_the_radius():
    period_s = 2 * math.pi / rc_car.compute_yaw_rate(0.25, 1.7)
    assert 1.7 * period_s / (2 * math.pi) == pytest.approx(rc_car.compute_turning_radius(0.25))


def test_it_steers_and_drives_and_measures_both():
    assert set(RC_CAR.action_spec.channels) <= set(RC_CAR.state_spec.channels)
    assert RC_CAR.control_period_s == pytest.approx(0.1)
