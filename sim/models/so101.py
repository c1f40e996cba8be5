"""The SO-101 from boxes and cylinders: kinematics and masses of the maker's model, shape our own.

Numbers marked [maker] are from the repository TheRobotStudio/SO-ARM100,
`Simulation/SO101/so101_new_calib.xml`. Link lengths and limits: `robolearn.embodiments.so101`.
"""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

from robolearn.embodiments import Embodiment, so101
from robolearn.embodiments.so101 import CHAIN, SO101
from robolearn.kinematics import Vector3
from robolearn.sim.body_model import ActionChannel, PositionServos
from robolearn.sim.physics import Physics
from robolearn.sim.plant_actuators import PlantActuator, ServoActuator
from robolearn.sim.scene import add_tabletop, make_camera_quaternion
from robolearn.sim.world import World

# The STS3215 at 12 V stalls at 30 kg cm (data sheet).
SERVO_TORQUE_LIMIT_NM = 30 * 9.81 / 100
JAW_TORQUE_LIMIT_NM = (
    1.5  # gentler, so that a grasp presses less than 20 N: half of the stall torque
)
SERVO_DAMPING_NMS = 0.60  # [maker] class sts3215
SERVO_FRICTION_NM = 0.052  # [maker]
SERVO_ARMATURE_KGM2 = 0.028  # [maker]; also what keeps a stiff grasp stable at 5 ms steps
# The servo answers like a mass on a critically damped spring of this bandwidth. The maker's gain of
# 998 N m/rad belongs to a stiffer controller; from 50 to 998 grasping is the same, below it swings.
SERVO_BANDWIDTH_HZ = 8.0
LINK_INERTIA_KGM2 = 0.005  # typical, about the shoulder; beside the armature
SERVO_STIFFNESS_NM = (2 * math.pi * SERVO_BANDWIDTH_HZ) ** 2 * (
    SERVO_ARMATURE_KGM2 + LINK_INERTIA_KGM2
)
JAW_STIFFNESS_NM = 20.0
LINK_MASSES_KG = {  # [maker]
    "base": 0.147,
    "shoulder": 0.100,
    "upper_arm": 0.103,
    "lower_arm": 0.104,
    "wrist": 0.079,
    "gripper": 0.087,
    "jaw": 0.012,
}

# The hand, in the gripper frame at zero: x ahead, z from the fixed finger to the jaw. The two pads
# are parallel when the gap is that of a 3 cm block.
JAW_HINGE_M = (0.0234, 0.0, 0.0202)  # [maker]
FINGER_FACE_M = -0.017  # inner face of the fixed finger; clears a block on the axis by 2 mm
PARALLEL_GAP_M = 0.030
PAD_THICKNESS_M = 0.008
PAD_WIDTH_M = 0.018
PAD_START_M = 0.023
JAW_PARALLEL_RAD = so101.JAW_CLOSED_RAD + 0.4  # 0.4 rad closes 30 mm over 75 mm of jaw

# Settings of grasp trials: a 3 cm, 30 g block held and shaken for 8 s creeps less than 0.1 mm.
PAD_CONTACT = {"friction": (1.0, 0.01, 0.0005), "condim": 4}

YELLOW, BLACK, GREY = (0.95, 0.72, 0.1, 1.0), (0.12, 0.12, 0.13, 1.0), (0.45, 0.46, 0.5, 1.0)


class So101Model:
    """The simulated body of `robot=so101_sim`."""

    embodiment: Embodiment = SO101
    physics: Physics = Physics()
    body_names: tuple[str, ...] = ("gripper", "jaw")
    channels: tuple[ActionChannel, ...] = (
        *(ActionChannel(joint) for joint in so101.ARM_JOINTS),
        ActionChannel("gripper", so101.JAW_OPEN_RAD - so101.JAW_CLOSED_RAD, so101.JAW_CLOSED_RAD),
    )

    def add_surroundings(self, spec: mujoco.MjSpec) -> None:
        """Adds the table, and cameras that look at the workspace."""
        add_tabletop(spec)

    def take_hold(self, model: mujoco.MjModel, data: mujoco.MjData) -> PositionServos:
        """Returns the handle on the servos."""
        return PositionServos(model, data, self.channels, self.embodiment.home_position)

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds the arm with its servos, the `tool` site and the `wrist` camera."""
        parent = spec.worldbody.add_body(name="base")
        _add_shape(parent, "base", (-0.045, -0.04, 0.0), (0.035, 0.04, 0.035), YELLOW)
        _add_cylinder(parent, (0.0, 0.0, 0.03), (0.0, 0.0, 0.06), 0.026, BLACK)
        links = ("shoulder", "upper_arm", "lower_arm", "wrist", "gripper")
        for index, link in enumerate(links):
            parent = _add_link(spec, parent, link, index)
            _SHAPES[link](parent)
        parent.add_site(name="tool", pos=CHAIN.tool_offset_m, size=[0.002] * 3, rgba=[0, 0, 0, 0])
        _add_jaw(spec, parent)
        _add_wrist_camera(parent)

    def make_plant_actuators(self, world: World) -> dict[str, PlantActuator]:
        """Returns the arm's servos."""
        return {channel.joint: ServoActuator(world, channel.joint) for channel in self.channels}


MODEL = So101Model()


def _add_link(spec: mujoco.MjSpec, parent: Any, link: str, index: int) -> Any:
    """Adds one link with its joint and servo; gravity is carried as by a far stiffer servo."""
    body = parent.add_body(name=link, pos=CHAIN.origins_m[index], gravcomp=1.0)
    _add_servo(
        spec,
        body,
        CHAIN.joint_names[index],
        CHAIN.axes[index],
        (CHAIN.lower_rad[index], CHAIN.upper_rad[index]),
        SERVO_STIFFNESS_NM,
        SERVO_TORQUE_LIMIT_NM,
    )
    return body


def _add_servo(
    spec: mujoco.MjSpec,
    body: Any,
    name: str,
    axis: tuple[float, ...],
    range_rad: tuple[float, float],
    stiffness_nm: float,
    torque_limit_nm: float,
) -> None:
    """Adds a hinge and the critically damped position servo that drives it."""
    body.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=axis,
        range=range_rad,
        damping=SERVO_DAMPING_NMS,
        frictionloss=SERVO_FRICTION_NM,
        armature=SERVO_ARMATURE_KGM2,
    )
    servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    servo.set_to_position(kp=stiffness_nm, dampratio=1.0)
    servo.ctrlrange, servo.ctrllimited = range_rad, True
    servo.forcerange, servo.forcelimited = (-torque_limit_nm, torque_limit_nm), True


def _add_jaw(spec: mujoco.MjSpec, gripper: Any) -> None:
    half_rad = JAW_PARALLEL_RAD / 2  # turned inwards at zero, by a rotation about -y
    jaw = gripper.add_body(
        name="jaw",
        pos=JAW_HINGE_M,
        quat=(math.cos(half_rad), 0.0, math.sin(half_rad), 0.0),
        gravcomp=1.0,
    )
    range_rad = (so101.JAW_CLOSED_RAD, so101.JAW_OPEN_RAD)
    _add_servo(
        spec, jaw, "gripper", (0.0, -1.0, 0.0), range_rad, JAW_STIFFNESS_NM, JAW_TORQUE_LIMIT_NM
    )
    inner_z = FINGER_FACE_M + PARALLEL_GAP_M - JAW_HINGE_M[2]
    half_width = PAD_WIDTH_M / 2
    low = (0.0, -half_width, inner_z)
    high = (so101.FINGERTIP_M - JAW_HINGE_M[0], half_width, inner_z + PAD_THICKNESS_M)
    _add_shape(jaw, "jaw", low, high, GREY, pad=True)


def _shape_shoulder(body: Any) -> None:
    _add_shape(body, "shoulder", (-0.02, -0.03, 0.0), (0.05, 0.03, 0.03), YELLOW)
    _add_cylinder(body, (0.0304, -0.032, 0.0542), (0.0304, 0.032, 0.0542), 0.022, BLACK)


def _shape_upper_arm(body: Any) -> None:
    _add_beam(body, "upper_arm", CHAIN.origins_m[2], (0.02, 0.026))
    _add_cylinder(body, *_across(CHAIN.origins_m[2], 0.028), 0.019, BLACK)


def _shape_lower_arm(body: Any) -> None:
    _add_beam(body, "lower_arm", CHAIN.origins_m[3], (0.017, 0.022))
    _add_cylinder(body, *_across(CHAIN.origins_m[3], 0.025), 0.017, BLACK)


def _shape_wrist(body: Any) -> None:
    _add_shape(body, "wrist", (0.0, -0.016, -0.016), (0.055, 0.016, 0.016), YELLOW)


def _shape_gripper(body: Any) -> None:
    """The palm and the fixed finger."""
    _add_shape(
        body, "gripper", (-0.004, -0.02, -0.026), (PAD_START_M, 0.02, 0.032), BLACK, pad=True
    )
    half_width = PAD_WIDTH_M / 2
    low = (PAD_START_M, -half_width, FINGER_FACE_M - PAD_THICKNESS_M)
    high = (so101.FINGERTIP_M, half_width, FINGER_FACE_M)
    _add_shape(body, None, low, high, GREY, pad=True)


_SHAPES = {
    "shoulder": _shape_shoulder,
    "upper_arm": _shape_upper_arm,
    "lower_arm": _shape_lower_arm,
    "wrist": _shape_wrist,
    "gripper": _shape_gripper,
}


def _add_shape(
    body: Any,
    mass_of: str | None,
    low: Vector3,
    high: Vector3,
    rgba: tuple[float, ...],
    *,
    pad: bool = False,
) -> None:
    """Adds a box between two corners; it carries the whole link's mass where `mass_of` names one.

    Only pads collide: the arm's links never touch anything in a task that goes well.
    """
    corners = np.array([low, high])
    geom = body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=corners.mean(axis=0),
        size=np.ptp(corners, axis=0) / 2,
        rgba=rgba,
        mass=LINK_MASSES_KG[mass_of] if mass_of else 0.0,
        contype=int(pad),
        conaffinity=int(pad),
    )
    if pad:
        geom.friction, geom.condim = PAD_CONTACT["friction"], PAD_CONTACT["condim"]


def _add_beam(body: Any, link: str, end: Vector3, half_section: tuple[float, float]) -> None:
    """Adds a box from the link's joint to `end` in the plane of the arm."""
    length, angle_rad = math.hypot(end[0], end[2]), math.atan2(-end[2], end[0])
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=np.array(end) / 2,
        quat=(math.cos(angle_rad / 2), 0.0, math.sin(angle_rad / 2), 0.0),
        size=(length / 2, *half_section[::-1]),
        rgba=YELLOW,
        mass=LINK_MASSES_KG[link],
        contype=0,
        conaffinity=0,
    )


def _add_cylinder(
    body: Any,
    start: Vector3,
    end: Vector3,
    radius_m: float,
    rgba: tuple[float, ...],
) -> None:
    """Adds a servo's outline: to look at only."""
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        fromto=(*start, *end),
        size=(radius_m, 0.0, 0.0),
        rgba=rgba,
        mass=0.0,
        contype=0,
        conaffinity=0,
    )


def _across(point: Vector3, half_width_m: float) -> tuple[Vector3, Vector3]:
    """Both ends of an axle through `point`, across the arm."""
    x, _, z = point
    return (x, -half_width_m, z), (x, half_width_m, z)


def _add_wrist_camera(gripper: Any) -> None:
    """Adds the `wrist` camera beside the palm: it sees both fingers and what is between them."""
    position = np.array([0.0, 0.065, 0.0])
    looks_at = np.array([CHAIN.tool_offset_m[0], 0.0, 0.0])
    gripper.add_camera(
        name="wrist",
        pos=position,
        quat=make_camera_quaternion(position, looks_at, up=np.array([0.0, -1.0, 0.0])),
        fovy=70.0,
    )
