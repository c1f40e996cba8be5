"""`Inventory`: what a BDDL problem declares, looked up in the catalogue before there is a world."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robolearn.errors import UnknownNameError
from robolearn.sim.bddl.problem import BddlError, Instance, Problem, Rectangle, Region, Relation
from robolearn.sim.catalogue import get_category
from robolearn.sim.catalogue.category import Category, NamedRegion
from robolearn.sim.catalogue.workspaces import Workspace
from robolearn.sim.placement import Spot, draw_positions, measure_overlap

OPEN_AIR_M = 0.3  # free height above a surface that has nothing over it, at full size


class Inventory:
    """Categories, places and supports of everything a problem declares; lengths at full size.

    Attributes:
        problem: what the file says.
        categories: by the names of their instances.
        workspace_name: of what it all stands on.
        workspace: its category.
        boxes: where each region is, in the frame of its owner's part; empty where the owner's
            category has no such region, but nothing speaks of it either.
        placings: the relations that say where a thing is.
        spots: of what stands on the workspace: its placing, and where, one for each rectangle.
    """

    def __init__(self, problem: Problem) -> None:
        """Looks everything up.

        Raises:
            BddlError: if a category or a named region does not exist, nothing is a workspace, a
                rectangle leaves it, something is placed nowhere, or two things have no room.
        """
        self.problem = problem
        self.categories = {i.name: _find_category(i) for i in problem.instances.values()}
        self.workspace_name = self._find_workspace()
        workspace = self.categories[self.workspace_name]
        assert isinstance(workspace, Workspace)
        self.workspace = workspace
        self.boxes = {region.name: self._find_boxes(region) for region in problem.regions.values()}
        self.placings = [r for r in problem.init if r.predicate in ("on", "in")]
        self.spots = self._find_spots()
        self._check_room()

    def get_support(self, relation: Relation) -> str:
        """Returns the thing that carries, or holds, the subject of a relation."""
        name = relation.arguments[1]
        return self.problem.regions[name].target if name in self.problem.regions else name

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

    def _find_spots(self) -> dict[str, tuple[Relation, list[Spot]]]:
        """What stands on the workspace: for each thing where, one spot per rectangle."""
        where: dict[str, Relation] = {}
        for relation in self.placings:
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
            if self.get_support(relation) == self.workspace_name:
                boxes = self.boxes.get(relation.arguments[1], ())
                if not boxes:
                    raise BddlError(relation.location, "expected a region of the workspace")
                radius_m = find_radius(self.categories[name])
                spots[name] = (relation, [make_spot(box, radius_m) for box in boxes])
        return spots

    def _check_supports(self, where: Mapping[str, Relation]) -> None:
        """Refuses things that stand on each other in a circle."""
        for name, relation in where.items():
            seen, support = {name}, self.get_support(relation)
            while support != self.workspace_name:
                if support in seen:
                    raise BddlError(relation.location, f"{name!r} stands on itself in the end")
                seen.add(support)
                support = self.get_support(where[support])

    def _check_room(self) -> None:
        """Refuses regions that leave no room for what is to stand in them."""
        names = list(self.spots)
        spots = [self.spots[name][1][0] for name in names]
        overlap_m, one, other = measure_overlap(
            spots, draw_positions(spots, np.random.default_rng(0))
        )
        # Circles are rough: things that are long and narrow may well stand closer.
        if names and overlap_m > 0.5 * min(spots[one].radius_m, spots[other].radius_m):
            relation = self.spots[names[other]][0]
            raise BddlError(
                relation.location,
                f"there is no room for {names[one]!r} and {names[other]!r}: they would stand"
                f" {overlap_m * 100:.1f} cm inside each other; make a region larger, or move it",
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


def make_spot(box: NamedRegion, radius_m: float) -> Spot:
    """Returns the spot of a thing's middle in a box."""
    x, y, _ = box.floor_t
    length, width, _ = box.size_m
    return Spot((x - length / 2, y - width / 2), (x + length / 2, y + width / 2), radius_m)


def find_radius(category: Category) -> float:
    """Returns half the longer side, between the circles within and around; more where it asks."""
    return category.room_m or max(category.size_m[:2]) / 2
