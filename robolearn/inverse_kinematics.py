"""`InverseKinematics`: joint positions that bring a hand somewhere; what its solvers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from robolearn.kinematics import SerialChain
from robolearn.specs import Array

DAMPING = 1e-3  # relative to the weighted rows; keeps steps bounded at the stretched arm
MAX_STEP_RAD = 0.3  # per joint and iteration: the linearisation holds about that far
MAX_ITERATIONS = 24
TOLERANCE = 1e-5  # largest weighted residual that counts as solved (0.01 mm)
PITCH_STEP_RAD = 0.04
REACH_MARGIN_M = 0.008  # a fully stretched elbow is singular: stay this much short of it


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


class HandAngles(NamedTuple):
    """How a hand is turned: tool to base is Rz(azimuth) Ry(pitch) Rx(-roll).

    Attributes:
        azimuth_rad: where the hand points, seen from above [rad]; None: away from the base's z
            axis, as the tool point lies.
        pitch_rad: 0 hand level, +pi/2 straight down [rad].
        roll_rad: anticlockwise seen along the hand; 0 with the line of the fingers upright in a
            level hand [rad].
    """

    azimuth_rad: float | None
    pitch_rad: float
    roll_rad: float


class InverseKinematics(ABC):
    """Joint positions that bring the tool point somewhere with the hand turned as wanted.

    Where the wrist could not reach the point with the pitch asked for, the pitch is lowered in
    small steps until it can: the point matters more than the angle.

    Attributes:
        chain: the arm.
        has_azimuth: whether the arm can choose where its hand points, seen from above.
    """

    has_azimuth: bool = True

    def __init__(self, chain: SerialChain) -> None:
        self.chain = chain
        self._lower, self._upper = np.array(chain.lower_rad), np.array(chain.upper_rad)

    @abstractmethod
    def solve(
        self,
        target_position_b: Array,
        pitch_rad: float,
        roll_rad: float,
        start_joint_pos: Array,
        azimuth_rad: float | None = None,
    ) -> IkSolution:
        """Finds joint positions near `start_joint_pos`; for the angles see `HandAngles`.

        Args:
            target_position_b: where the tool point should be, base frame, shape (3,) [m].
            pitch_rad: 0 hand level, +pi/2 straight down [rad].
            roll_rad: of the hand about its own axis [rad].
            start_joint_pos: where to start from, best the last solution; shape (num_joints,) [rad].
            azimuth_rad: where the hand points, seen from above [rad]; None: away from the base.

        Returns:
            The best found; for a point out of reach the nearest, with its error.

        Raises:
            IncompatibleError: for an azimuth, if the arm cannot choose one.
        """

    @abstractmethod
    def compute_angles(self, joint_pos: Array) -> HandAngles:
        """Returns how the hand is turned; joint positions have shape (num_joints,) [rad]."""

    def _take_step(
        self, joint_pos: Array, jacobian: Array, residual: Array, pull: Array | None = None
    ) -> Array:
        """One damped least-squares step that leaves out joints already pressed to a limit.

        Args:
            joint_pos: where the arm is, shape (num_joints,) [rad].
            jacobian: weighted rows, shape (rows, num_joints).
            residual: what is missing, weighted likewise, shape (rows,).
            pull: step that is taken as far as the rows leave room for it, shape (num_joints,).
        """
        free = np.ones(len(joint_pos), bool)
        for _ in range(2):
            rows = jacobian * free
            squared = rows @ rows.T
            squared.flat[:: len(residual) + 1] += DAMPING**2
            if pull is None:
                step = rows.T @ np.linalg.solve(squared, residual)
            else:
                step = pull * free + rows.T @ np.linalg.solve(squared, residual - rows @ pull)
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


class ArmLayout(ABC):
    """How a chain's joints make up an arm: plain data that says which solver fits."""

    @abstractmethod
    def make_inverse_kinematics(self, chain: SerialChain) -> InverseKinematics:
        """Returns the solver for an arm of this layout."""
