"""Kinematics of a serial arm: where its tool is, and how its joints move that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robolearn.errors import SpecError
from robolearn.specs import Array

Vector3 = tuple[float, float, float]
Matrix3 = tuple[Vector3, Vector3, Vector3]

UNTURNED: Matrix3 = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class SerialChain:
    """Hinges in a row, as plain data.

    At zero joint positions the frame of every link is parallel to the base frame; a link's frame
    sits on its joint. In the tool's frame x points ahead, out of the hand, and z from one finger to
    the other.

    Attributes:
        joint_names: from the base outwards.
        origins_m: position of each joint in the frame of the link before it [m].
        axes: unit axis of each joint in its own frame; positive rotation by the right hand.
        tool_offset_m: the tool point in the frame of the last link [m].
        lower_rad: lower limit of each joint [rad].
        upper_rad: upper limit of each joint [rad].
        tool_turn: rotation from the tool's frame to that of the last link: its rows.
    """

    joint_names: tuple[str, ...]
    origins_m: tuple[Vector3, ...]
    axes: tuple[Vector3, ...]
    tool_offset_m: Vector3
    lower_rad: tuple[float, ...]
    upper_rad: tuple[float, ...]
    tool_turn: Matrix3 = UNTURNED

    def __post_init__(self) -> None:
        lengths = {len(self.origins_m), len(self.axes), len(self.lower_rad), len(self.upper_rad)}
        if lengths != {self.num_joints}:
            raise SpecError(f"chain of {self.num_joints} joints with fields of lengths {lengths}")

    @property
    def num_joints(self) -> int:
        """How many joints there are."""
        return len(self.joint_names)

    def compute_tool_pose(self, joint_pos: Array) -> tuple[Array, Array]:
        """Forward kinematics.

        Args:
            joint_pos: shape (num_joints,) [rad].

        Returns:
            Position of the tool point [m], shape (3,), and rotation tool to base, shape (3, 3);
            both in the base frame.
        """
        _, _, position_b, rotation = self.walk(joint_pos)
        return position_b, rotation @ self.tool_rotation

    def compute_jacobian(self, joint_pos: Array) -> Array:
        """Geometric Jacobian of the tool point in the base frame.

        Returns:
            Shape (6, num_joints): linear velocity [m/rad], then angular velocity [rad/rad].
        """
        origins_b, axes_b, tool_b, _ = self.walk(joint_pos)
        return np.vstack([make_linear_jacobian(origins_b, axes_b, tool_b), axes_b.T])

    def walk(self, joint_pos: Array) -> tuple[Array, Array, Array, Array]:
        """Goes from the base to the tool.

        Returns:
            Joint origins [m] and axes, both of shape (num_joints, 3); position of the tool point
            [m], shape (3,); rotation of the last link, shape (3, 3). All in the base frame.
        """
        turns = _make_turns(joint_pos, *self._axis_matrices)
        origins_b, axes_b = np.empty((2, self.num_joints, 3))
        rotation, position_b = _IDENTITY, np.zeros(3)
        for index, (origin, axis) in enumerate(zip(*self._arrays, strict=True)):
            position_b = position_b + rotation @ origin
            origins_b[index], axes_b[index] = position_b, rotation @ axis
            rotation = rotation @ turns[index]
        return origins_b, axes_b, position_b + rotation @ self._tool, rotation

    @cached_property
    def tool_rotation(self) -> Array:
        """Rotation from the tool's frame to that of the last link, shape (3, 3)."""
        return np.asarray(self.tool_turn, float)

    @cached_property
    def _arrays(self) -> tuple[Array, Array]:
        return np.asarray(self.origins_m, float), np.asarray(self.axes, float)

    @cached_property
    def _tool(self) -> Array:
        return np.asarray(self.tool_offset_m, float)

    @cached_property
    def _axis_matrices(self) -> tuple[Array, Array]:
        """The cross-product matrix K of each axis, and its square."""
        x, y, z = np.asarray(self.axes, float).T
        zero = np.zeros_like(x)
        cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(-1, 3, 3)
        return cross, cross @ cross


_IDENTITY = np.eye(3)


def _make_turns(joint_pos: Array, cross: Array, cross_squared: Array) -> Array:
    """Rodrigues' formula for all joints at once; shape (num_joints, 3, 3)."""
    angles = np.asarray(joint_pos, float)[:, None, None]
    turns: Array = _IDENTITY + np.sin(angles) * cross + (1 - np.cos(angles)) * cross_squared
    return turns


def make_linear_jacobian(origins_b: Array, axes_b: Array, tool_b: Array) -> Array:
    """Returns the columns `axis x (tool - origin)`; np.cross would be slow on so few rows."""
    arms_b = tool_b - origins_b
    ahead, behind = axes_b[:, _NEXT] * arms_b[:, _LAST], axes_b[:, _LAST] * arms_b[:, _NEXT]
    linear: Array = (ahead - behind).T
    return linear


_NEXT, _LAST = [1, 2, 0], [2, 0, 1]
