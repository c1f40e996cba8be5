"""A 1/10 scale RC car from boxes and ellipsoids, without suspension.

Geometry, masses, gains and contact settings are those that were tried: with ellipsoids for tyres
(one contact each) the car turns on the circle that its geometry asks for; cylinders resist the turn
and give circles up to 23 % too wide. At physics steps of 5 ms and more it rolls over in a hard turn
at 5 m/s, at 2 ms it slides, as it should.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from robolearn.embodiments import Embodiment
from robolearn.embodiments.rc_car import RC_CAR, TRACK_WIDTH_M, WHEEL_RADIUS_M, WHEELBASE_M
from robolearn.kinematics import Vector3
from robolearn.plant import ImuState
from robolearn.sim.floor import FLOOR_FRICTION, HULL, SOLREF, TYRE, add_floor
from robolearn.sim.models.rc_car_controls import (
    RcCarHandle,
    RcCarMotor,
    RcCarSteering,
    measure_imu,
)
from robolearn.sim.physics import Physics
from robolearn.sim.plant_actuators import PlantActuator
from robolearn.sim.scene import Rgba, make_camera_quaternion
from robolearn.sim.world import World

CHASSIS_MASS_KG = 2.1
TYRE_MASS_KG = 0.08
TYRE_HALF_WIDTH_M = 0.020
# The body of the car, over the ground; its middle is the centre of mass.
HULL_LOW_M, HULL_HIGH_M = (-0.08, -0.115, 0.025), (0.34, 0.115, 0.085)

# Each wheel's own speed servo, as if every wheel had its motor: torque per rad/s of error, and the
# most torque, which is more than the tyre can pass on.
WHEEL_GAIN_NMS = 0.02
WHEEL_TORQUE_LIMIT_NM = 0.35
WHEEL_DAMPING_NMS = 2e-4
WHEEL_ARMATURE_KGM2 = 5e-5
# A hobby servo: it lags by gain over stiffness, 31 ms.
STEERING_STIFFNESS_NM = 8.0
STEERING_GAIN_NMS = 0.25
STEERING_TORQUE_LIMIT_NM = 1.0  # of each front wheel
STEERING_RANGE_RAD = 0.55  # of each front wheel; at full lock the inner one stands at 0.46 rad

# Over the bonnet, where the car itself is out of sight.
CAMERA_M, CAMERA_LOOKS_AT_M = (0.31, 0.0, 0.12), (1.31, 0.0, -0.02)
CAMERA_FIELD_OF_VIEW_DEG = 55.0
# For people: over the car's shoulder.
CHASE_CAMERA_M, CHASE_LOOKS_AT_M = (-0.75, 0.0, 0.50), (0.45, 0.0, 0.02)
CHASE_FIELD_OF_VIEW_DEG = 50.0

# Bottom and top of a block: height, rear end, front end, half width [m].
_Ends = tuple[tuple[float, float, float, float], tuple[float, float, float, float]]
SHELL_M: _Ends = ((0.042, -0.075, 0.335, 0.072), (0.085, -0.070, 0.320, 0.062))
CABIN_M: _Ends = ((0.085, 0.0, 0.215, 0.060), (0.122, 0.035, 0.150, 0.048))
RED, BLACK, GLASS = (0.80, 0.10, 0.10, 1.0), (0.09, 0.09, 0.10, 1.0), (0.15, 0.20, 0.26, 1.0)
SILVER, LAMP, STRIPE = (0.75, 0.75, 0.78, 1.0), (1.0, 0.97, 0.80, 1.0), (0.95, 0.95, 0.95, 1.0)

HIDDEN_GROUP = 3  # collides, but is not drawn
WHEELS = {
    "front_left": (WHEELBASE_M, TRACK_WIDTH_M / 2),
    "front_right": (WHEELBASE_M, -TRACK_WIDTH_M / 2),
    "rear_left": (0.0, TRACK_WIDTH_M / 2),
    "rear_right": (0.0, -TRACK_WIDTH_M / 2),
}
STEERED = ("front_left", "front_right")


class RcCarModel:
    """The simulated body of `robot=rc_car_sim`; its free body is named `car`."""

    embodiment: Embodiment = RC_CAR
    physics: Physics = Physics(timestep_s=0.002, solver_iterations=20, impratio=1.0)
    body_names: tuple[str, ...] = ("car", *WHEELS)

    def add_surroundings(self, spec: mujoco.MjSpec) -> None:
        """Adds a floor."""
        add_floor(spec)

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds the car, its actuators, its inertial sensor, cameras `front` and `chase`."""
        car = spec.worldbody.add_body(name="car")
        car.add_freejoint(name="car")
        _add_hull(car)
        _add_bodywork(spec, car)
        for name, (x, y) in WHEELS.items():
            _add_wheel(spec, car, name, (x, y, WHEEL_RADIUS_M))
        _add_imu(spec, car)
        up = np.array([0.0, 0.0, 1.0])
        for name, position, looks_at, angle_deg in (
            ("front", CAMERA_M, CAMERA_LOOKS_AT_M, CAMERA_FIELD_OF_VIEW_DEG),
            ("chase", CHASE_CAMERA_M, CHASE_LOOKS_AT_M, CHASE_FIELD_OF_VIEW_DEG),
        ):
            quaternion = make_camera_quaternion(np.array(position), np.array(looks_at), up)
            car.add_camera(name=name, pos=position, quat=quaternion, fovy=angle_deg)

    def take_hold(self, model: mujoco.MjModel, data: mujoco.MjData) -> RcCarHandle:
        """Returns the handle on steering, wheels and sensors."""
        return RcCarHandle(model, data)

    def make_plant_actuators(self, world: World) -> dict[str, PlantActuator]:
        """Returns what an emulated motor controller drives: `motor` and `steering`."""
        motor = RcCarMotor(world.model, world.data)
        return {"motor": motor, "steering": RcCarSteering(world.model, world.data, motor)}

    def measure_imu(self, world: World) -> ImuState:
        """Returns what the inertial sensor sees."""
        return measure_imu(world.data)


MODEL = RcCarModel()


def _add_hull(car: Any) -> None:
    """Adds what collides and weighs: a box around body and wheels."""
    corners = np.array([HULL_LOW_M, HULL_HIGH_M])
    car.add_geom(
        name="hull",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=corners.mean(axis=0),
        size=np.ptp(corners, axis=0) / 2,
        mass=CHASSIS_MASS_KG,
        contype=HULL,
        conaffinity=0,
        condim=3,
        friction=(0.3, 0.005, 0.0),  # smooth plastic
        solref=SOLREF,
        group=HIDDEN_GROUP,
    )


def _add_wheel(spec: mujoco.MjSpec, car: Any, name: str, position: Vector3) -> None:
    """Adds a wheel with its speed servo, on a steered hub if it is a front wheel."""
    hub = car
    if name in STEERED:
        hub = car.add_body(name=f"{name}_hub", pos=position)
        _add_steering(spec, hub, f"{name}_steering")
        position = (0.0, 0.0, 0.0)
    wheel = hub.add_body(name=name, pos=position)
    wheel.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=(0.0, 1.0, 0.0),
        damping=WHEEL_DAMPING_NMS,
        armature=WHEEL_ARMATURE_KGM2,
    )
    wheel.add_geom(
        type=mujoco.mjtGeom.mjGEOM_ELLIPSOID,
        size=(WHEEL_RADIUS_M, TYRE_HALF_WIDTH_M, WHEEL_RADIUS_M),
        mass=TYRE_MASS_KG,
        contype=TYRE,
        conaffinity=0,
        condim=3,
        friction=FLOOR_FRICTION,
        solref=SOLREF,
        group=HIDDEN_GROUP,
    )
    _add_tyre_shape(wheel)
    servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    servo.set_to_velocity(kv=WHEEL_GAIN_NMS)
    servo.forcerange, servo.forcelimited = (-WHEEL_TORQUE_LIMIT_NM, WHEEL_TORQUE_LIMIT_NM), True


def _add_steering(spec: mujoco.MjSpec, hub: Any, name: str) -> None:
    limits_rad = (-STEERING_RANGE_RAD, STEERING_RANGE_RAD)
    hub.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=(0.0, 0.0, 1.0),
        range=limits_rad,
        armature=WHEEL_ARMATURE_KGM2,
    )
    # The axle itself: a body between two joints must have a mass.
    _add_visual(hub, mujoco.mjtGeom.mjGEOM_SPHERE, (0.008, 0.0, 0.0), (0.0, 0.0, 0.0), BLACK, 0.01)
    servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    servo.set_to_position(kp=STEERING_STIFFNESS_NM, kv=STEERING_GAIN_NMS)
    servo.ctrlrange, servo.ctrllimited = limits_rad, True
    most_nm = STEERING_TORQUE_LIMIT_NM
    servo.forcerange, servo.forcelimited = (-most_nm, most_nm), True


def _add_imu(spec: mujoco.MjSpec, car: Any) -> None:
    """Adds accelerometer and gyro in the middle of the car."""
    car.add_site(name="imu", pos=(WHEELBASE_M / 2, 0.0, 0.05), size=[0.002] * 3, rgba=[0, 0, 0, 0])
    for name, kind in (
        ("accelerometer", mujoco.mjtSensor.mjSENS_ACCELEROMETER),
        ("gyro", mujoco.mjtSensor.mjSENS_GYRO),
    ):
        spec.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="imu")


def _add_bodywork(spec: mujoco.MjSpec, car: Any) -> None:
    """Adds what is seen of a car: floor pan, shell, cabin, wing, lamps."""
    _add_box(car, (-0.06, -0.065, 0.025), (0.32, 0.065, 0.045), BLACK)
    _add_block(spec, car, "shell", SHELL_M, RED)
    _add_block(spec, car, "cabin", CABIN_M, GLASS)
    _add_box(car, (0.037, -0.047, 0.121), (0.148, 0.047, 0.126), RED)
    for y in (-0.018, 0.018):  # two stripes from end to end
        _add_box(car, (-0.069, y - 0.008, 0.080), (0.319, y + 0.008, 0.0865), STRIPE)
        _add_box(car, (0.038, y - 0.008, 0.122), (0.147, y + 0.008, 0.1275), STRIPE)
    for y in (-0.05, 0.05):
        _add_box(car, (-0.068, y - 0.004, 0.08), (-0.052, y + 0.004, 0.125), BLACK)
        _add_box(car, (0.326, y - 0.014, 0.052), (0.336, y + 0.014, 0.066), LAMP)
    _add_box(car, (-0.085, -0.08, 0.122), (-0.040, 0.08, 0.128), BLACK)
    _add_box(car, (0.325, -0.085, 0.028), (0.340, 0.085, 0.044), BLACK)


def _add_tyre_shape(wheel: Any) -> None:
    """Draws a wheel: the tyre, the rim, and a spoke that shows it turning."""
    across = (np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0)
    cylinder = mujoco.mjtGeom.mjGEOM_CYLINDER
    for radius_m, half_width_m, rgba in (
        (WHEEL_RADIUS_M, 0.018, BLACK),
        (0.6 * WHEEL_RADIUS_M, 0.019, SILVER),
    ):
        size = (radius_m, half_width_m, 0.0)
        _add_visual(wheel, cylinder, size, (0.0, 0.0, 0.0), rgba).quat = across
    half_size = (0.004, 0.0195, 0.55 * WHEEL_RADIUS_M)
    _add_visual(wheel, mujoco.mjtGeom.mjGEOM_BOX, half_size, (0.0, 0.0, 0.0), BLACK)


def _add_box(body: Any, low: Vector3, high: Vector3, rgba: Rgba) -> None:
    """Draws a box between two corners."""
    corners = np.array([low, high])
    half_size = np.ptp(corners, axis=0) / 2
    _add_visual(body, mujoco.mjtGeom.mjGEOM_BOX, half_size, corners.mean(axis=0), rgba)


def _add_block(spec: mujoco.MjSpec, body: Any, name: str, ends: _Ends, rgba: Rgba) -> None:
    """Draws a block that grows narrower from its bottom to its top."""
    corners = [
        (x, y, z)
        for z, low_x, high_x, half_width_m in ends
        for x in (low_x, high_x)
        for y in (-half_width_m, half_width_m)
    ]
    spec.add_mesh(name=name, uservert=np.array(corners).ravel())
    geom = _add_visual(body, mujoco.mjtGeom.mjGEOM_MESH, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), rgba)
    geom.meshname = name


def _add_visual(
    body: Any, shape: Any, size: Any, position: Any, rgba: Rgba, mass_kg: float = 0.0
) -> Any:
    """Adds something to look at that touches nothing; returns its geom."""
    return body.add_geom(
        type=shape, size=size, pos=position, rgba=rgba, mass=mass_kg, contype=0, conaffinity=0
    )
