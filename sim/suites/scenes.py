"""Scenes as data: what stands where, from which the BDDL files of our suites are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from robolearn.kinematics import Vector3
from robolearn.sim.bddl.problem import Instance, Problem, Rectangle, Region, Relation
from robolearn.sim.catalogue import get_category
from robolearn.sim.catalogue.category import Category
from robolearn.sim.catalogue.workspaces import Workspace
from robolearn.sim.scene import Rgba

SMALL_TURNS_RAD = (-0.5, 0.5)  # how things are turned at the start


@dataclass(frozen=True)
class Stand:
    """A thing and where it stands at the start.

    Attributes:
        name: its category and a number, e.g. `plate_1`.
        where: the middle of a rectangle on the workspace, before the robot's base [m]; or the name
            of the thing, or the region of one, that carries it.
        size_m: of the rectangle, along x and y.
        yaw_rad: range of its turn; by default fixtures stand straight, and other things are turned
            a little to either side, or at will if they are round.
    """

    name: str
    where: tuple[float, float] | str
    size_m: tuple[float, float] = (0.10, 0.10)
    yaw_rad: tuple[float, float] | None = None

    @property
    def category(self) -> Category:
        """What it is."""
        return get_category(self.name.rpartition("_")[0])


@dataclass(frozen=True)
class Mark:
    """A painted rectangle of the workspace, for goals to name.

    Attributes:
        name: goals call it `<workspace>_<name>`.
        where: its middle, before the robot's base [m].
        size_m: along x and y.
        rgba: of the paint.
    """

    name: str
    where: tuple[float, float]
    size_m: tuple[float, float]
    rgba: Rgba


@dataclass(frozen=True)
class Scene:
    """What stands on a workspace.

    Attributes:
        workspace: its category; also its name in the file.
        stands: fixtures and objects.
        marks: painted regions.
        states: relations that moving parts begin in, e.g. `open wooden_cabinet_1_top_region`.
    """

    workspace: str
    stands: tuple[Stand, ...]
    marks: tuple[Mark, ...] = ()
    states: tuple[str, ...] = ()


def make_problem(scene: Scene, language: str, goal: Sequence[str]) -> Problem:
    """Returns the task of bringing about a goal in a scene.

    Args:
        scene: what stands where.
        language: the instruction.
        goal: relations as in a file, without their parentheses: `on red_bowl_1 plate_1`.
    """
    workspace = Instance(scene.workspace, scene.workspace)
    stands = sorted(scene.stands, key=lambda stand: stand.name)
    things = {s.name: Instance(s.name, s.category.name) for s in stands}
    fixed = {s.name for s in stands if s.category.is_fixture}
    regions = {region.name: region for region in _make_regions(scene)}
    relations = tuple(map(make_relation, goal))
    named = [name for relation in relations for name in relation.arguments]
    owners = [regions[name].target if name in regions else name for name in named]
    return Problem(
        name=f"robolearn_{scene.workspace}",
        language=language,
        regions=regions,
        fixtures={workspace.name: workspace, **{n: t for n, t in things.items() if n in fixed}},
        objects={n: t for n, t in things.items() if n not in fixed},
        interest=tuple(n for n in dict.fromkeys(owners) if n in things),
        init=(
            *(_make_placing(stand, scene, regions) for stand in scene.stands),
            *map(make_relation, scene.states),
        ),
        goal=relations,
    )


def make_relation(text: str) -> Relation:
    """Returns the relation that words stand for, e.g. `on red_bowl_1 plate_1`."""
    predicate, *arguments = text.split()
    return Relation(predicate, tuple(arguments))


def make_task_id(language: str) -> str:
    """Returns a name for a file: the instruction in small letters, joined by underscores."""
    return "_".join(re.findall(r"[a-z0-9]+", language.lower()))


def _make_regions(scene: Scene) -> Iterator[Region]:
    """The rectangles on the workspace, then every region that a thing has by name."""
    workspace = get_category(scene.workspace)
    assert isinstance(workspace, Workspace)
    for stand in scene.stands:
        if not isinstance(stand.where, str):
            rectangle = _make_rectangle(stand.where, stand.size_m, workspace.origin_b)
            yaw_rad = stand.yaw_rad or _find_turns(stand.category)
            yield Region(scene.workspace, f"{stand.name}_region", (rectangle,), yaw_rad)
    for mark in scene.marks:
        rectangle = _make_rectangle(mark.where, mark.size_m, workspace.origin_b)
        yield Region(scene.workspace, mark.name, (rectangle,), SMALL_TURNS_RAD, mark.rgba)
    for stand in scene.stands:
        for name in stand.category.regions:
            yield Region(stand.name, name)


def _make_rectangle(
    where_b: tuple[float, float], size_m: tuple[float, float], origin_b: Vector3
) -> Rectangle:
    (x, y), (length, width) = where_b, size_m
    x, y = x - origin_b[0], y - origin_b[1]
    corners = (x - length / 2, y - width / 2, x + length / 2, y + width / 2)
    return Rectangle(*(round(corner, 4) for corner in corners))


def _find_turns(category: Category) -> tuple[float, float]:
    if category.is_fixture or category.yaw_range_rad != (0.0, 0.0):
        return category.yaw_range_rad
    return SMALL_TURNS_RAD


def _make_placing(stand: Stand, scene: Scene, regions: Mapping[str, Region]) -> Relation:
    if not isinstance(stand.where, str):
        return Relation("on", (stand.name, f"{scene.workspace}_{stand.name}_region"))
    region = regions.get(stand.where)
    is_inside = False
    if region is not None and not region.rectangles:
        target = next(s for s in scene.stands if s.name == region.target)
        is_inside = target.category.regions[region.short_name].is_inside
    return Relation("in" if is_inside else "on", (stand.name, stand.where))
