"""The expert of tasks whose goal is a cable routed through clips."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from robolearn.policy import Segment
from robolearn.sim.bddl.problem import Relation
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.experts.skills.route import Routing, grasp, is_held, lay
from robolearn.sim.judgement import Judgement
from robolearn.specs import Array

MAX_GRASPS = 3
MAX_TRIES = 3  # of each clip
MAX_ROUNDS = 2  # through all clips: one that was undone is routed again


class CableRoutingExpert(Expert):
    """Routes the cable from clip to clip, in the order of the goal, from the socket outwards."""

    def __init__(self, scene: BddlScene, judgement: Judgement) -> None:
        """Takes a scene that has hold of its world, and what judges it."""
        super().__init__(scene.world)
        self._scene, self._judgement = scene, judgement
        self._goal = scene.problem.goal

    def make_plan(self) -> Plan:
        """Clip by clip; again where the cable has come out of one."""
        for _ in range(MAX_ROUNDS):
            for index in range(len(self._goal)):
                yield from self._route(index)
            if all(map(self._judgement.holds, self._goal)):
                return

    def _route(self, index: int) -> Plan:
        relation = self._goal[index]
        cable, clip = relation.arguments
        before = self._scene.things[self._goal[index - 1].arguments[1]] if index else None
        routing = Routing(self._scene.cables[cable], self._scene.things[clip], before)
        for _ in range(MAX_TRIES):
            if self._judgement.holds(relation):
                return
            for _ in range(MAX_GRASPS):
                yield from grasp(self.arm, routing)
                if is_held(self.arm, routing.cable):
                    break
            yield from lay(self.arm, routing)
