"""Inverse kinematics of arms with a joint to spare, by damped least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from robolearn.inverse_kinematics import (
    MAX_ITERATIONS,
    PITCH_STEP_RAD,
    REACH_MARGIN_M,
    TOLERANCE,
    ArmLayout,
    HandAngles,
    IkSolution,
    InverseKinematics,
)
from robolearn.kinematics import SerialChain, make_linear_jacobian
from robolearn.specs import Array


@dataclass(frozen=True)
class RedundantLayout(ArmLayout):
    """Seven joints: shoulder above the base, elbow, and a wrist whose last axis is the hand's.

    The last axis passes the wrist at some distance (88 mm with the Panda).

    Attributes:
        shoulder: index of the joint that lifts the upper arm.
        elbow: index of the elbow.
        wrist: index of the joint that pitches the hand.
        posture_rad: comfortable position of each joint [rad].
        posture_pull: share of the way there that each joint is pulled, as far as the hand's pose
            leaves it free.
    """

    shoulder: int
    elbow: int
    wrist: int
    posture_rad: tuple[float, ...]
    posture_pull: tuple[float, ...]

    def make_inverse_kinematics(self, chain: SerialChain) -> RedundantInverseKinematics:
        """See `ArmLayout.make_inverse_kinematics`."""
        return RedundantInverseKinematics(chain, self)


# Rows of the least-squares problem are position [m] and turn [rad] about x, y, z.
ROW_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.1, 0.1, 0.1])
# The pull spoils the solution by its square: it ends where this little is missing.
PULL_ENDS = 2e-3
MAX_PULL_RAD = 0.1
# A hand this near to straight down has no azimuth [rad].
UPRIGHT_RAD = 1e-4


class RedundantInverseKinematics(InverseKinematics):
    """Of an arm whose hand can be turned freely; among all postures one near the comfortable."""

    def __init__(self, chain: SerialChain, layout: RedundantLayout) -> None:
        super().__init__(chain)
        self._posture, self._pull = np.array(layout.posture_rad), np.array(layout.posture_pull)
        origins = np.asarray(chain.origins_m, float)
        self._shoulder_b = origins[: layout.shoulder + 1].sum(axis=0)
        upper_arm_m, forearm_m = (
            float(np.linalg.norm(origins[start + 1 : end + 1].sum(axis=0)))
            for start, end in ((layout.shoulder, layout.elbow), (layout.elbow, layout.wrist))
        )
        self._reach_m = upper_arm_m + forearm_m - REACH_MARGIN_M
        hand = origins[layout.wrist + 1 :].sum(axis=0) + np.asarray(chain.tool_offset_m)
        ahead = chain.tool_rotation[:, 0]
        self._hand_m = float(hand @ ahead)
        self._hand_aside_m = float(np.linalg.norm(hand - self._hand_m * ahead))

    def solve(
        self,
        target_position_b: Array,
        pitch_rad: float,
        roll_rad: float,
        start_joint_pos: Array,
        azimuth_rad: float | None = None,
    ) -> IkSolution:
        """See `InverseKinematics.solve`."""
        target_b = np.asarray(target_position_b, float)
        if azimuth_rad is None:
            azimuth_rad = math.atan2(target_b[1], target_b[0])
        pitch_rad = self.relax_pitch(target_b, pitch_rad, azimuth_rad)
        # Of the last link, as the walk ends with it.
        wanted = make_rotation(azimuth_rad, pitch_rad, roll_rad) @ self.chain.tool_rotation.T
        joint_pos = np.clip(np.asarray(start_joint_pos, float), self._lower, self._upper)
        residual, jacobian = np.empty(6), np.empty((6, self.chain.num_joints))
        for iteration in range(MAX_ITERATIONS + 1):
            origins_b, axes_b, tool_b, rotation = self.chain.walk(joint_pos)
            residual[:3] = target_b - tool_b
            residual[3:] = compute_turn(wanted @ rotation.T)
            weighted = residual * ROW_WEIGHTS
            missing = float(np.abs(weighted).max())
            if iteration == MAX_ITERATIONS or missing < TOLERANCE:
                break
            jacobian[:3] = make_linear_jacobian(origins_b, axes_b, tool_b)
            jacobian[3:] = axes_b.T
            is_pulled = iteration == 0 or missing > PULL_ENDS
            pull = self._compute_pull(joint_pos) if is_pulled else None
            joint_pos = self._take_step(joint_pos, jacobian * ROW_WEIGHTS[:, None], weighted, pull)
        return IkSolution(joint_pos, math.dist(tool_b, target_b), pitch_rad)

    def relax_pitch(self, target_position_b: Array, pitch_rad: float, azimuth_rad: float) -> float:
        """Returns the nearest lower pitch with which the wrist can reach; as asked if none can."""
        from_shoulder = np.asarray(target_position_b, float) - self._shoulder_b
        outwards = from_shoulder[0] * math.cos(azimuth_rad) + from_shoulder[1] * math.sin(
            azimuth_rad
        )
        relaxed_rad = pitch_rad
        while relaxed_rad > -math.pi / 2:
            if self._find_wrist_distance(from_shoulder, outwards, relaxed_rad) <= self._reach_m:
                return relaxed_rad
            relaxed_rad -= PITCH_STEP_RAD
        return pitch_rad

    def compute_angles(self, joint_pos: Array) -> HandAngles:
        """See `InverseKinematics.compute_angles`."""
        position_b, rotation = self.chain.compute_tool_pose(joint_pos)
        ahead_x, ahead_y, ahead_z = rotation[:, 0].tolist()
        level = math.hypot(ahead_x, ahead_y)
        has_azimuth = level > UPRIGHT_RAD
        azimuth_rad = (
            math.atan2(ahead_y, ahead_x)
            if has_azimuth
            else math.atan2(position_b[1], position_b[0])
        )
        pitch_rad = math.atan2(-ahead_z, level)
        rolled = make_rotation(azimuth_rad, pitch_rad, 0.0).T @ rotation
        roll_rad = math.atan2(rolled[1, 2], rolled[1, 1])
        return HandAngles(azimuth_rad if has_azimuth else None, pitch_rad, roll_rad)

    def _find_wrist_distance(
        self, from_shoulder: Array, outwards: float, pitch_rad: float
    ) -> float:
        """Returns how far from the shoulder the wrist must be at least [m].

        It may be anywhere on a circle about the hand's axis.
        """
        along = outwards * math.cos(pitch_rad) - from_shoulder[2] * math.sin(pitch_rad)
        aside = math.sqrt(max(float(from_shoulder @ from_shoulder) - along**2, 0.0))
        return math.hypot(along - self._hand_m, aside - self._hand_aside_m)

    def _compute_pull(self, joint_pos: Array) -> Array:
        pull = self._pull * (self._posture - joint_pos)
        return np.asarray(pull * min(1.0, MAX_PULL_RAD / max(float(np.abs(pull).max()), 1e-12)))


def make_rotation(azimuth_rad: float, pitch_rad: float, roll_rad: float) -> Array:
    """Returns Rz(azimuth) Ry(pitch) Rx(-roll), shape (3, 3)."""
    cos_a, sin_a = math.cos(azimuth_rad), math.sin(azimuth_rad)
    cos_p, sin_p = math.cos(pitch_rad), math.sin(pitch_rad)
    cos_r, sin_r = math.cos(roll_rad), -math.sin(roll_rad)
    return np.array(
        [
            [
                cos_a * cos_p,
                cos_a * sin_p * sin_r - sin_a * cos_r,
                cos_a * sin_p * cos_r + sin_a * sin_r,
            ],
            [
                sin_a * cos_p,
                sin_a * sin_p * sin_r + cos_a * cos_r,
                sin_a * sin_p * cos_r - cos_a * sin_r,
            ],
            [-sin_p, cos_p * sin_r, cos_p * cos_r],
        ]
    )


def compute_turn(rotation: Array) -> Array:
    """Returns a rotation as axis times angle, shape (3,) [rad]; of half a turn, nothing."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation.tolist()
    twice_sine = np.array([zy - yz, xz - zx, yx - xy])
    length = math.sqrt((zy - yz) ** 2 + (xz - zx) ** 2 + (yx - xy) ** 2)
    if length < 1e-9:
        return twice_sine / 2
    return twice_sine * (math.atan2(length, xx + yy + zz - 1) / length)
