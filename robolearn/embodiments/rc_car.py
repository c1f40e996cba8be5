"""A 1/10 scale RC car with Ackermann steering and four driven wheels.

The body frame lies on the ground under the middle of the rear axle: x forward, y left, z up. Its
speed is that of this point, which is what the formulas below hold for as long as no wheel slides.
"""

from __future__ import annotations

import math

from robolearn import keys
from robolearn.embodiments.embodiment import CameraSpec, Embodiment
from robolearn.specs import ArraySpec, BoundedArraySpec

WHEELBASE_M = 0.26  # between the axles
TRACK_WIDTH_M = 0.19  # between the middles of the wheels of one axle
WHEEL_RADIUS_M = 0.033
MAX_STEERING_ANGLE_RAD = 0.4  # in the middle between the front wheels, either way
MIN_SPEED_MPS, MAX_SPEED_MPS = -1.0, 3.0

RC_CAR = Embodiment(
    name="rc_car",
    state_spec=ArraySpec(
        keys.STATE,
        (6,),
        "float32",
        # The steering angle is the one last commanded: a hobby servo gives no feedback. Speed and
        # distance since the episode began are wheel odometry, which knows nothing of sliding. The
        # accelerations are what an inertial sensor at the centre of mass feels.
        ("steering_angle", "speed", "yaw_rate", "acceleration_x", "acceleration_y", "distance"),
        ("rad", "m/s", "rad/s", "m/s^2", "m/s^2", "m"),
    ),
    action_spec=BoundedArraySpec(
        keys.ACTION,
        (2,),
        "float32",
        ("steering_angle", "speed"),
        ("rad", "m/s"),
        minimum=(-MAX_STEERING_ANGLE_RAD, MIN_SPEED_MPS),
        maximum=(MAX_STEERING_ANGLE_RAD, MAX_SPEED_MPS),
    ),
    control_rate_hz=10.0,
    cameras=(CameraSpec("front", 64, 128),),
    home_position=(0.0, 0.0),
    rest_position=(0.0, 0.0),
)


def compute_curvature(steering_angle_rad: float) -> float:
    """Returns the curvature of the path [1/m], positive to the left."""
    return math.tan(steering_angle_rad) / WHEELBASE_M


def compute_steering_angle(curvature_per_m: float) -> float:
    """Returns the steering angle [rad] that drives a path of this curvature [1/m]."""
    return math.atan(WHEELBASE_M * curvature_per_m)


def compute_turning_radius(steering_angle_rad: float) -> float:
    """Returns the radius of the circle that is driven [m], infinite straight ahead."""
    curvature_per_m = abs(compute_curvature(steering_angle_rad))
    return 1.0 / curvature_per_m if curvature_per_m > 0.0 else math.inf


def compute_yaw_rate(steering_angle_rad: float, speed_mps: float) -> float:
    """Returns how fast the car turns [rad/s], positive to the left."""
    return speed_mps * compute_curvature(steering_angle_rad)


def compute_wheel_angles(steering_angle_rad: float) -> tuple[float, float]:
    """Returns how far the left and the right front wheel are turned [rad].

    By Ackermann's geometry the axles of all wheels meet in one point, the centre of the circle.
    """
    tangent = math.tan(steering_angle_rad)
    shift = tangent * TRACK_WIDTH_M / (2 * WHEELBASE_M)
    return math.atan(tangent / (1 - shift)), math.atan(tangent / (1 + shift))


def compute_wheel_speeds(
    steering_angle_rad: float, speed_mps: float
) -> tuple[float, float, float, float]:
    """Returns how fast each wheel rolls [m/s]: front left, front right, rear left, rear right.

    A wheel's speed is to the car's as its distance from the centre of the circle to the car's.
    """
    left_rad, right_rad = compute_wheel_angles(steering_angle_rad)
    shift = math.tan(steering_angle_rad) * TRACK_WIDTH_M / (2 * WHEELBASE_M)
    rear_left_mps, rear_right_mps = speed_mps * (1 - shift), speed_mps * (1 + shift)
    return (
        rear_left_mps / math.cos(left_rad),
        rear_right_mps / math.cos(right_rad),
        rear_left_mps,
        rear_right_mps,
    )
