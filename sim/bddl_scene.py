"""`BddlScene`: the things and places of a BDDL problem, in a world."""

from __future__ import annotations

import mujoco
import numpy as np

from robolearn.sim.bddl.problem import Problem, Region, Relation
from robolearn.sim.bddl_inventory import Inventory, find_radius, make_spot
from robolearn.sim.bddl_place import Place
from robolearn.sim.catalogue.cable_line import CableLine
from robolearn.sim.catalogue.cable_shape import TABLE_GEOM
from robolearn.sim.catalogue.category import NamedRegion
from robolearn.sim.catalogue.fixtures.cables import Cable
from robolearn.sim.catalogue.thing import Thing, ThingPart, add_thing
from robolearn.sim.placement import draw_positions
from robolearn.sim.scene import Rgba
from robolearn.sim.world import World
from robolearn.specs import Array

MAX_DRAWS, MAX_OVERLAP_M = 20, 0.003  # of a start: an open drawer may meet what stands before it
PAINT_M = 0.0006  # thickness of a painted region, at the world's own size
SETS_PARTS = {"open": True, "turnon": True, "close": False, "turnoff": False}


class BddlScene:
    """What a problem declares, built into a world and set out in it.

    Attributes:
        problem: what the file says.
        inventory: that, looked up in the catalogue.
        workspace: what it all stands on.
        scale: lengths of this scene per length of what its file and the catalogue say.
        arm_scale: lengths of the arm per length of a large one, for whoever moves it.
        things: by name; not the workspace.
        cables: the lines of those things that are cables, by name.
        places: regions by full name.
        workspace_geoms: mask of what the workspace is made of.
    """

    def __init__(self, problem: Problem, scale: float) -> None:
        """Looks everything up in the catalogue.

        Raises:
            BddlError: as `Inventory` does.
        """
        self.problem, self.inventory = problem, Inventory(problem)
        self.workspace = self.inventory.workspace
        self.arm_scale = scale
        self.scale = scale if self.workspace.embodiment_name is None else 1.0
        self._origin_w = np.array(self.workspace.origin_b) * self.scale
        self.things: dict[str, Thing] = {}
        self.cables: dict[str, CableLine] = {}
        self.places: dict[str, Place] = {}

    def build(self, spec: mujoco.MjSpec) -> None:
        """Adds everything to a scene, and sets the physics that things in it ask for."""
        for name, category in self.inventory.categories.items():
            if name != self.inventory.workspace_name:
                add_thing(spec, name, category, self.scale)
            if category.physics is not None:
                category.physics.apply_to(spec)
        spec.geom(TABLE_GEOM).rgba = self.workspace.rgba
        for region in self.problem.regions.values():
            if region.rgba is not None and region.target == self.inventory.workspace_name:
                self._paint(spec, region, region.rgba)

    def take_hold(self, world: World) -> None:
        """Takes handles on everything in the compiled world."""
        self.world = world
        self.things = {
            name: Thing(world, name, category, self.scale)
            for name, category in self.inventory.categories.items()
            if name != self.inventory.workspace_name
        }
        self.cables = {
            name: CableLine(world, self.things[name], category)
            for name, category in self.inventory.categories.items()
            if isinstance(category, Cable)
        }
        self.places = {
            name: Place(
                name,
                region,
                self.inventory.boxes[name],
                self.things.get(region.target),
                self._origin_w,
                self.scale,
            )
            for name, region in self.problem.regions.items()
        }
        robots_own = world.robot_geoms
        table = world.model.geom(TABLE_GEOM).id
        self.workspace_geoms = np.zeros_like(robots_own)
        self.workspace_geoms[table] = True

    def set_out(self, rng: np.random.Generator) -> None:
        """Draws a start, and again where things would be inside each other."""
        for _ in range(MAX_DRAWS):
            self._draw(rng)
            if self._measure_overlap() < MAX_OVERLAP_M * self.scale:
                return

    def find_parts(self, name: str) -> list[ThingPart]:
        """Returns the moving parts that `open`, `turnon` and the like speak of by this name."""
        if name in self.places:
            region = self.places[name].region
            return self.things[region.target].find_parts(region.short_name)
        return self.things[name].find_parts("")

    def _measure_overlap(self) -> float:
        """Returns how deep anything is in anything else [m]."""
        mujoco.mj_kinematics(self.world.model, self.world.data)
        mujoco.mj_collision(self.world.model, self.world.data)
        return float(-self.world.data.contact.dist.min(initial=0.0))

    def _draw(self, rng: np.random.Generator) -> None:
        """Draws what stands on the workspace first, then what stands on or in that."""
        self._set_parts(rng)
        placed = self._place_on_workspace(rng)
        waiting = [r for r in self.inventory.placings if r.arguments[0] not in placed]
        while waiting:
            mujoco.mj_kinematics(self.world.model, self.world.data)
            ready = [r for r in waiting if self.inventory.get_support(r) in placed]
            for target in dict.fromkeys(r.arguments[1] for r in ready):
                self._place_on([r for r in ready if r.arguments[1] == target], rng)
            placed |= {r.arguments[0] for r in ready}
            waiting = [r for r in waiting if r not in ready]
        for cable in self.cables.values():
            cable.lay_out(rng)

    def _set_parts(self, rng: np.random.Generator) -> None:
        for thing in self.things.values():
            for part in thing.parts.values():
                part.place(0.0)
        for relation in self.problem.init:
            if SETS_PARTS.get(relation.predicate):
                for handle in self.find_parts(relation.arguments[0]):
                    handle.place(rng.uniform(handle.part.open_from, handle.part.limit))

    def _place_on_workspace(self, rng: np.random.Generator) -> set[str]:
        chosen = [
            options[rng.integers(len(options))] if len(options) > 1 else options[0]
            for _, options in self.inventory.spots.values()
        ]
        positions = draw_positions(chosen, rng)
        for (name, (relation, _)), position in zip(
            self.inventory.spots.items(), positions, strict=True
        ):
            self._place(
                name, relation, self._origin_w + np.array([*position, 0.0]) * self.scale, rng
            )
        return {*self.inventory.spots, self.inventory.workspace_name}

    def _place_on(self, relations: list[Relation], rng: np.random.Generator) -> None:
        """Places what goes onto one thing, or into one place."""
        target = relations[0].arguments[1]
        if target not in self.places:
            thing = self.things[target]
            for relation in relations:
                top_w = thing.to_world((0.0, 0.0, thing.category.top_m))
                self._place(relation.arguments[0], relation, top_w, rng)
            return
        place = self.places[target]
        box = place.boxes[0]
        radii = [find_radius(self.inventory.categories[r.arguments[0]]) for r in relations]
        # Its middle may be wherever it stays within the walls; where it is too wide, in the middle.
        spots = [make_spot(_shrink(box, radius_m), radius_m) for radius_m in radii]
        positions = draw_positions(spots, rng)
        for relation, position in zip(relations, positions, strict=True):
            point = np.array([*position, box.floor_t[2]])
            self._place(relation.arguments[0], relation, place.to_world(point, box), rng)

    def _place(
        self, name: str, relation: Relation, position_w: Array, rng: np.random.Generator
    ) -> None:
        region = self.problem.regions.get(relation.arguments[1])
        yaw_range_rad = region.yaw_range_rad if region is not None else None
        low, high = yaw_range_rad or self.inventory.categories[name].yaw_range_rad
        heights_m = self.inventory.categories[name].height_range_m
        if heights_m is not None:
            position_w = position_w + np.array([0.0, 0.0, rng.uniform(*heights_m) * self.scale])
        self.things[name].place(position_w, rng.uniform(low, high))

    def _paint(self, spec: mujoco.MjSpec, region: Region, rgba: Rgba) -> None:
        for box in self.inventory.boxes[region.name]:
            middle = self._origin_w + np.array(box.floor_t) * self.scale
            length, width, _ = box.size_m
            spec.worldbody.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                pos=middle,
                size=(length / 2 * self.scale, width / 2 * self.scale, PAINT_M / 2),
                rgba=rgba,
                contype=0,
                conaffinity=0,
            )


def _shrink(box: NamedRegion, radius_m: float) -> NamedRegion:
    length, width, height = box.size_m
    size = (max(length - 2 * radius_m, 0.0), max(width - 2 * radius_m, 0.0), height)
    return NamedRegion(box.floor_t, size, box.is_inside, box.part)
