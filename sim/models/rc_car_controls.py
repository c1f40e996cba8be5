"""How the RC car is driven and measured: by actions, or by an emulated motor controller."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from robolearn.embodiments.rc_car import (
    RC_CAR,
    TRACK_WIDTH_M,
    WHEEL_RADIUS_M,
    WHEELBASE_M,
    compute_wheel_angles,
    compute_wheel_speeds,
)
from robolearn.errors import RobotError
from robolearn.plant import ActuatorState, Drive, ImuState
from robolearn.sim.body_model import BodyHandle
from robolearn.specs import Array

# In the order of `compute_wheel_angles` and `compute_wheel_speeds`.
WHEELS = ("front_left", "front_right", "rear_left", "rear_right")
STEERINGS = ("front_left_steering", "front_right_steering")
REAR = slice(2, 4)


class _Wheels:
    """The four wheels: their servos, and what a sensor on the rear axle sees of them."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self.servos = np.array([model.actuator(name).id for name in WHEELS])
        joints = [model.joint(name) for name in WHEELS[REAR]]
        self._rear_qpos = np.array([joint.qposadr[0] for joint in joints])
        self._rear_dofs = np.array([joint.dofadr[0] for joint in joints])
        self._data = data

    @property
    def angle_rad(self) -> float:
        """How far the rear wheels have turned, on the average of both [rad]."""
        left_rad, right_rad = self._data.qpos[self._rear_qpos].tolist()
        return (left_rad + right_rad) / 2

    @property
    def velocity_radps(self) -> float:
        """How fast they turn [rad/s]."""
        left_radps, right_radps = self._data.qvel[self._rear_dofs].tolist()
        return (left_radps + right_radps) / 2

    def drive(self, steering_angle_rad: float, velocity_radps: float) -> None:
        """Sets every wheel's speed so that the rear axle's middle rolls at this one."""
        self._data.ctrl[self.servos] = compute_wheel_speeds(steering_angle_rad, velocity_radps)


class RcCarHandle(BodyHandle):
    """Drives the car by actions: steering angle and speed."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Finds steering, wheels and sensors."""
        self._wheels = _Wheels(model, data)
        self._steerings = np.array([model.actuator(name).id for name in STEERINGS])
        self._data = data
        self._accelerometer = data.sensor("accelerometer").data
        self._gyro = data.sensor("gyro").data
        self._steering_angle_rad = 0.0

    def begin_episode(self) -> None:
        """Stands still, wheels straight."""
        self._drive(*RC_CAR.home_position)

    def act(self, action: Array) -> None:
        """Sets the angles of the front wheels and the speeds of all four."""
        self._drive(*action.tolist())

    def measure(self) -> Array:
        """Returns the commanded steering angle, wheel odometry and the inertial sensor."""
        acceleration_x, acceleration_y, _ = self._accelerometer.tolist()
        return np.array(
            (
                self._steering_angle_rad,
                self._wheels.velocity_radps * WHEEL_RADIUS_M,
                self._gyro[2],
                acceleration_x,
                acceleration_y,
                self._wheels.angle_rad * WHEEL_RADIUS_M,
            ),
            np.float32,
        )

    def stop(self) -> None:
        """Brakes; the front wheels stay turned as they are."""
        self._drive(self._steering_angle_rad, 0.0)

    def _drive(self, steering_angle_rad: float, speed_mps: float) -> None:
        self._steering_angle_rad = steering_angle_rad
        self._data.ctrl[self._steerings] = compute_wheel_angles(steering_angle_rad)
        self._wheels.drive(steering_angle_rad, speed_mps / WHEEL_RADIUS_M)


class RcCarMotor:
    """The motor behind all wheels, as a motor controller sees it; angles are those of the wheels.

    Its torque is shared out equally. What a servo may give is a field of the model: this world is
    the plant's own.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Takes hold of the wheels; the motor is off."""
        self._model, self._data = model, data
        self._wheels = _Wheels(model, data)
        self._limit_nm = float(model.actuator_forcerange[self._wheels.servos[0], 1])
        self._steering_angle_rad = self._velocity_radps = 0.0
        self.drive(Drive.OFF, 0.0, 1.0)

    def drive(self, drive: Drive, target: float, max_effort: float) -> None:
        """Turns by a speed or a torque, brakes, or rolls freely.

        Raises:
            RobotError: for a drive that a wheel does not have.
        """
        most_nm = max_effort * self._limit_nm
        wheel_nm = min(max(target / len(WHEELS), -most_nm), most_nm)
        limits_nm = {
            Drive.VELOCITY: (-most_nm, most_nm),
            Drive.EFFORT: (wheel_nm, wheel_nm),  # whatever its speed, the servo gives just this
            Drive.BRAKE: (-wheel_nm, wheel_nm),
            Drive.OFF: (0.0, 0.0),
        }
        if drive not in limits_nm:
            raise RobotError(f"the car's motor cannot drive by {drive.value}")
        self._model.actuator_forcerange[self._wheels.servos] = limits_nm[drive]
        self._velocity_radps = target if drive is Drive.VELOCITY else 0.0
        self._wheels.drive(self._steering_angle_rad, self._velocity_radps)

    def steer(self, steering_angle_rad: float) -> None:
        """Shares the speed out anew: the wheels of the inner side roll slower."""
        self._steering_angle_rad = steering_angle_rad
        self._wheels.drive(steering_angle_rad, self._velocity_radps)

    def measure(self) -> ActuatorState:
        """Angle and speed of the rear axle's middle; torque of all wheels together."""
        effort_nm = float(self._data.actuator_force[self._wheels.servos].sum())
        return ActuatorState(self._wheels.angle_rad, self._wheels.velocity_radps, effort_nm)


class RcCarSteering:
    """The steering servo; angles are those in the middle between the front wheels."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, motor: RcCarMotor) -> None:
        """Takes hold of the front wheels; the servo is off. The motor must know the angle."""
        self._model, self._data, self._motor = model, data, motor
        self._servos = np.array([model.actuator(name).id for name in STEERINGS])
        self._limit_nm = float(model.actuator_forcerange[self._servos[0], 1])
        joints = [model.joint(name) for name in STEERINGS]
        self._qpos = [int(joint.qposadr[0]) for joint in joints]
        self._dofs = [int(joint.dofadr[0]) for joint in joints]
        self.drive(Drive.OFF, 0.0, 1.0)

    def drive(self, drive: Drive, target: float, max_effort: float) -> None:
        """Holds an angle, or lets the wheels turn as they like.

        Raises:
            RobotError: for a drive that a steering servo does not have.
        """
        if drive not in (Drive.POSITION, Drive.OFF):
            raise RobotError(f"the car's steering cannot drive by {drive.value}")
        most_nm = max_effort * self._limit_nm if drive is Drive.POSITION else 0.0
        self._model.actuator_forcerange[self._servos] = -most_nm, most_nm
        if drive is Drive.POSITION:
            self._data.ctrl[self._servos] = compute_wheel_angles(target)
            self._motor.steer(target)

    def measure(self) -> ActuatorState:
        """Angle and speed in the middle between the wheels, and the servo's torque."""
        left_rad, right_rad = (float(self._data.qpos[index]) for index in self._qpos)
        left_radps, right_radps = (float(self._data.qvel[index]) for index in self._dofs)
        effort_nm = float(self._data.actuator_force[self._servos].sum())
        angle_rad = _find_middle_angle(left_rad, right_rad)
        return ActuatorState(angle_rad, (left_radps + right_radps) / 2, effort_nm)


def _find_middle_angle(left_rad: float, right_rad: float) -> float:
    """The inverse of `compute_wheel_angles`, averaged over both wheels."""
    shift = TRACK_WIDTH_M / (2 * WHEELBASE_M)
    left, right = math.tan(left_rad), math.tan(right_rad)
    return math.atan((left / (1 + shift * left) + right / (1 - shift * right)) / 2)


def measure_imu(data: mujoco.MjData) -> ImuState:
    """Returns what accelerometer and gyro see."""
    return ImuState(data.sensor("accelerometer").data.copy(), data.sensor("gyro").data.copy())
