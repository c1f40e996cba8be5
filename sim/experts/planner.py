"""`PlanningExpert`: reads a goal's relations and brings them about, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from robolearn.policy import Segment
from robolearn.sim.bddl.problem import BddlError, Relation
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.experts.ordering import order_relations
from robolearn.sim.experts.relation_skills import RelationSkills
from robolearn.sim.experts.skills.log import SkillLog
from robolearn.sim.judgement import Judgement
from robolearn.specs import Array

MAX_TRIES = 3  # of each relation
MAX_ROUNDS = 3  # through the whole goal: what was undone is done again
HOLD_STEPS = 8  # after which what held for a moment holds for good
ALWAYS_TRUE = "true"


class PlanningExpert(Expert):
    """Solves any goal whose predicates there are skills for, with any arm.

    Each relation that does not hold yet is tried up to `MAX_TRIES` times, each time in another way
    where there is one; afterwards those that a later one undid are brought about again.

    Attributes:
        log: which skill acted when, with what outcome.
    """

    def __init__(self, scene: BddlScene, judgement: Judgement) -> None:
        """Takes a scene that has hold of its world, and what judges it.

        Raises:
            BddlError: if no skill brings about a relation of the goal.
        """
        super().__init__(scene.world)
        self.log = SkillLog()
        self._judgement = judgement
        self._skills = RelationSkills(self.arm, scene, judgement, self.log)
        self._goal = order_relations(scene.problem)
        for relation in self._goal:
            self._check(relation)

    def reset(self, instruction: str, seed: int) -> None:
        """Begins an episode; see `Policy.reset`."""
        self.log.reset()
        super().reset(instruction, seed)
        self._skills.reset()

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the plan's next action."""
        action = super().select_action(observation)
        self.log.num_steps += 1
        return action

    def get_segments(self) -> Sequence[Segment]:
        """Returns which skills acted so far."""
        return self.log.get_segments()

    def make_plan(self) -> Plan:
        """Goes through the goal, and again where a relation was undone by a later one."""
        for _ in range(MAX_ROUNDS):
            for relation in self._goal:
                yield from self._bring_about(relation)
            yield from self.arm.wait(HOLD_STEPS)
            if all(map(self._judgement.holds, self._goal)):
                return

    def _bring_about(self, relation: Relation) -> Plan:
        for attempt in range(MAX_TRIES):
            if self._judgement.holds(relation):
                return
            if (yield from self._skills.known[relation.predicate](relation, attempt)):
                return

    def _check(self, relation: Relation) -> None:
        known = self._skills.known
        if relation.predicate not in known and relation.predicate != ALWAYS_TRUE:
            raise BddlError(
                relation.location,
                f"no skill brings about {relation.predicate!r}; there are some for"
                f" {', '.join(known)}",
            )
