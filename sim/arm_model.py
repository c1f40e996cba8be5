"""`ArmModel`: a serial arm of position servos with a two-finger hand, in MuJoCo."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import mujoco
import numpy as np

from robolearn.embodiments import Arm, Embodiment
from robolearn.kinematics import Vector3
from robolearn.sim.body_model import ActionChannel, PositionServos
from robolearn.sim.physics import Physics
from robolearn.sim.plant_actuators import PlantActuator, ServoActuator
from robolearn.sim.scene import Rgba, add_tabletop, make_camera_quaternion
from robolearn.sim.shapes import BLACK, GREY, add_box
from robolearn.sim.world import World

# A servo answers like a mass on a critically damped spring of this bandwidth: as hobby servos do.
# From 50 to 998 N m/rad grasping with the SO-101 is the same, below it swings.
SERVO_BANDWIDTH_HZ = 8.0

# The hand, in the gripper frame at zero: x ahead, z from the fixed finger to the jaw. The two pads
# are parallel when the gap is that of a 3 cm block.
FINGER_FACE_M = -0.017  # inner face of the fixed finger; clears a block on the axis by 2 mm
PARALLEL_GAP_M = 0.030
PAD_THICKNESS_M = 0.008
PAD_WIDTH_M = 0.018


@dataclass(frozen=True)
class Servo:
    """A position servo with its gears.

    Attributes:
        stiffness_nm: torque per angle off its goal [N m/rad].
        stall_torque_nm: the most it could give [N m].
        torque_limit_nm: the most it is set to give [N m]; a device behind a plant sets it itself.
        damping_nms: of the joint [N m s/rad].
        friction_nm: dry friction of the joint [N m].
        armature_kgm2: inertia of the motor behind the gears.
    """

    stiffness_nm: float
    stall_torque_nm: float
    torque_limit_nm: float
    damping_nms: float
    friction_nm: float
    armature_kgm2: float


@dataclass(frozen=True)
class Hand:
    """A fixed finger on a palm and a jaw opposite, in the gripper frame.

    Attributes:
        jaw_hinge_m: where the jaw turns.
        jaw_parallel_rad: the jaw's angle when it is parallel to the finger.
        palm_low_m: lower corner of the palm.
        palm_high_m: upper corner of the palm; the finger begins in front of it.
        fingertip_m: how far ahead the tips are.
        camera_m: where the `wrist` camera sits; it looks at the tool point.
        finger_rgba: colour of finger and jaw.
    """

    jaw_hinge_m: Vector3
    jaw_parallel_rad: float
    palm_low_m: Vector3
    palm_high_m: Vector3
    fingertip_m: float
    camera_m: Vector3
    finger_rgba: Rgba = GREY


def compute_stiffness(inertia_kgm2: float) -> float:
    """Returns the stiffness that gives a servo its bandwidth with this inertia [N m/rad]."""
    return (2 * math.pi * SERVO_BANDWIDTH_HZ) ** 2 * inertia_kgm2


class ArmModel(ABC):
    """The simulated body of an arm; a subclass brings its numbers and its looks.

    Attributes:
        arm: the arm as data.
        link_masses_kg: of the base, of the link behind each joint, of the jaw; `gripper` and `jaw`
            are the last.
        servos: one per channel of the arm.
        hand: the hand.
    """

    arm: ClassVar[Arm]
    link_masses_kg: ClassVar[Mapping[str, float]]
    servos: ClassVar[tuple[Servo, ...]]
    hand: ClassVar[Hand]
    physics: Physics = Physics()
    body_names: tuple[str, ...] = ("gripper", "jaw")

    @abstractmethod
    def add_shape(self, link: str, body: Any) -> None:
        """Adds what a link looks like, and its mass; the palm and the fingers are there."""

    @property
    def embodiment(self) -> Embodiment:
        """The arm."""
        return self.arm

    @cached_property
    def channels(self) -> tuple[ActionChannel, ...]:
        """One per joint, and the gripper's jaw."""
        arm = self.arm
        joints = (ActionChannel(name) for name in arm.chain.joint_names)
        jaw = ActionChannel(arm.state_spec.channels[-1], arm.jaw_range_rad, arm.jaw_closed_rad)
        return (*joints, jaw)

    def add_surroundings(self, spec: mujoco.MjSpec) -> None:
        """Adds the table, and cameras that look at the workspace."""
        add_tabletop(spec)

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds the arm with its servos, the `tool` site and the `wrist` camera."""
        chain = self.arm.chain
        base, *links, jaw = self.link_masses_kg
        parent = spec.worldbody.add_body(name=base)
        self.add_shape(base, parent)
        for index, link in enumerate(links):
            # Gravity is carried as by a far stiffer servo.
            parent = parent.add_body(name=link, pos=chain.origins_m[index], gravcomp=1.0)
            limits_rad = (chain.lower_rad[index], chain.upper_rad[index])
            self._add_servo(spec, parent, index, chain.axes[index], limits_rad)
            self.add_shape(link, parent)
        self._add_finger(parent)
        parent.add_site(name="tool", pos=chain.tool_offset_m, size=[0.002] * 3, rgba=[0, 0, 0, 0])
        self._add_jaw(spec, parent, jaw)
        self._add_camera(parent)

    def take_hold(self, model: mujoco.MjModel, data: mujoco.MjData) -> PositionServos:
        """Returns the handle on the servos."""
        return PositionServos(model, data, self.channels, self.arm.home_position)

    def make_plant_actuators(self, world: World) -> dict[str, PlantActuator]:
        """Returns the servos, by the names of their joints."""
        return {
            channel.joint: ServoActuator(world, channel.joint, servo.stall_torque_nm)
            for channel, servo in zip(self.channels, self.servos, strict=True)
        }

    def _add_servo(
        self,
        spec: mujoco.MjSpec,
        body: Any,
        index: int,
        axis: Vector3,
        limits_rad: tuple[float, float],
    ) -> None:
        """Adds the hinge of a channel and the critically damped position servo that drives it."""
        name, servo = self.channels[index].joint, self.servos[index]
        body.add_joint(
            name=name,
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=axis,
            range=limits_rad,
            damping=servo.damping_nms,
            frictionloss=servo.friction_nm,
            armature=servo.armature_kgm2,
        )
        actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.set_to_position(kp=servo.stiffness_nm, dampratio=1.0)
        actuator.ctrlrange, actuator.ctrllimited = limits_rad, True
        actuator.forcerange = (-servo.torque_limit_nm, servo.torque_limit_nm)
        actuator.forcelimited = True

    def _add_finger(self, gripper: Any) -> None:
        """Adds the palm and the fixed finger."""
        hand = self.hand
        mass_kg = self.link_masses_kg["gripper"]
        add_box(gripper, hand.palm_low_m, hand.palm_high_m, BLACK, mass_kg, pad=True)
        low = (hand.palm_high_m[0], -PAD_WIDTH_M / 2, FINGER_FACE_M - PAD_THICKNESS_M)
        add_box(
            gripper,
            low,
            (hand.fingertip_m, PAD_WIDTH_M / 2, FINGER_FACE_M),
            hand.finger_rgba,
            pad=True,
        )

    def _add_jaw(self, spec: mujoco.MjSpec, gripper: Any, name: str) -> None:
        hand, arm = self.hand, self.arm
        half_rad = hand.jaw_parallel_rad / 2  # turned inwards at zero, by a rotation about -y
        jaw = gripper.add_body(
            name=name,
            pos=hand.jaw_hinge_m,
            quat=(math.cos(half_rad), 0.0, math.sin(half_rad), 0.0),
            gravcomp=1.0,
        )
        limits_rad = (arm.jaw_closed_rad, arm.jaw_open_rad)
        self._add_servo(spec, jaw, len(self.channels) - 1, (0.0, -1.0, 0.0), limits_rad)
        hinge_x, _, hinge_z = hand.jaw_hinge_m
        inner_z = FINGER_FACE_M + PARALLEL_GAP_M - hinge_z
        low = (0.0, -PAD_WIDTH_M / 2, inner_z)
        high = (hand.fingertip_m - hinge_x, PAD_WIDTH_M / 2, inner_z + PAD_THICKNESS_M)
        add_box(jaw, low, high, hand.finger_rgba, self.link_masses_kg[name], pad=True)

    def _add_camera(self, gripper: Any) -> None:
        """Adds the `wrist` camera beside the palm: it sees both fingers and what is between."""
        position = np.array(self.hand.camera_m)
        looks_at = np.array(self.arm.chain.tool_offset_m)
        quaternion = make_camera_quaternion(position, looks_at, up=np.array([0.0, -1.0, 0.0]))
        gripper.add_camera(name="wrist", pos=position, quat=quaternion, fovy=70.0)
