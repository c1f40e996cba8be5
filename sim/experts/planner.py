"""`PlanningExpert`: reads a goal's relations and brings them about, one after the other."""

from __future__ import annotations

import functools
from collections.abc import Generator, Mapping, Sequence

from robolearn.policy import Segment
from robolearn.sim.bddl.problem import Relation
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.catalogue.thing import Thing, ThingPart
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.experts.ordering import order_relations
from robolearn.sim.experts.skills import moving_parts, pick_place, touch
from robolearn.sim.experts.skills.goals import Goal, find_goals, select_free
from robolearn.sim.experts.skills.grasps import Choice, choose_grasp
from robolearn.sim.experts.skills.hand import HandSkills
from robolearn.sim.experts.skills.log import SkillLog
from robolearn.sim.judgement import Judgement
from robolearn.specs import Array

Attempt = Generator[Array, None, bool]

MAX_TRIES = 3  # of each relation
MAX_ROUNDS = 2  # through the whole goal: what was undone is done again
WIDE = 0.95  # share of its way from which on a part is as open as can be
SETTLE_STEPS = 12  # to wait for what was let go to come to rest


class PlanningExpert(Expert):
    """Solves any goal whose predicates it has skills for.

    Attributes:
        log: which skill acted when, with what outcome.
    """

    def __init__(self, scene: BddlScene, judgement: Judgement) -> None:
        """Takes a scene that has hold of its world, and what judges it."""
        super().__init__(scene.world)
        self.log = SkillLog()
        self._scene, self._judgement = scene, judgement
        self._goal = order_relations(scene.problem)
        self._achieve = {
            "on": self._put,
            "in": self._put,
            "open": lambda relation: self._move_parts("open", relation),
            "close": lambda relation: self._move_parts("close", relation),
            "turnon": lambda relation: self._move_parts("turnon", relation),
            "turnoff": lambda relation: self._move_parts("turnoff", relation),
            "reached": self._reach,
            "pressed": self._press,
        }

    def reset(self, instruction: str, seed: int) -> None:
        """Begins an episode; see `Policy.reset`."""
        self.log.reset()
        super().reset(instruction, seed)
        self._hand = HandSkills(self.arm, self._scene)

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
            if all(map(self._judgement.holds, self._goal)):
                return

    def _bring_about(self, relation: Relation) -> Plan:
        for attempt in range(MAX_TRIES):
            if self._judgement.holds(relation):
                return
            self._attempt = attempt
            if (yield from self._achieve[relation.predicate](relation)):
                return

    # --- relations ---

    def _put(self, relation: Relation) -> Attempt:
        """Takes the first thing and puts it on or in the second."""
        name, support = relation.arguments
        thing = self._scene.things[name]
        if not thing.category.grasps:
            return (yield from self._push(relation))
        yield from self._open_up(support)
        choice = self._choose_grasp(relation)
        for prepare in (self._go_home, self._open_wide):
            if choice is not None and choice.rating > 1.0 and (yield from prepare(support)):
                choice = self._choose_grasp(relation)
        if choice is None:
            return False
        if not (yield from self._take(thing, choice)):
            yield from pick_place.let_go(self._hand)
            return False
        actions = pick_place.place(
            self._hand, thing, self._find_goals(relation), choice.candidate.opening
        )
        check = self._expect(relation)
        placed = yield from self.log.run(
            "place", (name, support), self._settle(actions, check), check
        )
        if not placed:
            yield from pick_place.let_go(self._hand)
        return placed

    def _push(self, relation: Relation) -> Attempt:
        """Pushes what cannot be taken."""
        thing = self._scene.things[relation.arguments[0]]
        goal_w = self._find_goals(relation)[0].pose.position
        check = self._expect(relation)
        actions = self._settle(touch.push(self._hand, thing, goal_w), check)
        return (yield from self.log.run("push", relation.arguments, actions, check))

    def _reach(self, relation: Relation) -> Attempt:
        place, check = self._scene.things[relation.arguments[0]], self._expect(relation)
        actions = self._settle(touch.touch(self._hand, place), check)
        return (yield from self.log.run("touch", relation.arguments, actions, check))

    def _press(self, relation: Relation) -> Attempt:
        """Presses what is not pressed yet, part by part."""
        thing, check = self._scene.things[relation.arguments[0]], self._expect(relation)
        for part in thing.parts.values():
            actions = self._settle(touch.press(self._hand, part), check)
            yield from self.log.run("press", relation.arguments, actions, check)
        return self._judgement.holds(relation)

    def _take(self, thing: Thing, choice: Choice) -> Attempt:
        hand = self._hand
        reach = pick_place.reach(hand, choice.candidate)
        yield from self.log.run("reach", (thing.name,), reach, lambda: True)
        grasp = pick_place.grasp(hand, thing, choice)
        check = functools.partial(pick_place.has_followed, hand, choice)
        return (yield from self.log.run("grasp", (thing.name,), grasp, check))

    def _open_up(self, support: str) -> Plan:
        """Opens what must be open for something to be put in."""
        place = self._scene.places.get(support)
        if place is None or place.owner is None or not place.is_inside:
            return
        for part in moving_parts.find_covers(place):
            if not part.is_open:
                yield from self._move_part("open", part.thing.name, part)

    def _go_home(self, support: str) -> Attempt:
        """Leaves a posture from which there may be no way on."""
        del support
        yield from self._hand.recover()
        return True

    def _open_wide(self, support: str) -> Attempt:
        """Opens as far as it goes what is open, but too little; says whether there was such."""
        place = self._scene.places.get(support)
        if place is None or place.owner is None or not place.is_inside:
            return False
        covers = moving_parts.find_covers(place)
        narrow = [part for part in covers if part.position < WIDE * part.part.limit]
        for part in narrow:
            yield from self._move_part("open", part.thing.name, part)
        return bool(narrow)

    def _move_parts(self, skill: str, relation: Relation) -> Attempt:
        (name,) = relation.arguments
        for part in self._scene.find_parts(name):
            yield from self._move_part(skill, name, part)
        return self._judgement.holds(relation)

    def _move_part(self, skill: str, name: str, part: ThingPart) -> Attempt:
        actions, check = moving_parts.make_skill(skill, self._hand, part, self._attempt)
        moved = yield from self.log.run(skill, (name,), self._settle(actions, check), check)
        if not moved:
            yield from pick_place.let_go(self._hand)
        return moved

    # --- what skills need to know ---

    def _choose_grasp(self, relation: Relation) -> Choice | None:
        thing = self._scene.things[relation.arguments[0]]
        return choose_grasp(self._hand, thing, self._find_goals(relation), self._attempt)

    def _find_goals(self, relation: Relation) -> list[Goal]:
        name, support = relation.arguments
        alike = [r for r in self._goal if r.arguments[1:] == (support,)]
        slot = (alike.index(relation), len(alike))
        goals = find_goals(self._scene, self._scene.things[name], support, slot)
        return select_free(self._hand.preview, self._scene.things[name], goals)

    def _expect(self, relation: Relation) -> moving_parts.Check:
        return lambda: self._judgement.holds(relation)

    def _settle(self, actions: Plan, check: moving_parts.Check) -> Plan:
        """Carries actions out, then waits a little for the outcome."""
        yield from actions
        for _ in range(SETTLE_STEPS):
            if check():
                return
            yield from self.arm.wait(1)
