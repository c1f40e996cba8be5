"""The expert of `pick_place`, and the plan of picking and placing that others reuse."""

from __future__ import annotations

import math

import numpy as np

from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.world import FreeBody, Marker, World
from robolearn.specs import Array

CUBE_SYMMETRY_RAD = math.pi / 2
ASIDE_M = 0.008  # the block's place in the open gripper; see `ArmSkills.find_aim`
ABOVE_M = 0.07
LIFTED_M = 0.02  # a block that did not rise this much was not grasped
MAX_GRASPS = 3


class PickPlaceExpert(Expert):
    """Picks the block, puts it on the target, moves up."""

    def __init__(self, world: World, block: FreeBody, target: Marker) -> None:
        super().__init__(world)
        self._block, self._target = block, target

    def make_plan(self) -> Plan:
        """Grasp height and release height are that of the resting block."""
        height_m = float(self._block.position_w[2])
        yield from pick(self.arm, self._block)
        yield from place(self.arm, np.array([*self._target.position_w[:2], height_m]))


def pick(arm: ArmSkills, block: FreeBody) -> Plan:
    """Grasps a cube and lifts it; tries again where it slipped."""
    for _ in range(MAX_GRASPS):
        start_w = block.position_w
        roll_rad = arm.find_roll(start_w, block.yaw_rad, CUBE_SYMMETRY_RAD)
        aim_w = arm.find_aim(start_w, roll_rad, ASIDE_M)
        yield from arm.move(_raise(aim_w), roll_rad=roll_rad)
        yield from arm.open_gripper() if arm.opening < 0.3 else arm.wait(1)
        yield from arm.move(aim_w)
        yield from arm.close_gripper()
        yield from arm.move(_raise(start_w))
        if block.position_w[2] > start_w[2] + LIFTED_M:
            return


def place(arm: ArmSkills, goal_w: Array) -> Plan:
    """Puts what the hand holds down at `goal_w` (the tool's place there) and moves up."""
    yield from arm.move(_raise(goal_w))
    yield from arm.move(goal_w)
    yield from arm.open_gripper()
    yield from arm.move(_raise(goal_w))


def _raise(position_w: Array) -> Array:
    return np.asarray(position_w + np.array([0.0, 0.0, ABOVE_M]))
