"""The expert of `put_block_in_drawer`."""

from __future__ import annotations

import numpy as np

from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.drawer import find_roll_across, pull_open, push_closed
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.experts.pick_place import pick
from robolearn.sim.fixtures.drawer import FLOOR_TOP_M, TRAVEL_M, Drawer
from robolearn.sim.world import FreeBody, World

RAISED = np.array([0.0, 0.0, 0.06])
DROP_M = 0.006  # let go this much above the drawer's floor
LET_GO_OPENING = 0.30  # a gap of 43 mm: the jaw stays clear of the drawer's side
MAX_TRIES = 3


class PutBlockInDrawerExpert(Expert):
    """Opens the drawer, puts the block in, closes it; repeats what did not work."""

    def __init__(self, world: World, block: FreeBody, drawer: Drawer) -> None:
        super().__init__(world)
        self._block, self._drawer = block, drawer

    def make_plan(self) -> Plan:
        """Three stages."""
        block, drawer = self._block, self._drawer
        half_size_m = float(block.position_w[2])
        for _ in range(MAX_TRIES):
            if not drawer.is_open:
                yield from pull_open(self.arm, drawer)
            yield from pick(self.arm, block)
            yield from put_in(self.arm, drawer, half_size_m)
            if drawer.contains(block):
                break
        yield from push_closed(self.arm, drawer)


def put_in(arm: ArmSkills, drawer: Drawer, half_size_m: float) -> Plan:
    """Lowers what the hand holds into the drawer, in the middle of what is uncovered."""
    goal_w = drawer.to_world(-TRAVEL_M / 2, FLOOR_TOP_M + half_size_m + DROP_M)
    yield from arm.move(goal_w + RAISED, roll_rad=find_roll_across(arm, drawer, goal_w))
    yield from arm.move(goal_w)
    arm.opening = LET_GO_OPENING
    yield from arm.wait(arm.num_grasp_steps)
    yield from arm.move(goal_w + RAISED)
