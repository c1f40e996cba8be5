"""`Expert`: a scripted policy written as a plan, a generator of actions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.world import World
from robolearn.specs import Array

Plan = Iterator[Array]


class Expert(Policy):
    """Runs a plan, one action per step, and holds still after its end.

    A plan may look at the world whenever it goes on (that is the expert's privilege), but it moves
    things only by the actions it yields.

    Attributes:
        arm: the skills its plan is made of.
        rng: for choices within the plan; seeded by `reset`.
    """

    def __init__(self, world: World) -> None:
        self.arm = ArmSkills(world)

    @abstractmethod
    def make_plan(self) -> Plan:
        """Returns the plan for one episode, to be run from the start posture."""

    def reset(self, instruction: str, seed: int) -> None:
        """Begins a new plan."""
        del instruction
        self.rng = np.random.default_rng(seed)
        self.arm.reset()
        self._plan = self.make_plan()

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the plan's next action."""
        del observation
        return next(self._plan, self.arm.make_action())
