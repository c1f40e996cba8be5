"""`Hand`: two fingers that open and close with one degree of freedom, in MuJoCo."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import mujoco
import numpy as np

from robolearn.kinematics import Vector3
from robolearn.sim.scene import Rgba, make_camera_quaternion
from robolearn.sim.shapes import BLACK, GREY, WHITE, add_box
from robolearn.specs import Array

# Of a jaw's hand. The two pads are parallel when the gap is that of a 3 cm block.
FINGER_FACE_M = -0.017  # inner face of the fixed finger; clears a block on the axis by 2 mm
PARALLEL_GAP_M = 0.030
PAD_THICKNESS_M = 0.008
PAD_WIDTH_M = 0.018


# Of parallel fingers. What decides is the time constant, as short as the physics step allows: slip
# dies away with it (MuJoCo leaves the centripetal part out of a contact's acceleration, so what is
# held creeps outwards while the arm swings). The damping keeps a stiff grasp from chattering.
FINGER_SOLREF = (0.01, 2.0)
FINGER_SOLIMP = (0.98, 0.99, 0.001, 0.5, 2.0)
# Two fingers on one belt.
COUPLING_SOLREF, COUPLING_SOLIMP = (0.01, 1.0), (0.99, 0.999, 0.001, 0.5, 2.0)


class MovingPart(NamedTuple):
    """A body that is to get a joint.

    Attributes:
        body: of the specification.
        joint_type: hinge or slide.
        axis: of the joint, in the body's frame.
    """

    body: Any
    joint_type: mujoco.mjtJoint
    axis: Vector3 | Array


class Hand(ABC):
    """What sits on an arm's last link. Its frame is the link's: x ahead, z along the opening."""

    @property
    def follower_joints(self) -> tuple[str, ...]:
        """Names of joints that are coupled to the gripper's."""
        return ()

    @abstractmethod
    def add_to(self, link: Any, tool: Array, masses_kg: Mapping[str, float]) -> MovingPart:
        """Adds palm, fingers and the `wrist` camera.

        Args:
            link: the arm's last link.
            tool: the tool point, shape (3,) [m].
            masses_kg: of the arm's links; the last are the hand's.

        Returns:
            What opens the gripper; the arm gives it its joint and servo.
        """

    def couple(self, spec: mujoco.MjSpec, joint: str) -> None:
        """Couples the followers to the gripper's joint, where there are any."""
        for follower in self.follower_joints:
            equality = spec.add_equality(
                type=mujoco.mjtEq.mjEQ_JOINT,
                name1=follower,
                name2=joint,
                objtype=mujoco.mjtObj.mjOBJ_JOINT,
                solref=COUPLING_SOLREF,
                solimp=COUPLING_SOLIMP,
            )
            equality.data[:5] = (0.0, 1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class JawHand(Hand):
    """A fixed finger on a palm and a jaw opposite.

    Attributes:
        jaw_hinge_m: where the jaw turns.
        jaw_parallel_rad: the jaw's angle when it is parallel to the finger.
        palm_low_m: lower corner of the palm.
        palm_high_m: upper corner of the palm; the finger begins in front of it.
        fingertip_m: how far ahead the tips are.
        camera_m: where the `wrist` camera sits.
        finger_rgba: colour of finger and jaw.
    """

    jaw_hinge_m: Vector3
    jaw_parallel_rad: float
    palm_low_m: Vector3
    palm_high_m: Vector3
    fingertip_m: float
    camera_m: Vector3
    finger_rgba: Rgba = GREY

    def add_to(self, link: Any, tool: Array, masses_kg: Mapping[str, float]) -> MovingPart:
        """See `Hand.add_to`."""
        *_, gripper, jaw = masses_kg
        self._add_finger(link, masses_kg[gripper])
        moving = self._add_jaw(link, jaw, masses_kg[jaw])
        add_wrist_camera(link, self.camera_m, tool)
        return moving

    def _add_finger(self, gripper: Any, mass_kg: float) -> None:
        """Adds the palm and the fixed finger."""
        add_box(gripper, self.palm_low_m, self.palm_high_m, BLACK, mass_kg, pad=True)
        low = (self.palm_high_m[0], -PAD_WIDTH_M / 2, FINGER_FACE_M - PAD_THICKNESS_M)
        high = (self.fingertip_m, PAD_WIDTH_M / 2, FINGER_FACE_M)
        add_box(gripper, low, high, self.finger_rgba, pad=True)

    def _add_jaw(self, gripper: Any, name: str, mass_kg: float) -> MovingPart:
        half_rad = self.jaw_parallel_rad / 2  # turned inwards at zero, by a rotation about -y
        jaw = gripper.add_body(
            name=name,
            pos=self.jaw_hinge_m,
            quat=(math.cos(half_rad), 0.0, math.sin(half_rad), 0.0),
            gravcomp=1.0,
        )
        hinge_x, _, hinge_z = self.jaw_hinge_m
        inner_z = FINGER_FACE_M + PARALLEL_GAP_M - hinge_z
        low = (0.0, -PAD_WIDTH_M / 2, inner_z)
        high = (self.fingertip_m - hinge_x, PAD_WIDTH_M / 2, inner_z + PAD_THICKNESS_M)
        add_box(jaw, low, high, self.finger_rgba, mass_kg, pad=True)
        return MovingPart(jaw, mujoco.mjtJoint.mjJNT_HINGE, (0.0, -1.0, 0.0))


@dataclass(frozen=True)
class ParallelHand(Hand):
    """Two fingers that slide apart by the same way.

    Attributes:
        palm_low_m: lower corner of the palm.
        palm_high_m: upper corner of the palm; the fingers begin in front of it.
        fingertip_m: how far ahead the tips are.
        finger_size_m: width of a finger across the opening, and its thickness along it.
        travel_m: of each finger.
        armature_kg: of the finger that the servo does not drive.
        camera_m: where the `wrist` camera sits.
        camera_looks_at_m: the point it looks at.
        camera_field_of_view_deg: of the `wrist` camera.
    """

    palm_low_m: Vector3
    palm_high_m: Vector3
    fingertip_m: float
    finger_size_m: tuple[float, float]
    travel_m: float
    armature_kg: float
    camera_m: Vector3
    camera_looks_at_m: Vector3
    camera_field_of_view_deg: float

    @property
    def follower_joints(self) -> tuple[str, ...]:
        """The other finger's."""
        return ("other_finger",)

    def add_to(self, link: Any, tool: Array, masses_kg: Mapping[str, float]) -> MovingPart:
        """See `Hand.add_to`."""
        *_, finger, other_finger = masses_kg
        add_box(link, self.palm_low_m, self.palm_high_m, WHITE, pad=True)
        moving = self._add_finger(link, finger, 1.0, masses_kg[finger])
        other = self._add_finger(link, other_finger, -1.0, masses_kg[other_finger])
        other.body.add_joint(
            name=self.follower_joints[0],
            type=other.joint_type,
            axis=other.axis,
            range=(0.0, self.travel_m),
            armature=self.armature_kg,
        )
        looks_at = np.array(self.camera_looks_at_m)
        add_wrist_camera(link, self.camera_m, looks_at, self.camera_field_of_view_deg)
        return moving

    def _add_finger(self, link: Any, name: str, side: float, mass_kg: float) -> MovingPart:
        body = link.add_body(name=name, gravcomp=1.0)
        width_m, thickness_m = self.finger_size_m
        inner, outer = sorted((0.0, side * thickness_m))
        low = (self.palm_high_m[0], -width_m / 2, inner)
        pad = add_box(body, low, (self.fingertip_m, width_m / 2, outer), GREY, mass_kg, pad=True)
        pad.priority, pad.solref, pad.solimp = 1, FINGER_SOLREF, FINGER_SOLIMP
        return MovingPart(body, mujoco.mjtJoint.mjJNT_SLIDE, (0.0, 0.0, side))


def add_wrist_camera(
    link: Any, position_m: Vector3, looks_at: Array, field_of_view_deg: float = 70.0
) -> None:
    """Adds a camera beside the palm: it sees both fingers and what is between."""
    position, up = np.array(position_m), np.array([0.0, -1.0, 0.0])
    quaternion = make_camera_quaternion(position, looks_at, up)
    link.add_camera(name="wrist", pos=position, quat=quaternion, fovy=field_of_view_deg)
