"""The expert of `reach`."""

from __future__ import annotations

from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.world import Marker, World


class ReachExpert(Expert):
    """Moves the tool straight to the target."""

    def __init__(self, world: World, target: Marker) -> None:
        super().__init__(world)
        self._target = target

    def make_plan(self) -> Plan:
        """One straight move; the policy then holds still."""
        yield from self.arm.move(self._target.position_w)
