"""The expert of `push_block`."""

from __future__ import annotations

import math

import numpy as np

from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.world import FreeBody, Marker, World
from robolearn.specs import Array

# Both finger tips push side by side, 3 cm apart: a pushed block turns to lie against both.
PUSHER_OPENING = 0.21
# Either way round is as good.
PUSHER_SYMMETRY_RAD = math.pi
PUSH_HEIGHT_M = 0.022  # of the tool; the tips are 1 cm lower
BEHIND_M = 0.065  # clear of the block's corner, however it is turned
CONTACT_M = 0.035  # from tool to block centre while pushing: half block plus half finger
RAISED_M = 0.07
PUSH_SPEED_MPS = 0.12
CLOSE_ENOUGH_M = 0.02
MAX_PUSHES = 4


class PushBlockExpert(Expert):
    """Pushes from behind, in a straight line, and again from the new side where it strayed."""

    def __init__(self, world: World, block: FreeBody, target: Marker) -> None:
        super().__init__(world)
        self._block, self._target = block, target

    def make_plan(self) -> Plan:
        """Pushes until the block is there."""
        target_xy = self._target.position_w[:2]
        for _ in range(MAX_PUSHES):
            yield from push(self.arm, self._block.position_w[:2], target_xy)
            if math.dist(self._block.position_w[:2], target_xy) < CLOSE_ENOUGH_M:
                return


def push(arm: ArmSkills, block_xy: Array, goal_xy: Array) -> Plan:
    """Pushes a block once along the line from where it is to where it should be."""
    along = (goal_xy - block_xy) / max(float(np.linalg.norm(goal_xy - block_xy)), 1e-6)
    start_w = np.array([*(block_xy - BEHIND_M * along), PUSH_HEIGHT_M])
    end_w = np.array([*(goal_xy - CONTACT_M * along), PUSH_HEIGHT_M])
    raised = np.array([0.0, 0.0, RAISED_M])
    across_rad = math.atan2(along[1], along[0]) + math.pi / 2
    arm.opening = PUSHER_OPENING
    roll_rad = _nearest_turn(arm, start_w, across_rad)
    yield from arm.move(start_w + raised, roll_rad=roll_rad)
    yield from arm.move(start_w)
    end_roll_rad = _nearest_turn(arm, end_w, across_rad)
    yield from arm.move(end_w, roll_rad=end_roll_rad, speed_mps=PUSH_SPEED_MPS)
    yield from arm.wait(3)
    yield from arm.move(end_w - 0.03 * np.array([*along, 0.0]))
    yield from arm.move(arm.position_w + raised)


def _nearest_turn(arm: ArmSkills, position_w: Array, heading_rad: float) -> float:
    """The roll across the push that is nearest to the present one, so the hand never spins."""
    roll_rad = heading_rad - math.atan2(position_w[1], position_w[0])
    turns = round((arm.roll_rad - roll_rad) / PUSHER_SYMMETRY_RAD)
    return roll_rad + turns * PUSHER_SYMMETRY_RAD
