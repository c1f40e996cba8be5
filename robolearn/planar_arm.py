"""Inverse kinematics of five-joint arms, by damped least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from robolearn.errors import IncompatibleError
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
class PlanarLayout(ArmLayout):
    """Five joints: a pan about the z axis of the base frame, three in its plane, and a roll.

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

    def make_inverse_kinematics(self, chain: SerialChain) -> PlanarInverseKinematics:
        """See `ArmLayout.make_inverse_kinematics`."""
        return PlanarInverseKinematics(chain, self)


# Rows of the least-squares problem are position x, y, z [m], pitch and roll [rad]. The weights make
# the position win where a limit or the reach lets not everything be had.
ROW_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.02, 0.05])


class PlanarInverseKinematics(InverseKinematics):
    """Of an arm whose hand always points away from the pan axis: it has no azimuth of its own."""

    has_azimuth = False

    def __init__(self, chain: SerialChain, layout: PlanarLayout) -> None:
        super().__init__(chain)
        self._rows = np.array([layout.pitch_row, layout.roll_row], float)
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
        azimuth_rad: float | None = None,
    ) -> IkSolution:
        """See `InverseKinematics.solve`."""
        if azimuth_rad is not None:
            raise IncompatibleError(
                f"an arm of {self.chain.num_joints} joints cannot choose where its hand points,"
                " seen from above: leave the azimuth out"
            )
        pitch_rad = self.relax_pitch(target_position_b, pitch_rad)
        wanted = np.array([*target_position_b, pitch_rad, roll_rad], float)
        joint_pos = np.clip(np.asarray(start_joint_pos, float), self._lower, self._upper)
        residual = np.empty(5)
        jacobian = np.empty((5, self.chain.num_joints))
        jacobian[3:] = self._rows
        for iteration in range(MAX_ITERATIONS + 1):
            origins_b, axes_b, tool_b, _ = self.chain.walk(joint_pos)
            residual[:3] = wanted[:3] - tool_b
            residual[3:] = wanted[3:] - self._rows @ joint_pos
            weighted = residual * ROW_WEIGHTS
            if iteration == MAX_ITERATIONS or np.abs(weighted).max() < TOLERANCE:
                break
            jacobian[:3] = make_linear_jacobian(origins_b, axes_b, tool_b)
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

    def compute_angles(self, joint_pos: Array) -> HandAngles:
        """See `InverseKinematics.compute_angles`."""
        pitch, roll = (float(np.dot(row, joint_pos)) for row in self._rows)
        return HandAngles(None, pitch, roll)
