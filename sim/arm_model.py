"""`ArmModel`: a serial arm of position servos with a hand of two fingers, in MuJoCo."""

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
from robolearn.sim.body_model import ActionChannel, PositionServos
from robolearn.sim.hands import Hand, MovingPart
from robolearn.sim.physics import Physics
from robolearn.sim.plant_actuators import PlantActuator, ServoActuator
from robolearn.sim.scene import add_tabletop, make_quaternion
from robolearn.sim.world import World

# A servo answers like a mass on a critically damped spring of this bandwidth: as hobby servos do.
# From 50 to 998 N m/rad grasping with the SO-101 is the same, below it swings.
SERVO_BANDWIDTH_HZ = 8.0


@dataclass(frozen=True)
class Servo:
    """A position servo with its gears: of a hinge in N m and rad, of a slide in N and m.

    Attributes:
        stiffness: force per way off its goal [N m/rad or N/m].
        stall_force: the most it could give [N m or N].
        force_limit: the most it is set to give [N m or N]; a device behind a plant sets it itself.
        damping: of the joint [N m s/rad or N s/m].
        friction: dry friction of the joint [N m or N].
        armature: inertia of the motor behind the gears [kg m^2 or kg].
    """

    stiffness: float
    stall_force: float
    force_limit: float
    damping: float
    friction: float
    armature: float


def compute_stiffness(inertia_kgm2: float, bandwidth_hz: float = SERVO_BANDWIDTH_HZ) -> float:
    """Returns the stiffness that gives a servo this bandwidth with this inertia [N m/rad]."""
    return (2 * math.pi * bandwidth_hz) ** 2 * inertia_kgm2


class ArmModel(ABC):
    """The simulated body of an arm; a subclass brings its numbers and its looks.

    Attributes:
        arm: the arm as data.
        link_masses_kg: of the base and of the link behind each joint, the last of which carries the
            hand; then of what the hand moves.
        servos: one per channel of the arm.
        hand: the hand.
    """

    arm: ClassVar[Arm]
    link_masses_kg: ClassVar[Mapping[str, float]]
    servos: ClassVar[tuple[Servo, ...]]
    hand: ClassVar[Hand]
    physics: Physics = Physics()

    @abstractmethod
    def add_shape(self, link: str, body: Any) -> None:
        """Adds what a link looks like, and its mass, unless the hand has brought it."""

    @property
    def embodiment(self) -> Embodiment:
        """The arm."""
        return self.arm

    @property
    def body_names(self) -> tuple[str, ...]:
        """The hand and what moves on it."""
        return tuple(self.link_masses_kg)[self.arm.chain.num_joints :]

    @cached_property
    def channels(self) -> tuple[ActionChannel, ...]:
        """One per joint, and the gripper."""
        arm = self.arm
        joints = (ActionChannel(name) for name in arm.chain.joint_names)
        name = arm.state_spec.channels[-1]
        followers = self.hand.follower_joints
        return (*joints, ActionChannel(name, arm.gripper_range, arm.gripper_closed, followers))

    def add_surroundings(self, spec: mujoco.MjSpec) -> None:
        """Adds the table, and cameras that look at the workspace."""
        add_tabletop(spec)

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds the arm with its servos, the `tool` site and the `wrist` camera."""
        chain = self.arm.chain
        base, *links = list(self.link_masses_kg)[: chain.num_joints + 1]
        parent = spec.worldbody.add_body(name=base)
        self.add_shape(base, parent)
        turns = (*(np.eye(3),) * (chain.num_joints - 1), chain.tool_rotation)
        for index, (link, turn) in enumerate(zip(links, turns, strict=True)):
            # Gravity is carried as by a far stiffer servo.
            parent = parent.add_body(name=link, pos=chain.origins_m[index], gravcomp=1.0)
            parent.quat = make_quaternion(turn)
            limits = (chain.lower_rad[index], chain.upper_rad[index])
            hinge = MovingPart(parent, mujoco.mjtJoint.mjJNT_HINGE, chain.axes[index] @ turn)
            self._add_servo(spec, index, hinge, limits)
            self.add_shape(link, parent)
        tool = chain.tool_offset_m @ chain.tool_rotation
        parent.add_site(name="tool", pos=tool, size=[0.002] * 3, rgba=[0, 0, 0, 0])
        finger = self.hand.add_to(parent, tool, self.link_masses_kg)
        limits = (self.arm.gripper_closed, self.arm.gripper_open)
        self._add_servo(spec, chain.num_joints, finger, limits)
        self.hand.couple(spec, self.channels[-1].joint)

    def take_hold(self, model: mujoco.MjModel, data: mujoco.MjData) -> PositionServos:
        """Returns the handle on the servos."""
        return PositionServos(model, data, self.channels, self.arm.home_position)

    def make_plant_actuators(self, world: World) -> dict[str, PlantActuator]:
        """Returns the servos, by the names of their joints."""
        return {
            channel.joint: ServoActuator(world, channel.joint, servo.stall_force)
            for channel, servo in zip(self.channels, self.servos, strict=True)
        }

    def _add_servo(
        self, spec: mujoco.MjSpec, index: int, moving: MovingPart, limits: tuple[float, float]
    ) -> None:
        """Adds the joint of a channel and the critically damped position servo that drives it."""
        name, servo = self.channels[index].joint, self.servos[index]
        moving.body.add_joint(
            name=name,
            type=moving.joint_type,
            axis=moving.axis,
            range=limits,
            damping=servo.damping,
            frictionloss=servo.friction,
            armature=servo.armature,
        )
        actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.set_to_position(kp=servo.stiffness, dampratio=1.0)
        actuator.ctrlrange, actuator.ctrllimited = limits, True
        actuator.forcerange = (-servo.force_limit, servo.force_limit)
        actuator.forcelimited = True
