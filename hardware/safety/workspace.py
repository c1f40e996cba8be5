"""`Workspace`: a box in the base frame that an arm's tool point does not leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robolearn.kinematics import SerialChain
from robolearn.specs import Array

TOLERANCE_M = 1e-4  # a tenth of what a hobby servo resolves at arm's length
NUM_CORRECTIONS = 3  # Newton steps back to the edge; from a control step outside two are enough
NUM_HALVINGS = 6  # of a move, to find how much of it stays inside
DAMPING_M = 1e-2  # of a correction near a singularity; relative to metres per radian


class Workspace:
    """Keeps commands of an arm from taking its tool point out of a box.

    A tool that is outside already, e.g. because a person put it there, may move anywhere that is no
    further outside.
    """

    def __init__(
        self,
        chain: SerialChain,
        places: Sequence[int],
        lower_m: Sequence[float],
        upper_m: Sequence[float],
    ) -> None:
        """Takes the box.

        Args:
            chain: of the joints that place the tool.
            places: where these joints are in a command.
            lower_m: lowest x, y, z of the tool point in the base frame [m].
            upper_m: highest x, y, z [m].
        """
        self._chain, self._places = chain, list(places)
        self._lower_m, self._upper_m = np.array(lower_m, float), np.array(upper_m, float)

    def find_depth_m(self, command: Array) -> float:
        """Returns how far outside the box a command takes the tool point; 0 inside [m]."""
        position_b, _ = self._chain.compute_tool_pose(command[self._places])
        return float(np.abs(position_b - self._nearest(position_b)).max())

    def pull_in(self, target: Array, command: Array, low: Array, high: Array) -> Array:
        """Returns the target, or else what is near it and inside: a tool slides along the edge.

        Args:
            target: a command.
            command: the last one.
            low: lowest command.
            high: highest command.
        """
        allowed_m = max(self.find_depth_m(command), TOLERANCE_M)
        if self.find_depth_m(target) <= allowed_m:
            return target
        corrected = self._correct(target, low, high)
        if self.find_depth_m(corrected) <= allowed_m:
            return corrected
        return self._halve(target, command, allowed_m)

    def cut_short(self, reached: Array, command: Array, low: Array, high: Array) -> Array:
        """Returns where a move may end: as planned, or slid along the edge as far as that goes.

        No joint moves further than the one that was to move furthest.
        """
        allowed_m = max(self.find_depth_m(command), TOLERANCE_M)
        if self.find_depth_m(reached) <= allowed_m:
            return reached
        move = reached - command
        largest = np.abs(move[self._places]).max()
        for halving in range(NUM_HALVINGS):
            slid = self._correct(command + move / 2**halving, low, high)
            slid_by = np.abs((slid - command)[self._places]).max()
            if slid_by <= largest and self.find_depth_m(slid) <= allowed_m:
                return self._with_gripper_of(reached, slid)
        return self._with_gripper_of(reached, command)

    def _correct(self, command: Array, low: Array, high: Array) -> Array:
        """Brings the tool point to the edge, by the smallest turns of the joints."""
        corrected = command.copy()
        for _ in range(NUM_CORRECTIONS):
            joint_pos = corrected[self._places]
            position_b, _ = self._chain.compute_tool_pose(joint_pos)
            # Aimed a hair inside, so that the next move along the edge has room.
            error_m = self._nearest(position_b, TOLERANCE_M) - position_b
            rows = self._chain.compute_jacobian(joint_pos)[:3]
            squared = rows @ rows.T + DAMPING_M**2 * np.eye(3)
            joint_pos = joint_pos + rows.T @ np.linalg.solve(squared, error_m)
            corrected[self._places] = np.clip(joint_pos, low[self._places], high[self._places])
        return corrected

    def _halve(self, target: Array, command: Array, allowed_m: float) -> Array:
        """Returns the furthest point found on the straight way to the target that is allowed."""
        share, width, best = 0.0, 1.0, command.copy()
        for _ in range(NUM_HALVINGS):
            width /= 2
            tried = command + (share + width) * (target - command)
            if self.find_depth_m(tried) <= allowed_m:
                share, best = share + width, tried
        return self._with_gripper_of(target, best)

    def _with_gripper_of(self, target: Array, arm: Array) -> Array:
        """A gripper may go on where the arm may not."""
        merged = target.copy()
        merged[self._places] = arm[self._places]
        return merged

    def _nearest(self, position_b: Array, margin_m: float = 0.0) -> Array:
        return np.clip(position_b, self._lower_m + margin_m, self._upper_m - margin_m)
