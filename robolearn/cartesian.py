"""Cartesian deltas of the tool point, turned into an arm's joint targets."""

from __future__ import annotations

import math

import numpy as np

from robolearn.embodiments import Embodiment
from robolearn.embodiments.arm import require_arm
from robolearn.specs import Array

NUM_DELTAS = 6
# The tool point may miss its target by this much, far below what a hobby servo resolves (1.5 mm at
# arm's length); a larger error means that the target is out of reach.
TOLERANCE_M = 5e-4
# A step that would turn a joint further than this leads past a singularity, where a small move of
# the hand asks for a large one of the arm.
MAX_JOINT_STEP_RAD = 0.25
MAX_PITCH_TRIES = 4


class CartesianAdapter:
    """Moves an arm's targets by steps in the base frame.

    It integrates its own targets rather than measured positions, so that an arm that sags under its
    load is not dragged down further with every step. A move that the arm cannot make is left out
    whole, which keeps the targets from running away from the arm.
    """

    def __init__(
        self,
        embodiment: Embodiment,
        minimum_height_m: float = 0.005,
    ) -> None:
        """Takes the body's kinematics and limits.

        Args:
            embodiment: an arm.
            minimum_height_m: the tool point is never sent lower [m]; the table is at 0.

        Raises:
            IncompatibleError: if the body is no arm.
        """
        arm = require_arm(embodiment)
        self._inverse_kinematics = arm.make_inverse_kinematics()
        self._action_spec = arm.action_spec
        self._minimum_height_m = minimum_height_m
        self.reset(np.zeros(embodiment.state_spec.shape, np.float32))

    def reset(self, state: Array) -> None:
        """Takes this posture as the target.

        Args:
            state: the value of `observation.state`.
        """
        state = np.asarray(state, float)
        chain = self._inverse_kinematics.chain
        self._joint_pos = np.clip(state[:-1], chain.lower_rad, chain.upper_rad)
        self._position_b, _ = chain.compute_tool_pose(self._joint_pos)
        angles = self._inverse_kinematics.compute_angles(self._joint_pos)
        self._azimuth_rad, self._pitch_rad, self._roll_rad = angles
        self._opening = float(np.clip(state[-1], 0.0, 1.0))
        self._refused: list[float] | None = None  # the step that this posture cannot make

    def step(self, delta: Array) -> Array:
        """Moves the target and returns the action that goes there.

        Args:
            delta: shape (6,): x, y, z in the base frame [m]; pitch, positive down [rad]; roll,
                anticlockwise seen along the hand [rad]; gripper, positive opens [1].

        Returns:
            An action within the body's `action_spec`.
        """
        self._opening = float(np.clip(self._opening + delta[5], 0.0, 1.0))
        hand_delta = np.asarray(delta[:5], float)
        # A person leans on a key: what could not be done a moment ago is not computed again.
        if hand_delta.any() and hand_delta.tolist() != self._refused:
            self._refused = None if self._move_hand(hand_delta) else hand_delta.tolist()
        return self._action_spec.clip(np.array([*self._joint_pos, self._opening]))

    def _move_hand(self, delta: Array) -> bool:
        """Moves the targets of the arm's joints; says whether it could."""
        position_b = self._position_b + delta[:3]
        lowest_m = min(self._minimum_height_m, self._position_b[2])  # never lift an arm by force
        position_b[2] = max(position_b[2], lowest_m)
        # A turn of the hand starts from the pitch it has; otherwise it strives back to the one that
        # was asked for, which a reach may have cost it.
        start_rad = self._find_pitch(self._joint_pos) if delta[3] else self._pitch_rad
        pitch_rad = float(np.clip(start_rad + delta[3], -math.pi / 2, math.pi / 2))
        joint_pos = self._solve(position_b, pitch_rad, self._roll_rad + delta[4])
        if joint_pos is None:
            return False
        self._joint_pos, self._position_b = joint_pos, position_b
        # As reached: the joints have hard limits, and time spent pushing against one is not owed.
        angles = self._inverse_kinematics.compute_angles(joint_pos)
        self._azimuth_rad, reached_pitch_rad, self._roll_rad = angles
        self._pitch_rad = reached_pitch_rad if delta[3] else pitch_rad
        return True

    def _solve(self, position_b: Array, pitch_rad: float, roll_rad: float) -> Array | None:
        """Returns joint positions that reach the point, or None; the pitch yields to the point."""
        for _ in range(MAX_PITCH_TRIES):
            solution = self._inverse_kinematics.solve(
                position_b, pitch_rad, roll_rad, self._joint_pos, self._azimuth_rad
            )
            if solution.position_error_m <= TOLERANCE_M:
                turn_rad = float(np.abs(solution.joint_pos - self._joint_pos).max())
                return solution.joint_pos if turn_rad <= MAX_JOINT_STEP_RAD else None
            # The best compromise missed the point for the sake of the pitch: ask for its pitch.
            pitch_rad = self._find_pitch(solution.joint_pos)
        return None

    def _find_pitch(self, joint_pos: Array) -> float:
        return self._inverse_kinematics.compute_angles(joint_pos).pitch_rad
