"""The expert of `stack`."""

from __future__ import annotations

import numpy as np

from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.experts.pick_place import pick, place
from robolearn.sim.world import FreeBody, World

CLEARANCE_M = 0.001  # let go just above contact, so that the lower block is not pressed aside


class StackExpert(Expert):
    """Picks the upper block and places it on the lower one."""

    def __init__(self, world: World, upper: FreeBody, lower: FreeBody) -> None:
        super().__init__(world)
        self._upper, self._lower = upper, lower

    def make_plan(self) -> Plan:
        """Looks for the lower block only after the grasp: it may have been nudged."""
        height_m = float(self._upper.position_w[2])
        yield from pick(self.arm, self._upper)
        lower_w = self._lower.position_w
        rise_m = 2 * height_m + CLEARANCE_M
        yield from place(self.arm, lower_w + np.array([0.0, 0.0, rise_m]))
