"""Kinematics of a serial arm: forward, Jacobian, and damped-least-squares inverse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robolearn.errors import SpecError
from robolearn.specs import Array

Vector3 = tuple[float, float, float]


@dataclass(frozen=True)
class SerialChain:
    """Hinges in a row, as plain data.

    At zero joint positions the frame of every link is parallel to the base frame; a link's frame
    sits on its joint.

    Attributes:
        joint_names: from the base outwards.
        origins_m: position of each joint in the frame of the link before it [m].
        axes: unit axis of each joint in its own frame; positive rotation by the right hand.
        tool_offset_m: the tool point in the frame of the last link [m].
        lower_rad: lower limit of each joint [rad].
        upper_rad: upper limit of each joint [rad].
    """

    joint_names: tuple[str, ...]
    origins_m: tuple[Vector3, ...]
    axes: tuple[Vector3, ...]
    tool_offset_m: Vector3
    lower_rad: tuple[float, ...]
    upper_rad: tuple[float, ...]

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
        _, _, position_b, rotation = self._walk(joint_pos)
        return position_b, rotation

    def compute_jacobian(self, joint_pos: Array) -> Array:
        """Geometric Jacobian of the tool point in the base frame.

        Returns:
            Shape (6, num_joints): linear velocity [m/rad], then angular velocity [rad/rad].
        """
        origins_b, axes_b, tool_b, _ = self._walk(joint_pos)
        return np.vstack([_make_linear_jacobian(origins_b, axes_b, tool_b), axes_b.T])

    def _walk(self, joint_pos: Array) -> tuple[Array, Array, Array, Array]:
        """Joint origins and axes in the base frame (num_joints, 3), tool position, rotation."""
        turns = _make_turns(joint_pos, *self._axis_matrices)
        origins_b, axes_b = np.empty((2, self.num_joints, 3))
        rotation, position_b = _IDENTITY, np.zeros(3)
        for index, (origin, axis) in enumerate(zip(*self._arrays, strict=True)):
            position_b = position_b + rotation @ origin
            origins_b[index], axes_b[index] = position_b, rotation @ axis
            rotation = rotation @ turns[index]
        return origins_b, axes_b, position_b + rotation @ self._tool, rotation

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


def _make_linear_jacobian(origins_b: Array, axes_b: Array, tool_b: Array) -> Array:
    """Columns `axis x (tool - origin)`; rolled products, as np.cross is slow on few rows."""
    arms_b = tool_b - origins_b
    ahead, behind = axes_b[:, _NEXT] * arms_b[:, _LAST], axes_b[:, _LAST] * arms_b[:, _NEXT]
    linear: Array = (ahead - behind).T
    return linear


_NEXT, _LAST = [1, 2, 0], [2, 0, 1]


@dataclass(frozen=True)
class IkSolution:
    """What the inverse kinematics found.

    Attributes:
        joint_pos: within the joint limits, shape (num_joints,) [rad].
        position_error_m: distance of the tool point from where it was wanted [m].
        pitch_rad: the pitch aimed at, after relaxation [rad].
    """

    joint_pos: Array
    position_error_m: float
    pitch_rad: float


@dataclass(frozen=True)
class ArmLayout:
    """How a chain's joints make up an arm; the pan axis is the z axis of the base frame.

    Pitch and roll are sums of joint positions: exact for joints whose axes are parallel, constant
    in their Jacobian, and free of the singularity that angles of the hand itself have straight
    down, where an arm over a table works most.

    Attributes:
        pitch_row: weight of each joint in the pitch: 0 hand level, +pi/2 straight down [rad].
        roll_row: weight of each joint in the roll [rad].
        shoulder: index of the joint that lifts the upper arm.
        elbow: index of the elbow.
        wrist: index of the joint that pitches the hand.
    """

    pitch_row: tuple[float, ...]
    roll_row: tuple[float, ...]
    shoulder: int
    elbow: int
    wrist: int


# Rows of the least-squares problem are position x, y, z [m], pitch and roll [rad]. The weights make
# the position win where a limit or the reach lets not everything be had.
ROW_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.02, 0.05])
DAMPING = 1e-3  # relative to the weighted rows; keeps steps bounded at the stretched arm
MAX_STEP_RAD = 0.3  # per joint and iteration: the linearisation holds about that far
MAX_ITERATIONS = 24
TOLERANCE = 1e-5  # largest weighted residual that counts as solved (0.01 mm)
PITCH_STEP_RAD = 0.04
REACH_MARGIN_M = 0.008  # a fully stretched elbow is singular: stay this much short of it


class InverseKinematics:
    """Joint positions that bring the tool point somewhere with a pitch and a roll.

    Where the wrist could not reach the point with the pitch asked for, the pitch is lowered in
    small steps until it can: the point matters more than the angle.
    """

    def __init__(self, chain: SerialChain, layout: ArmLayout) -> None:
        self.chain, self.layout = chain, layout
        self._rows = np.array([layout.pitch_row, layout.roll_row], float)
        self._lower, self._upper = np.array(chain.lower_rad), np.array(chain.upper_rad)
        origins = np.asarray(chain.origins_m, float)
        base_to_shoulder = origins[: layout.shoulder + 1].sum(axis=0)
        self._shoulder_radius_m, self._shoulder_height_m = base_to_shoulder[[0, 2]].tolist()
        upper_arm_m, forearm_m = (
            float(np.linalg.norm(origins[start + 1 : end + 1].sum(axis=0)))
            for start, end in ((layout.shoulder, layout.elbow), (layout.elbow, layout.wrist))
        )
        hand = origins[layout.wrist + 1 :].sum(axis=0) + np.asarray(chain.tool_offset_m)
        self._hand_m = float(np.linalg.norm(hand))
        self._reach_m = upper_arm_m + forearm_m - REACH_MARGIN_M

    def solve(
        self,
        target_position_b: Array,
        pitch_rad: float,
        roll_rad: float,
        start_joint_pos: Array,
    ) -> IkSolution:
        """Finds joint positions near `start_joint_pos`.

        Args:
            target_position_b: where the tool point should be, base frame, shape (3,) [m].
            pitch_rad: 0 hand level, +pi/2 straight down [rad].
            roll_rad: of the hand about its own axis [rad].
            start_joint_pos: where to start from, best the last solution; shape (num_joints,) [rad].

        Returns:
            The best found; for a point out of reach the nearest, with its error.
        """
        pitch_rad = self.relax_pitch(target_position_b, pitch_rad)
        wanted = np.array([*target_position_b, pitch_rad, roll_rad], float)
        joint_pos = np.clip(np.asarray(start_joint_pos, float), self._lower, self._upper)
        residual = np.empty(5)
        jacobian = np.empty((5, self.chain.num_joints))
        jacobian[3:] = self._rows
        for iteration in range(MAX_ITERATIONS + 1):
            origins_b, axes_b, tool_b, _ = self.chain._walk(joint_pos)
            residual[:3] = wanted[:3] - tool_b
            residual[3:] = wanted[3:] - self._rows @ joint_pos
            weighted = residual * ROW_WEIGHTS
            if iteration == MAX_ITERATIONS or np.abs(weighted).max() < TOLERANCE:
                break
            jacobian[:3] = _make_linear_jacobian(origins_b, axes_b, tool_b)
            joint_pos = self._take_step(joint_pos, jacobian * ROW_WEIGHTS[:, None], weighted)
        return IkSolution(joint_pos, math.dist(tool_b, wanted[:3]), pitch_rad)

    def relax_pitch(self, target_position_b: Array, pitch_rad: float) -> float:
        """Returns the nearest lower pitch with which the wrist can reach; as asked if none can."""
        radius_m = math.hypot(target_position_b[0], target_position_b[1]) - self._shoulder_radius_m
        height_m = float(target_position_b[2]) - self._shoulder_height_m
        relaxed_rad = pitch_rad
        while relaxed_rad > -math.pi / 2:
            wrist_radius_m = radius_m - self._hand_m * math.cos(relaxed_rad)
            wrist_height_m = height_m + self._hand_m * math.sin(relaxed_rad)
            if math.hypot(wrist_radius_m, wrist_height_m) <= self._reach_m:
                return relaxed_rad
            relaxed_rad -= PITCH_STEP_RAD
        return pitch_rad

    def _take_step(self, joint_pos: Array, jacobian: Array, residual: Array) -> Array:
        """One damped least-squares step that leaves out joints already pressed to a limit."""
        free = np.ones(len(joint_pos), bool)
        for _ in range(2):
            rows = jacobian * free
            squared = rows @ rows.T
            squared.flat[:: len(residual) + 1] += DAMPING**2
            step = rows.T @ np.linalg.solve(squared, residual)
            step *= min(1.0, MAX_STEP_RAD / max(float(np.abs(step).max()), 1e-12))
            moved = joint_pos + step
            blocked = ((moved < self._lower) & (joint_pos <= self._lower)) | (
                (moved > self._upper) & (joint_pos >= self._upper)
            )
            if not blocked.any():
                break
            free &= ~blocked
        clipped: Array = np.clip(moved, self._lower, self._upper)
        return clipped
