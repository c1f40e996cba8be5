"""`RelationSkills`: which skills bring a relation about, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping

import numpy as np

from robolearn.sim.bddl.problem import Relation
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.catalogue.category import DOWN
from robolearn.sim.catalogue.fixtures.cables import CableClip
from robolearn.sim.catalogue.thing import Thing, ThingPart
from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.expert import Plan
from robolearn.sim.experts.skills import moving_parts, pick_place, route, touch
from robolearn.sim.experts.skills.goals import Goal, find_goals, get_pose, select_free
from robolearn.sim.experts.skills.grasps import (
    Choice,
    choose_grasp,
    find_blocking,
    find_spots,
    find_spots_away,
)
from robolearn.sim.experts.skills.hand import HandSkills
from robolearn.sim.experts.skills.log import Check, SkillLog
from robolearn.sim.judgement import UP_M, Judgement
from robolearn.specs import Array

Attempt = Generator[Array, None, bool]

WIDE = 0.95  # share of its way from which on a part is as open as can be
SETTLE_STEPS = 12  # to wait for what was let go to come to rest
HIGHER_M = 0.05  # than what counts as up, at full size


class RelationSkills:
    """Skills by the predicate they bring about; each returns whether the relation holds then.

    Attributes:
        known: by predicate: takes a relation and how often it was tried before. A new predicate
            needs an entry here, and a skill.
    """

    def __init__(
        self, arm: ArmSkills, scene: BddlScene, judgement: Judgement, log: SkillLog
    ) -> None:
        """Takes the arm, what is around, what judges it and what keeps a record."""
        self._arm, self._scene, self._judgement, self._log = arm, scene, judgement, log
        self.known: Mapping[str, Callable[[Relation, int], Attempt]] = {
            "on": self._put,
            "in": self._put,
            "up": self._raise,
            "pressed": self._press,
            "reached": self._touch,
            "routed": self._route,
            **dict.fromkeys(("open", "close", "turnon", "turnoff"), self._move_parts),
        }
        self.reset()

    def reset(self) -> None:
        """Begins an episode, with an empty hand."""
        self._hand = HandSkills(self._arm, self._scene)

    def _put(self, relation: Relation, attempt: int) -> Attempt:
        """Takes the first thing and puts it on or in the second."""
        name, support = relation.arguments
        thing = self._scene.things[name]
        if not thing.category.grasps:
            return (yield from self._push(relation, thing))
        yield from self._put_aside(thing, support)
        yield from self._open_up(support)
        choice = self._choose_grasp(relation, attempt)
        for prepare in (self._go_home, self._open_wide, self._make_room):
            if choice is None or choice.rating <= 1.0:
                break
            if (yield from prepare(relation, choice)):
                choice = self._choose_grasp(relation, attempt)
        if choice is None or not (yield from self._take(thing, choice)):
            return False
        opening = choice.candidate.opening
        place = pick_place.place(self._hand, thing, self._find_goals(relation), opening)
        placed = yield from self._run("place", relation.arguments, place, self._expect(relation))
        if not placed:
            yield from pick_place.let_go(self._hand)
        return placed

    def _push(self, relation: Relation, thing: Thing) -> Attempt:
        """Pushes what cannot be taken."""
        goal_w = self._find_goals(relation)[0].pose.position
        push = touch.push(self._hand, thing, goal_w)
        return (yield from self._run("push", relation.arguments, push, self._expect(relation)))

    def _touch(self, relation: Relation, attempt: int) -> Attempt:
        """Brings the tool to a marker."""
        del attempt
        way = touch.touch(self._hand, self._scene.things[relation.arguments[0]])
        return (yield from self._run("touch", relation.arguments, way, self._expect(relation)))

    def _raise(self, relation: Relation, attempt: int) -> Attempt:
        """Takes a thing and holds it high."""
        thing = self._scene.things[relation.arguments[0]]
        way_w = np.array([0.0, 0.0, (UP_M + HIGHER_M) * self._scene.scale])
        goal = Goal(get_pose(thing).shift(way_w), np.array(DOWN), 0.0)
        choice = choose_grasp(self._hand, thing, [goal], attempt)
        if choice is None or not (yield from self._take(thing, choice)):
            return False
        lift = self._hand.go(choice.candidate.target.shift(way_w))
        return (yield from self._run("lift", relation.arguments, lift, self._expect(relation)))

    def _press(self, relation: Relation, attempt: int) -> Attempt:
        """Presses every button of a thing."""
        del attempt
        for part in self._scene.things[relation.arguments[0]].parts.values():
            press = touch.press(self._hand, part)
            yield from self._run("press", relation.arguments, press, self._expect(relation))
        return self._judgement.holds(relation)

    def _move_parts(self, relation: Relation, attempt: int) -> Attempt:
        """Opens, closes or turns what the relation speaks of."""
        del attempt
        (name,) = relation.arguments
        parts = self._scene.find_parts(name)
        for thing, support in self._find_contents(relation, parts):
            yield from self._put_aside(thing, support)
        for part in parts:
            yield from self._move_part(relation.predicate, name, part)
        return self._judgement.holds(relation)

    def _route(self, relation: Relation, attempt: int) -> Attempt:
        """Runs a cable through the first clip that it is not in: a later one must wait for that."""
        name = relation.arguments[0]
        clips = [r for r in self._scene.problem.goal if r.arguments[:1] == (name,)]
        missing = next(i for i, r in enumerate(clips) if not self._judgement.holds(r))
        things, cable = self._scene.things, self._scene.cables[name]
        all_clips = [t for t in things.values() if isinstance(t.category, CableClip)]
        before = things[clips[missing - 1].arguments[1]] if missing else None
        clip = things[clips[missing].arguments[1]]
        routing = route.Routing(cable, clip, before, all_clips, attempt)
        grasp, lay = route.grasp(self._arm, routing), route.lay(self._arm, routing)
        is_in_hand = lambda: route.is_held(self._arm, cable)  # noqa: E731
        if not (yield from self._log.run("grasp", (name,), grasp, is_in_hand)):
            return False
        names, check = clips[missing].arguments, self._expect(clips[missing])
        yield from self._log.run("route", names, lay, check)
        return self._judgement.holds(relation)

    # --- steps of these ---

    def _take(self, thing: Thing, choice: Choice) -> Attempt:
        """Reaches for a thing and lifts it; lets go of what did not come along."""
        hand, names = self._hand, (thing.name,)
        before = pick_place.find_start(hand, choice.candidate)
        reach = pick_place.reach(hand, choice.candidate)
        yield from self._log.run("reach", names, reach, lambda: hand.is_at(before))
        taken = yield from self._log.run(
            "grasp",
            names,
            pick_place.grasp(hand, thing, choice),
            lambda: pick_place.has_followed(hand, choice),
        )
        if not taken:
            yield from pick_place.let_go(hand)
        return taken

    def _move_part(self, skill: str, name: str, part: ThingPart) -> Attempt:
        actions, check = moving_parts.make_skill(skill, self._hand, part)
        moved = yield from self._run(skill, (name,), actions, check)
        if not moved:
            yield from pick_place.let_go(self._hand)
        return moved

    def _put_aside(self, thing: Thing, support: str) -> Plan:
        """Puts a thing aside that could not be taken with what it goes into open, as a drawer."""
        closed = [part for part in self._find_covers(support) if not part.is_open]
        if not closed:
            return
        with self._hand.preview.assume_open(closed):
            spots = find_spots(self._hand, thing)
        yield from self._move_to(thing, spots)

    def _move_to(self, thing: Thing, spots: list[Goal]) -> Attempt:
        """Puts a thing down at one of the spots; says whether it was taken."""
        choice = choose_grasp(self._hand, thing, spots) if spots else None
        if choice is None or not (yield from self._take(thing, choice)):
            return False
        place = pick_place.place(self._hand, thing, spots, choice.candidate.opening)
        names = (thing.name, self._scene.inventory.workspace_name)
        yield from self._run("place", names, place, lambda: thing.is_settled)
        return True

    def _open_up(self, support: str) -> Plan:
        """Opens what must be open for something to be put in."""
        for part in self._find_covers(support):
            if not part.is_open:
                yield from self._move_part("open", part.thing.name, part)

    def _go_home(self, relation: Relation, choice: Choice) -> Attempt:
        """Leaves a posture from which there may be no way on."""
        del relation, choice
        yield from self._hand.recover()
        return True

    def _open_wide(self, relation: Relation, choice: Choice) -> Attempt:
        """Opens as far as it goes what is open, but too little; says whether there was such."""
        del choice
        covers = self._find_covers(relation.arguments[1])
        narrow = [part for part in covers if part.position < WIDE * part.part.limit]
        for part in narrow:
            yield from self._move_part("open", part.thing.name, part)
        return bool(narrow)

    def _make_room(self, relation: Relation, choice: Choice) -> Attempt:
        """Puts aside what the hand would touch; says whether anything was."""
        thing = self._scene.things[relation.arguments[0]]
        neighbours = [other for other in self._scene.things.values() if other is not thing]
        moved = False
        for other in find_blocking(self._hand, neighbours, choice.candidate):
            spots = find_spots_away(self._hand, other, thing)
            moved = (yield from self._move_to(other, spots)) or moved
        return moved

    def _run(self, skill: str, names: tuple[str, ...], actions: Plan, check: Check) -> Attempt:
        """Carries a skill out and waits a little for the outcome."""
        return (yield from self._log.run(skill, names, self._settle(actions, check), check))

    def _settle(self, actions: Plan, check: Check) -> Plan:
        yield from actions
        for _ in range(SETTLE_STEPS):
            if check():
                return
            yield from self._arm.wait(1)

    # --- what they need to know ---

    def _find_covers(self, support: str) -> list[ThingPart]:
        """Returns the drawer or door that must be open for something to be put in a place."""
        place = self._scene.places.get(support)
        if place is None or place.owner is None or not place.is_inside:
            return []
        part = place.boxes[0].part
        return [place.owner.parts[part]] if part else list(place.owner.parts.values())

    def _find_contents(self, relation: Relation, parts: list[ThingPart]) -> list[tuple[Thing, str]]:
        """Returns what is to be put into something that is about to be opened, and where."""
        if relation.predicate != "open":
            return []
        return [
            (self._scene.things[later.arguments[0]], later.arguments[1])
            for later in self._scene.problem.goal
            if later.predicate == "in"
            and any(part in parts for part in self._find_covers(later.arguments[1]))
        ]

    def _choose_grasp(self, relation: Relation, attempt: int) -> Choice | None:
        thing, goals = self._scene.things[relation.arguments[0]], self._find_goals(relation)
        return choose_grasp(self._hand, thing, goals, attempt) if goals else None

    def _find_goals(self, relation: Relation) -> list[Goal]:
        name, support = relation.arguments
        thing = self._scene.things[name]
        alike = [r for r in self._scene.problem.goal if r.arguments[1:] == (support,)]
        slot = (alike.index(relation), len(alike))
        goals = find_goals(self._scene, thing, support, slot)
        return select_free(self._hand.preview, thing, goals)

    def _expect(self, relation: Relation) -> Check:
        return lambda: self._judgement.holds(relation)
