"""The expert of driving tasks: follows the centre line, as fast as its bends allow."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from robolearn.embodiments.rc_car import MAX_SPEED_MPS, RC_CAR, compute_steering_angle
from robolearn.policy import Policy
from robolearn.sim.surfaces import find_floor_friction
from robolearn.sim.track import Track
from robolearn.sim.world import World
from robolearn.specs import Array

# A third of what the tyres can do sideways, and less than half of what a VESC's ramp of
# 25,000 ERPM/s allows lengthwise (5.4 m/s^2 at 4614 ERPM per m/s): the car can always follow. Both
# at a friction of 1; on other surfaces they are so many times as large.
LATERAL_ACCELERATION_MPS2 = 3.5
ACCELERATION_MPS2 = 2.0
PROFILE_SPACING_M = 0.05
# How far ahead the point lies that is steered for: a distance, and a time at the present speed.
LOOK_AHEAD_M, LOOK_AHEAD_S = 0.25, 0.22


class PathFollower(Policy):
    """Pure pursuit: steers on the arc that leads to a point of the centre line ahead.

    It looks at the car's true pose and the floor's friction, which is the expert's privilege.
    """

    def __init__(self, world: World, track: Track) -> None:
        """Takes hold of the car."""
        self._world, self._track = world, track
        self._car = world.free_body("car")
        self._friction = 0.0  # before the first episode

    def reset(self, instruction: str, seed: int) -> None:
        """Begins at the speed the car has; works out how fast each place can be driven."""
        del instruction, seed
        self._speed_mps = self._measure_speed()
        friction = find_floor_friction(self._world)
        if friction != self._friction:
            self._friction = friction
            self._profile_mps = compute_speed_profile(self._track, friction)
            self._spacing_m = self._track.length_m / len(self._profile_mps)

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns steering angle and speed."""
        del observation
        period_s = RC_CAR.control_period_s
        distance_m, _ = self._track.locate(self._car.position_w[:2])
        steering_angle_rad = compute_steering_angle(self._find_curvature(distance_m))
        # The speed asked for now is the one to have at the end of the step.
        ahead_m = distance_m + self._speed_mps * period_s
        wanted_mps = float(
            self._profile_mps[int(ahead_m / self._spacing_m) % len(self._profile_mps)]
        )
        step_mps = self._friction * ACCELERATION_MPS2 * period_s
        self._speed_mps = min(
            max(wanted_mps, self._speed_mps - step_mps), self._speed_mps + step_mps
        )
        return RC_CAR.action_spec.clip(np.array((steering_angle_rad, self._speed_mps), np.float32))

    def _find_curvature(self, distance_m: float) -> float:
        """Returns the curvature of the arc that leads from here to the point ahead [1/m]."""
        x, y, _ = self._car.position_w.tolist()
        yaw_rad = self._car.yaw_rad
        look_ahead_m = LOOK_AHEAD_M + LOOK_AHEAD_S * max(self._speed_mps, 0.0)
        goal_x, goal_y, _ = self._track.find_pose(distance_m + look_ahead_m)
        left_m = math.cos(yaw_rad) * (goal_y - y) - math.sin(yaw_rad) * (goal_x - x)
        return 2 * left_m / max((goal_x - x) ** 2 + (goal_y - y) ** 2, 1e-6)

    def _measure_speed(self) -> float:
        """The car's speed along its own x axis [m/s]."""
        velocity_x_w, velocity_y_w, _ = self._car.velocity_w.tolist()
        yaw_rad = self._car.yaw_rad
        return math.cos(yaw_rad) * velocity_x_w + math.sin(yaw_rad) * velocity_y_w


def compute_speed_profile(track: Track, friction: float) -> Array:
    """Returns how fast each place of the track can be driven, evenly spaced along it [m/s].

    Bends limit it by the lateral acceleration; before them the car must brake, and after them it
    speeds up, within the lengthwise acceleration.

    Args:
        track: what is driven along.
        friction: of the tyres on its surface, of which both accelerations are a share.
    """
    num_places = math.ceil(track.length_m / PROFILE_SPACING_M)
    spacing_m = track.length_m / num_places
    curvatures = [track.find_curvature(index * spacing_m) for index in range(num_places)]
    lateral_mps2 = friction * LATERAL_ACCELERATION_MPS2
    squares = [
        min(MAX_SPEED_MPS**2, lateral_mps2 / max(abs(curvature), 1e-6)) for curvature in curvatures
    ]
    gain = 2 * friction * ACCELERATION_MPS2 * spacing_m
    for step in (-1, 1):  # backwards for braking, forwards for speeding up; twice round each
        for index in range(2 * num_places):
            here, there = step * index % num_places, step * (index + 1) % num_places
            squares[there] = min(squares[there], squares[here] + gain)
    return np.sqrt(squares)
