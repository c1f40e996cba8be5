"""`CarMotion`: how a car moves, from its wheels and an inertial sensor or its steering."""

from __future__ import annotations

import numpy as np

from robolearn.embodiments.rc_car import RC_CAR, compute_yaw_rate
from robolearn.errors import UnknownNameError
from robolearn.hardware.car_calibration import CarCalibration
from robolearn.hardware.vesc.driver import Vesc
from robolearn.hardware.vesc.state import VescState
from robolearn.specs import Array

MOTION_SENSORS = ("imu", "steering")


class CarMotion:
    """Turns what a VESC says into the state of the car."""

    def __init__(self, calibration: CarCalibration, motion_sensor: str) -> None:
        """Begins an episode.

        Args:
            calibration: of the car.
            motion_sensor: where yaw rate and accelerations come from: `imu`, the VESC's inertial
                sensor; or `steering`, computed from speed and steering angle as if no wheel slid.

        Raises:
            UnknownNameError: if there is no such sensor.
        """
        if motion_sensor not in MOTION_SENSORS:
            raise UnknownNameError("motion sensor", motion_sensor, MOTION_SENSORS, "on rc_car")
        self.motion_sensor = motion_sensor
        self._calibration = calibration
        self.begin()

    def begin(self) -> None:
        """Lets the next state be the first of an episode, at distance 0."""
        self._start_counts: int | None = None
        self._previous: tuple[float, float] | None = None  # when, and how fast

    def compute_state(
        self, vesc: Vesc, state: VescState, steering_angle_rad: float, now_s: float
    ) -> Array:
        """Returns `observation.state` of the car.

        Args:
            vesc: whose inertial sensor is read, if it is used.
            state: what the VESC has just said.
            steering_angle_rad: as commanded [rad].
            now_s: when it said so [s].
        """
        speed_mps = self._calibration.compute_speed(state.erpm)
        if self._start_counts is None:
            self._start_counts = state.odometer_counts
        counts = state.odometer_counts - self._start_counts
        distance_m = counts * self._calibration.metres_per_count
        if self.motion_sensor == "imu":
            imu = vesc.read_imu()
            yaw_rate_radps = imu.angular_velocity_radps[2]
            forward_mps2, left_mps2, _ = imu.acceleration_mps2
        else:
            yaw_rate_radps = compute_yaw_rate(steering_angle_rad, speed_mps)
            forward_mps2 = self._differentiate(speed_mps, now_s)
            left_mps2 = speed_mps * yaw_rate_radps
        return np.array(
            (steering_angle_rad, speed_mps, yaw_rate_radps, forward_mps2, left_mps2, distance_m),
            RC_CAR.state_spec.dtype,
        )

    def _differentiate(self, speed_mps: float, now_s: float) -> float:
        """Returns how fast the speed has changed since the last state [m/s^2]."""
        previous, self._previous = self._previous, (now_s, speed_mps)
        if previous is None or now_s <= previous[0]:
            return 0.0
        return (speed_mps - previous[1]) / (now_s - previous[0])
