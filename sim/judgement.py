"""When a relation of a BDDL goal holds: strictly, or as LIBERO itself judges it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import numpy as np

from robolearn.errors import UnknownNameError
from robolearn.sim.bddl.problem import BddlError, Relation
from robolearn.sim.bddl_place import Place
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.catalogue.cable_line import CableLine
from robolearn.sim.catalogue.fixtures.cables import CableClip
from robolearn.sim.catalogue.markers import Marker
from robolearn.sim.catalogue.thing import Thing, ThingPart
from robolearn.sim.predicates import (
    HEIGHT_TOLERANCE_M,
    MAX_STILL_JOINT_SPEED_RADPS,
    is_near,
    is_released,
)
from robolearn.specs import Array

UP_M = 0.10  # LIBERO: 1.0 m over the floor, with tables 0.9 m high
ROUTED_DEPTH_M = 0.002  # below the top of a clip's walls
LOOSE_ON_M = 0.03  # how far the middles of stacked things may be apart; LIBERO's
LOOSE_SLACK_M = 0.01  # LIBERO's, below a container's box
EXPECTED = {
    "in": "a region of a container",
    "pressed": "a thing with a lamp",
    "reached": "a marker",
    "routed": "a cable and a clip",
}


class Judgement(ABC):
    """Judges relations in a scene.

    Attributes:
        hold_steps: for so many control steps in a row the goal must hold.
    """

    hold_steps: int

    def __init__(self, scene: BddlScene) -> None:
        """Takes the scene, which has hold of its world."""
        self.scene, self.world = scene, scene.world
        self._tool_w = self.world.site_position_w("tool")
        self._joints = [self.world.joint(n) for n in self.world.embodiment.action_spec.channels]
        self._rules: Mapping[str, Callable[[tuple[str, ...]], bool]] = {
            "on": lambda names: self._is_on(scene.things[names[0]], names[1]),
            "in": lambda names: self._is_in(scene.things[names[0]], scene.places[names[1]]),
            "open": lambda names: self._are_open(scene.find_parts(names[0])),
            "close": lambda names: self._are_closed(scene.find_parts(names[0])),
            "turnon": lambda names: self._are_open(scene.find_parts(names[0])),
            "turnoff": lambda names: self._are_closed(scene.find_parts(names[0])),
            "up": lambda names: self._is_up(scene.things[names[0]]),
            "pressed": lambda names: self._is_pressed(scene.things[names[0]]),
            "reached": lambda names: self._is_reached(scene.things[names[0]]),
            "true": lambda names: True,
            "routed": lambda names: self._is_routed(scene.cables[names[0]], scene.things[names[1]]),
        }

    def check(self, relation: Relation) -> None:
        """Refuses a relation that this scene cannot judge.

        Raises:
            BddlError: if it speaks of things for which it has no meaning; says where.
        """
        if relation.predicate not in self._rules:
            raise BddlError(relation.location, f"{relation.predicate!r} cannot be judged here")
        try:
            self.holds(relation)
        except KeyError as error:
            kind = EXPECTED.get(relation.predicate, "a thing")
            raise BddlError(
                relation.location, f"{relation.predicate!r} expects {kind}, got {error}"
            ) from error
        except UnknownNameError as error:
            raise BddlError(relation.location, str(error)) from error

    def holds(self, relation: Relation) -> bool:
        """Says whether a relation holds at this moment."""
        return self._rules[relation.predicate](relation.arguments)

    def watch(self, relations: tuple[Relation, ...]) -> None:
        """Lights the lamps of buttons that are down: so it is remembered that they were."""
        for relation in relations:
            if relation.predicate == "pressed":
                thing = self.scene.things[relation.arguments[0]]
                if not thing.is_lit and any(part.is_open for part in thing.parts.values()):
                    thing.set_lamp(is_lit=True)

    def _is_on(self, thing: Thing, name: str) -> bool:
        if name in self.scene.places:
            return self._is_on_place(thing, self.scene.places[name])
        support = self.scene.things[name]
        if isinstance(support.category, Marker):
            return self._is_on_marker(thing, support, support.category.tolerance_m)
        return self._is_on_thing(thing, support)

    def _is_on_marker(self, thing: Thing, marker: Thing, tolerance_m: float) -> bool:
        """Its middle over the marker's, within the marker's tolerance, flat on what bears both."""
        x, y, z = thing.position_w.tolist()
        marker_x, marker_y, marker_z = marker.position_w.tolist()
        return (
            math.hypot(x - marker_x, y - marker_y) <= tolerance_m * self.scene.scale
            and abs(z - marker_z) <= HEIGHT_TOLERANCE_M * self.scene.scale
            and self._is_left_alone(thing)
        )

    def _is_reached(self, thing: Thing) -> bool:
        """The tool is within the marker's tolerance and stays: sweeping through is not enough."""
        if not isinstance(thing.category, Marker):
            raise KeyError(f"{thing.name}, which is no marker")
        tolerance_m = thing.category.tolerance_m * self.scene.scale
        return is_near(self._tool_w, thing.position_w, tolerance_m) and all(
            abs(joint.velocity) < MAX_STILL_JOINT_SPEED_RADPS for joint in self._joints
        )

    def _is_up(self, thing: Thing) -> bool:
        return bool(thing.position_w[2] >= UP_M * self.scene.scale)

    def _is_pressed(self, thing: Thing) -> bool:
        return thing.is_lit and self._are_closed(list(thing.parts.values()))

    def _is_routed(self, cable: CableLine, thing: Thing) -> bool:
        """Its line passes between the walls of the clip, below their top."""
        clip = thing.category
        if not isinstance(clip, CableClip):
            raise KeyError(thing.name)
        return any(
            abs(y) < clip.gap_m / 2 and z <= clip.wall_top_m - ROUTED_DEPTH_M
            for _, (_, y, z) in cable.find_crossings(thing)
        )

    def _touches(self, one: Array, other: Array) -> bool:
        return self.world.touches(one, other)

    @abstractmethod
    def _is_on_thing(self, thing: Thing, support: Thing) -> bool: ...

    @abstractmethod
    def _is_on_place(self, thing: Thing, place: Place) -> bool: ...

    @abstractmethod
    def _is_in(self, thing: Thing, place: Place) -> bool: ...

    @abstractmethod
    def _is_left_alone(self, thing: Thing) -> bool: ...

    @abstractmethod
    def _are_open(self, parts: list[ThingPart]) -> bool: ...

    @abstractmethod
    def _are_closed(self, parts: list[ThingPart]) -> bool: ...


class StrictJudgement(Judgement):
    """Placed things must be at rest, let go of, and carried by what the goal names alone."""

    hold_steps = 5  # an arm that only sweeps past the goal does not hold it for 0.25 s

    def _is_on_thing(self, thing: Thing, support: Thing) -> bool:
        """Over its footprint, touching it and not the workspace."""
        offset = support.from_world(thing.position_w)
        length, width, _ = support.category.size_m
        return (
            math.hypot(*offset[:2].tolist()) <= min(length, width) / 2
            and offset[2] > 0
            and self._touches(thing.geoms, support.geoms)
            and not self._touches(thing.geoms, self.scene.workspace_geoms)
            and self._is_left_alone(thing)
        )

    def _is_on_place(self, thing: Thing, place: Place) -> bool:
        """Its middle over the place, carried by the place's owner."""
        carrier = self.scene.workspace_geoms if place.owner is None else place.owner.geoms
        return (
            place.contains(thing.center_w)
            and self._touches(thing.geoms, carrier)
            and self._is_left_alone(thing)
        )

    def _is_in(self, thing: Thing, place: Place) -> bool:
        return place.contains(thing.center_w) and self._is_left_alone(thing)

    def _are_open(self, parts: list[ThingPart]) -> bool:
        return any(part.is_open and self._is_part_left_alone(part) for part in parts)

    def _are_closed(self, parts: list[ThingPart]) -> bool:
        return all(part.is_closed and self._is_part_left_alone(part) for part in parts)

    def _is_routed(self, cable: CableLine, thing: Thing) -> bool:
        return (
            super()._is_routed(cable, thing)
            and cable.is_settled
            and is_released(self.world, cable.geoms)
        )

    def _is_left_alone(self, thing: Thing) -> bool:
        return thing.is_settled and is_released(self.world, thing.geoms)

    def _is_part_left_alone(self, part: ThingPart) -> bool:
        return part.is_still and is_released(self.world, part.thing.geoms)


class LooseJudgement(Judgement):
    """As LIBERO's `envs/predicates` and `envs/object_states` judge, for comparison alone.

    Success is what holds for a single step, be the thing in the air or in the hand. Two things
    differ: LIBERO's `On` with a place without a surface is always true, which is left out; and its
    bounds of moving parts, which exist only for its own fixtures.
    """

    hold_steps = 1

    def _is_on_thing(self, thing: Thing, support: Thing) -> bool:
        distance_m = np.hypot(*(thing.position_w - support.position_w)[:2]) / self.scene.scale
        return bool(
            thing.center_w[2] >= support.center_w[2]
            and distance_m < LOOSE_ON_M
            and self._touches(thing.geoms, support.geoms)
        )

    def _is_on_place(self, thing: Thing, place: Place) -> bool:
        if place.owner is None:
            return place.contains(thing.center_w)
        touches = self._touches(thing.geoms, place.owner.geoms)
        return touches and place.contains(thing.center_w)

    def _is_left_alone(self, thing: Thing) -> bool:
        return True

    def _is_in(self, thing: Thing, place: Place) -> bool:
        return place.contains(thing.center_w, LOOSE_SLACK_M)

    def _are_open(self, parts: list[ThingPart]) -> bool:
        return any(
            part.position > (part.part.loose_open_from or part.part.open_from) for part in parts
        )

    def _are_closed(self, parts: list[ThingPart]) -> bool:
        bounds = [part.part.loose_closed_to for part in parts]
        return all(
            part.position < (part.part.closed_to if bound is None else bound)
            for part, bound in zip(parts, bounds, strict=True)
        )


JUDGEMENTS: Mapping[str, type[Judgement]] = {"strict": StrictJudgement, "loose": LooseJudgement}


def make_judgement(name: str, scene: BddlScene) -> Judgement:
    """Returns the judgement of that name, `strict` or `loose`.

    Raises:
        UnknownNameError: if there is none.
    """
    if name not in JUDGEMENTS:
        raise UnknownNameError("judgement", name, JUDGEMENTS)
    return JUDGEMENTS[name](scene)
