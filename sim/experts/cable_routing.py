"""The expert of tasks whose goal is a cable routed through clips."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from robolearn.policy import Segment
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.catalogue.fixtures.cables import CableClip
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.experts.skills.log import SkillLog
from robolearn.sim.experts.skills.route import Routing, grasp, is_held, lay
from robolearn.sim.judgement import Judgement
from robolearn.specs import Array

MAX_TRIES = 5  # for each clip, on average


class CableRoutingExpert(Expert):
    """Routes the cable through the clips in the order of the goal, from the socket outwards.

    Attributes:
        log: which skill acted when, with what outcome.
    """

    def __init__(self, scene: BddlScene, judgement: Judgement) -> None:
        """Takes a scene that has hold of its world, and what judges it."""
        super().__init__(scene.world)
        self.log = SkillLog()
        self._scene, self._judgement = scene, judgement
        self._goal = scene.problem.goal
        self._clips = [t for t in scene.things.values() if isinstance(t.category, CableClip)]

    def reset(self, instruction: str, seed: int) -> None:
        """Begins an episode; see `Policy.reset`."""
        self.log.reset()
        super().reset(instruction, seed)

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the plan's next action."""
        action = super().select_action(observation)
        self.log.num_steps += 1
        return action

    def get_segments(self) -> Sequence[Segment]:
        """Returns which skills acted so far."""
        return self.log.get_segments()

    def make_plan(self) -> Plan:
        """Always the first clip that the cable is not in: a later one cannot be reached before."""
        attempts = [0] * len(self._goal)
        for _ in range(MAX_TRIES * len(self._goal)):
            missing = [i for i, r in enumerate(self._goal) if not self._judgement.holds(r)]
            if not missing:
                return
            yield from self._route(missing[0], attempts[missing[0]])
            attempts[missing[0]] += 1

    def _route(self, index: int, attempt: int) -> Generator[Array, None, bool]:
        """Says whether the cable is in the clip afterwards."""
        relation, names = self._goal[index], self._goal[index].arguments
        before = self._scene.things[self._goal[index - 1].arguments[1]] if index else None
        cable = self._scene.cables[names[0]]
        routing = Routing(cable, self._scene.things[names[1]], before, self._clips, attempt)

        def is_in_hand() -> bool:
            return is_held(self.arm, cable)

        if not (yield from self.log.run("grasp", names[:1], grasp(self.arm, routing), is_in_hand)):
            return False
        return (
            yield from self.log.run(
                "route", names, lay(self.arm, routing), lambda: self._judgement.holds(relation)
            )
        )
