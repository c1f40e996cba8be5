"""Where a thing may be put so that a relation of the goal holds: poses, the best first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from robolearn.sim.bddl_place import Place
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.catalogue.category import DOWN, NamedRegion
from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.experts.hand_target import find_bearing
from robolearn.sim.experts.skills.pose import Pose, find_corners, make_turn_z
from robolearn.sim.experts.skills.preview import MAX_OVERLAP_M, Preview
from robolearn.specs import Array

# At full size.
GAP_M = 0.003  # below what is let go
NUM_YAWS = 12  # tried for what may be turned as one likes
OFFSETS = (0.0, -0.5, 0.5, -1.0, 1.0)  # shares of the way from a place's middle to its edges
INNER_OFFSETS = (0.0, -1.0, 1.0)
STANDOFF_M = 0.08
ASIDE_M = (0.12, 0.18, 0.24)
SQUARE_M = 0.001
LEAN_RAD = 1.2
WALL_M, EDGE_M = 0.004, 0.004  # from a thing to a wall, and from its middle to a region's edge


@dataclass(frozen=True)
class Goal:
    """Where a thing is to be let go.

    Attributes:
        pose: of the thing, in the world.
        way_in_w: the direction in which it is brought there, a unit vector.
        offset: how far from the best place, in shares of the place's size.
        standoff_m: how far before it the way in begins, at full size.
    """

    pose: Pose
    way_in_w: Array
    offset: float
    standoff_m: float = STANDOFF_M

    @property
    def is_level(self) -> bool:
        """Whether the thing is brought in from ahead, not from above."""
        return is_level(self.way_in_w)


def find_goals(scene: BddlScene, thing: Thing, support: str, slot: tuple[int, int]) -> list[Goal]:
    """Returns where a thing may be put on a thing, or on or in a place.

    Args:
        scene: what is around.
        thing: what is to be put.
        support: name of a thing or a place.
        slot: which of how many things that go there it is: each gets a part of a place.
    """
    if support in scene.places:
        place = scene.places[support]
        return [goal for box in place.boxes for goal in _find_in_box(thing, place, box, slot)]
    carrier = scene.things[support]
    top_w = carrier.to_world((0.0, 0.0, carrier.category.top_m))
    return [
        Goal(_put(thing, top_w, rotation), np.array(DOWN), 0.0)
        for rotation in (_turn_along(thing, top_w), *find_turns(thing, NUM_YAWS))
    ]


def find_spots_aside(thing: Thing) -> list[Goal]:
    """Returns where a thing may be put aside, as it stands: places around it, the nearest first."""
    here = get_pose(thing)
    return [
        Goal(
            here.shift(
                thing.scale * np.array([away_m * math.cos(angle), away_m * math.sin(angle), GAP_M])
            ),
            np.array(DOWN),
            away_m,
        )
        for away_m in ASIDE_M
        for angle in np.linspace(0.0, 2 * math.pi, NUM_YAWS, endpoint=False)
    ]


def _turn_along(thing: Thing, goal_w: Array) -> Array:
    """Returns how a thing is turned if the arm brings it there without turning its hand."""
    turn_rad = find_bearing(goal_w) - find_bearing(thing.position_w)
    rotation: Array = make_turn_z(turn_rad) @ get_pose(thing).rotation
    return rotation


def select_free(preview: Preview, thing: Thing, goals: list[Goal]) -> list[Goal]:
    """Returns the goals where nothing stands; if something stands everywhere, where it is least."""
    if not goals:
        return []
    overlaps = [preview.measure_thing(thing, goal.pose) for goal in goals]
    limit = max(MAX_OVERLAP_M * thing.scale, min(overlaps) + MAX_OVERLAP_M * thing.scale)
    return [goal for goal, overlap in zip(goals, overlaps, strict=True) if overlap <= limit]


def _find_in_box(
    thing: Thing, place: Place, box: NamedRegion, slot: tuple[int, int]
) -> Iterator[Goal]:
    owner = place.owner
    axes_w = np.eye(3) if owner is None else get_pose(owner).rotation
    way_in_w = axes_w @ np.array(box.approach_t)
    standoff_m = STANDOFF_M + (box.size_m[1] if is_level(way_in_w) else 0.0)
    offsets = INNER_OFFSETS if box.is_inside else OFFSETS
    for rotation in _find_rotations(thing, box, axes_w, way_in_w):
        extent = np.ptp(_turn_corners(thing, axes_w.T @ rotation), axis=0)
        room = _find_room(box, extent, has_edge=owner is not None)
        middle, room = _take_slot(room, slot)
        for x in offsets:
            for y in offsets:
                if (x and room[0] <= 0) or (y and room[1] <= 0):
                    continue
                point = np.array(box.floor_t)
                point[:2] += middle + np.array([x, y]) * room
                pose = _put(thing, place.to_world(point, box), rotation)
                yield Goal(pose, way_in_w, math.hypot(x, y), standoff_m)


def _find_rotations(thing: Thing, box: NamedRegion, axes_w: Array, way_in_w: Array) -> list[Array]:
    """Returns how a thing may be turned in a box: as it stands, leaning, or its head outwards."""
    length, width, height = thing.category.size_m
    if not box.is_inside:
        return find_turns(thing, NUM_YAWS)
    if is_level(way_in_w):
        turns = find_turns(thing, NUM_YAWS) if height < box.size_m[2] - WALL_M else []
        return turns or _find_lying(way_in_w)
    if height / 2 > box.size_m[2]:  # its middle would be above the box
        return [_lean(rotation) for rotation in find_turns(thing, NUM_YAWS)]
    if abs(length - width) < SQUARE_M:
        return find_turns(thing, NUM_YAWS)
    along_walls = math.atan2(axes_w[1, 0], axes_w[0, 0]) - thing.yaw_rad
    return [make_turn_z(along_walls) @ rotation for rotation in find_turns(thing, 4)]


def find_turns(thing: Thing, count: int) -> list[Array]:
    """Returns how a thing is turned now, and turned evenly about the vertical."""
    now = get_pose(thing).rotation
    return [make_turn_z(k * 2 * math.pi / count) @ now for k in range(count)]


def _find_lying(way_in_w: Array) -> list[Array]:
    """Turns in which a thing's head points out of the box, as it follows a hand that points in."""
    head, up = -way_in_w, np.array([0.0, 0.0, 1.0])
    side = np.cross(up, head)
    return [
        np.array([sign * one, sign * np.cross(head, one), head]).T
        for one in (side, up)
        for sign in (1.0, -1.0)
    ]


def _lean(rotation: Array) -> Array:
    """Leans an upright thing towards its own -x, far enough to lie down when it is let go."""
    cos, sin = math.cos(LEAN_RAD), math.sin(LEAN_RAD)
    return np.asarray(rotation @ np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]]))


def _turn_corners(thing: Thing, rotation: Array) -> Array:
    """Returns the corners of the box around a thing that is turned, at full size [m]."""
    corners: Array = find_corners(thing.category.size_m) @ rotation.T
    return corners


def _find_room(box: NamedRegion, extent: Array, *, has_edge: bool) -> Array:
    """Returns how far a thing's middle may be off the box's, along x and y, at full size [m].

    On a thing it stays there as a whole; of a region of the workspace its middle is enough.
    """
    size = np.array(box.size_m[:2])
    if not has_edge:
        return np.maximum(size / 2 - EDGE_M, 0.0)
    return np.maximum((size - extent[:2]) / 2 - (WALL_M if box.is_inside else 0.0), 0.0)


def _take_slot(room: Array, slot: tuple[int, int]) -> tuple[Array, Array]:
    """Returns middle and room of a part of a place: parts lie along its longer side."""
    index, count = slot
    if count == 1:
        return np.zeros(2), room
    along = int(room[1] > room[0])
    middle, smaller = np.zeros(2), room.copy()
    middle[along] = room[along] * (2 * index / (count - 1) - 1)
    smaller[along] = room[along] / count
    return middle, smaller


def _put(thing: Thing, point_w: Array, rotation: Array) -> Pose:
    """Returns the pose in which a thing, so turned, is with its middle just over a point."""
    corners = _turn_corners(thing, rotation) * thing.scale
    middle = rotation @ np.array([0.0, 0.0, thing.category.size_m[2] / 2]) * thing.scale
    height = GAP_M * thing.scale - corners[:, 2].min()
    return Pose(point_w + np.array([-middle[0], -middle[1], height]), rotation)


def is_level(direction_w: Array) -> bool:
    """Says whether a direction is nearer to level than to upright."""
    return bool(abs(direction_w[2]) < 0.5)


def get_pose(thing: Thing) -> Pose:
    """Returns where a thing is."""
    axes = [thing.direction_to_world(axis) for axis in np.eye(3)]
    return Pose(thing.position_w, np.array(axes).T)
