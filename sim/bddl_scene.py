"""`BddlScene`: the things and places of a BDDL problem, in a world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

from robolearn.errors import UnknownNameError
from robolearn.sim.bddl.problem import BddlError, Instance, Problem, Rectangle, Region, Relation
from robolearn.sim.catalogue import get_category
from robolearn.sim.catalogue.cable_line import CableLine
from robolearn.sim.catalogue.cable_shape import TABLE_GEOM
from robolearn.sim.catalogue.category import Category, NamedRegion
from robolearn.sim.catalogue.fixtures.cables import Cable
from robolearn.sim.catalogue.thing import Thing, ThingPart, add_thing
from robolearn.sim.catalogue.workspaces import Workspace
from robolearn.sim.placement import Spot, draw_positions, measure_overlap
from robolearn.sim.scene import Rgba
from robolearn.sim.world import World
from robolearn.specs import Array

OPEN_AIR_M = 0.3  # free height above a surface that has nothing over it, at full size
MAX_DRAWS, MAX_OVERLAP_M = 20, 0.003  # of a start: an open drawer may meet what stands before it
PAINT_M = 0.0006  # thickness of a painted region, at the world's own size
SETS_PARTS = {"open": True, "turnon": True, "close": False, "turnoff": False}


@dataclass(frozen=True)
class Place:
    """A place in a world: somewhere on the workspace, on a thing, or in it.

    Attributes:
        name: its full name.
        region: as the file declares it.
        boxes: where it is, in the frame of its owner's part: one box for each rectangle.
        owner: the thing that carries it; None for a part of the workspace.
        origin_w: of the workspace [m]; lengths of boxes are those of the full size.
        scale: of the scene.
    """

    name: str
    region: Region
    boxes: tuple[NamedRegion, ...]
    owner: Thing | None
    origin_w: Array
    scale: float

    @property
    def is_inside(self) -> bool:
        """Whether things are in it rather than on it."""
        return self.boxes[0].is_inside

    def to_world(self, point: Array, box: NamedRegion) -> Array:
        """Turns a point of a box's frame, at full size, into world coordinates [m]."""
        if self.owner is None:
            return np.asarray(self.origin_w + point * self.scale)
        return self.owner.to_world(point, box.part)

    def find_offset(self, point_w: Array, box: NamedRegion) -> Array:
        """Returns how far a point is from the middle of a box's floor, at full size [m]."""
        if self.owner is None:
            local = (point_w - self.origin_w) / self.scale
        else:
            local = self.owner.from_world(point_w, box.part)
        return np.asarray(local - np.array(box.floor_t))

    def contains(self, point_w: Array, slack_m: float = 0.0) -> bool:
        """Says whether a point is above the floor of one of its boxes, within its free height."""
        for box in self.boxes:
            x, y, z = self.find_offset(point_w, box).tolist()
            length, width, height = box.size_m
            if (
                abs(x) <= length / 2 + slack_m
                and abs(y) <= width / 2 + slack_m
                and -slack_m <= z <= height
            ):
                return True
        return False

    @property
    def floor_w(self) -> Array:
        """The middle of its (first) floor [m], shape (3,)."""
        return self.to_world(np.array(self.boxes[0].floor_t), self.boxes[0])

    @property
    def approach_w(self) -> Array:
        """The direction in which things are brought in, a unit vector."""
        box = self.boxes[0]
        if self.owner is None:
            return np.array(box.approach_t)
        return self.owner.direction_to_world(box.approach_t, box.part)


class BddlScene:
    """What a problem declares, built into a world and set out in it.

    Attributes:
        problem: what the file says.
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
            BddlError: if a category or a named region does not exist, nothing is a workspace, a
                rectangle leaves it, or something is placed nowhere.
        """
        self.problem = problem
        self.categories = {i.name: _find_category(i) for i in problem.instances.values()}
        self.workspace_name = self._find_workspace()
        workspace = self.categories[self.workspace_name]
        assert isinstance(workspace, Workspace)
        self.workspace = workspace
        self.arm_scale = scale
        self.scale = scale if workspace.embodiment_name is None else 1.0
        self._origin_w = np.array(workspace.origin_b) * self.scale
        self._boxes = {region.name: self._find_boxes(region) for region in problem.regions.values()}
        self._spots = self._find_spots()
        self._check_room()
        self.things: dict[str, Thing] = {}
        self.cables: dict[str, CableLine] = {}
        self.places: dict[str, Place] = {}

    def build(self, spec: mujoco.MjSpec) -> None:
        """Adds everything to a scene, and sets the physics that things in it ask for."""
        for name, category in self.categories.items():
            if name != self.workspace_name:
                add_thing(spec, name, category, self.scale)
            if category.physics is not None:
                category.physics.apply_to(spec)
        spec.geom(TABLE_GEOM).rgba = self.workspace.rgba
        for region in self.problem.regions.values():
            if region.rgba is not None and region.target == self.workspace_name:
                self._paint(spec, region, region.rgba)

    def take_hold(self, world: World) -> None:
        """Takes handles on everything in the compiled world."""
        self.world = world
        self.things = {
            name: Thing(world, name, category, self.scale)
            for name, category in self.categories.items()
            if name != self.workspace_name
        }
        self.cables = {
            name: CableLine(world, self.things[name], category)
            for name, category in self.categories.items()
            if isinstance(category, Cable)
        }
        self.places = {
            name: Place(
                name,
                region,
                self._boxes[name],
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

    def _measure_overlap(self) -> float:
        """Returns how deep anything is in anything else [m]."""
        mujoco.mj_kinematics(self.world.model, self.world.data)
        mujoco.mj_collision(self.world.model, self.world.data)
        return float(-self.world.data.contact.dist.min(initial=0.0))

    def _draw(self, rng: np.random.Generator) -> None:
        """Draws what stands on the workspace first, then what stands on or in that."""
        self._set_parts(rng)
        placed = self._place_on_workspace(rng)
        waiting = [r for r in self._placings() if r.arguments[0] not in placed]
        while waiting:
            mujoco.mj_kinematics(self.world.model, self.world.data)
            ready = [r for r in waiting if self._get_support(r) in placed]
            for target in dict.fromkeys(r.arguments[1] for r in ready):
                self._place_on([r for r in ready if r.arguments[1] == target], rng)
            placed |= {r.arguments[0] for r in ready}
            waiting = [r for r in waiting if r not in ready]
        for cable in self.cables.values():
            cable.lay_out(rng)

    def find_parts(self, name: str) -> list[ThingPart]:
        """Returns the moving parts that `open`, `turnon` and the like speak of by this name."""
        if name in self.places:
            region = self.places[name].region
            return self.things[region.target].find_parts(region.short_name)
        return self.things[name].find_parts("")

    # --- looking up, before there is a world ---

    def _find_workspace(self) -> str:
        names = [n for n, category in self.categories.items() if isinstance(category, Workspace)]
        if len(names) != 1:
            known = [c.name for c in self.categories.values() if isinstance(c, Workspace)]
            where = next(iter(self.problem.instances.values())).location
            raise BddlError(
                where, f"expected one workspace among the fixtures (a table, say), got {known or 0}"
            )
        return names[0]

    def _find_boxes(self, region: Region) -> tuple[NamedRegion, ...]:
        category = self.categories[region.target]
        if region.rectangles:
            boxes = tuple(_make_box(rectangle, category) for rectangle in region.rectangles)
            for box in boxes:
                self._check_on_surface(region, box, category)
            return boxes
        if region.short_name not in category.regions:
            error = UnknownNameError(
                "region", region.short_name, category.regions, f"of a {category.name}"
            )
            if self._is_used(region.name):
                raise BddlError(region.location, str(error))
            return ()
        return (category.regions[region.short_name],)

    def _is_used(self, name: str) -> bool:
        relations = (*self.problem.init, *self.problem.goal)
        return any(name in relation.arguments for relation in relations)

    def _check_on_surface(self, region: Region, box: NamedRegion, category: Category) -> None:
        x, y, _ = box.floor_t
        length, width, _ = category.size_m
        if abs(x) > length / 2 or abs(y) > width / 2:
            raise BddlError(
                region.location,
                f"region {region.name!r} lies beside the {category.name}, whose surface reaches"
                f" {length / 2:g} m in x and {width / 2:g} m in y from its middle",
            )

    def _placings(self) -> list[Relation]:
        """The relations that say where a thing is."""
        return [r for r in self.problem.init if r.predicate in ("on", "in")]

    def _get_support(self, relation: Relation) -> str:
        """Returns the thing that carries, or holds, the subject of a relation."""
        name = relation.arguments[1]
        return self.problem.regions[name].target if name in self.problem.regions else name

    def _find_spots(self) -> dict[str, tuple[Relation, list[Spot]]]:
        """What stands on the workspace: for each thing where, one spot per rectangle."""
        where: dict[str, Relation] = {}
        for relation in self._placings():
            name = relation.arguments[0]
            if name in where:
                raise BddlError(relation.location, f"{name!r} is placed a second time")
            where[name] = relation
        for instance in self.problem.instances.values():
            if instance.name not in where and instance.name != self.workspace_name:
                raise BddlError(
                    instance.location,
                    f"nothing in :init says where {instance.name!r} is: expected"
                    f" (On {instance.name} REGION)",
                )
        self._check_supports(where)
        spots = {}
        for name, relation in where.items():
            if self._get_support(relation) == self.workspace_name:
                boxes = self._boxes.get(relation.arguments[1], ())
                if not boxes:
                    raise BddlError(relation.location, "expected a region of the workspace")
                radius_m = _find_radius(self.categories[name])
                spots[name] = (relation, [_make_spot(box, radius_m) for box in boxes])
        return spots

    def _check_supports(self, where: Mapping[str, Relation]) -> None:
        """Refuses things that stand on each other in a circle."""
        for name, relation in where.items():
            seen, support = {name}, self._get_support(relation)
            while support != self.workspace_name:
                if support in seen:
                    raise BddlError(relation.location, f"{name!r} stands on itself in the end")
                seen.add(support)
                support = self._get_support(where[support])

    def _check_room(self) -> None:
        """Refuses regions that leave no room for what is to stand in them."""
        names = list(self._spots)
        spots = [self._spots[name][1][0] for name in names]
        overlap_m, one, other = measure_overlap(
            spots, draw_positions(spots, np.random.default_rng(0))
        )
        # Circles are rough: things that are long and narrow may well stand closer.
        if names and overlap_m > 0.5 * min(spots[one].radius_m, spots[other].radius_m):
            relation = self._spots[names[other]][0]
            raise BddlError(
                relation.location,
                f"there is no room for {names[one]!r} and {names[other]!r}: they would stand"
                f" {overlap_m * 100:.1f} cm inside each other; make a region larger, or move it",
            )

    # --- setting out ---

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
            for _, options in self._spots.values()
        ]
        positions = draw_positions(chosen, rng)
        for (name, (relation, _)), position in zip(self._spots.items(), positions, strict=True):
            self._place(
                name, relation, self._origin_w + np.array([*position, 0.0]) * self.scale, rng
            )
        return {*self._spots, self.workspace_name}

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
        radii = [_find_radius(self.categories[r.arguments[0]]) for r in relations]
        # Its middle may be wherever it stays within the walls; where it is too wide, in the middle.
        spots = [_make_spot(_shrink(box, radius_m), radius_m) for radius_m in radii]
        positions = draw_positions(spots, rng)
        for relation, position in zip(relations, positions, strict=True):
            point = np.array([*position, box.floor_t[2]])
            self._place(relation.arguments[0], relation, place.to_world(point, box), rng)

    def _place(
        self, name: str, relation: Relation, position_w: Array, rng: np.random.Generator
    ) -> None:
        region = self.problem.regions.get(relation.arguments[1])
        yaw_range_rad = region.yaw_range_rad if region is not None else None
        low, high = yaw_range_rad or self.categories[name].yaw_range_rad
        heights_m = self.categories[name].height_range_m
        if heights_m is not None:
            position_w = position_w + np.array([0.0, 0.0, rng.uniform(*heights_m) * self.scale])
        self.things[name].place(position_w, rng.uniform(low, high))

    def _paint(self, spec: mujoco.MjSpec, region: Region, rgba: Rgba) -> None:
        for box in self._boxes[region.name]:
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


def _find_category(instance: Instance) -> Category:
    try:
        return get_category(instance.category)
    except UnknownNameError as error:
        raise BddlError(instance.location, str(error)) from error


def _make_box(rectangle: Rectangle, category: Category) -> NamedRegion:
    middle = ((rectangle.x0 + rectangle.x1) / 2, (rectangle.y0 + rectangle.y1) / 2, category.top_m)
    size = (rectangle.x1 - rectangle.x0, rectangle.y1 - rectangle.y0, OPEN_AIR_M)
    return NamedRegion(middle, size, is_inside=False)


def _make_spot(box: NamedRegion, radius_m: float) -> Spot:
    x, y, _ = box.floor_t
    length, width, _ = box.size_m
    return Spot((x - length / 2, y - width / 2), (x + length / 2, y + width / 2), radius_m)


def _shrink(box: NamedRegion, radius_m: float) -> NamedRegion:
    length, width, height = box.size_m
    size = (max(length - 2 * radius_m, 0.0), max(width - 2 * radius_m, 0.0), height)
    return NamedRegion(box.floor_t, size, box.is_inside, box.part)


def _find_radius(category: Category) -> float:
    """Half the longer side, between the circles within and around it, unless it wants more."""
    return category.room_m or max(category.size_m[:2]) / 2
