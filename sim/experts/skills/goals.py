"""Where a thing may be put so that a relation of the goal holds: poses, the best first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from robolearn.sim.bddl_scene import BddlScene, Place
from robolearn.sim.catalogue.category import DOWN, NamedRegion
from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.experts.skills.pose import Pose, find_corners, make_turn_z
from robolearn.sim.experts.skills.preview import MAX_OVERLAP_M, Preview
from robolearn.specs import Array

# At full size.
GAP_M = 0.003  # below what is let go
NUM_YAWS = 12  # tried for what may be turned as one likes
OFFSETS = (0.0, -0.5, 0.5, -1.0, 1.0)  # shares of the way from a place's middle to its edges
WALL_M, EDGE_M = 0.01, 0.004  # from a thing to a wall, and from its middle to a region's edge


@dataclass(frozen=True)
class Goal:
    """Where a thing is to be let go.

    Attributes:
        pose: of the thing, in the world.
        way_in_w: the direction in which it is brought there, a unit vector.
        offset: how far from the best place, in shares of the place's size.
    """

    pose: Pose
    way_in_w: Array
    offset: float


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
        Goal(_put(thing, top_w, yaw_rad), np.array(DOWN), 0.0)
        for yaw_rad in _find_yaws(thing, carrier.yaw_rad, is_inside=False)
    ]


def select_free(preview: Preview, thing: Thing, goals: list[Goal]) -> list[Goal]:
    """Returns the goals where nothing stands; if something stands everywhere, where it is least."""
    overlaps = [preview.measure_thing(thing, goal.pose) for goal in goals]
    limit = max(MAX_OVERLAP_M * thing.scale, min(overlaps) + MAX_OVERLAP_M * thing.scale)
    return [goal for goal, overlap in zip(goals, overlaps, strict=True) if overlap <= limit]


def _find_in_box(
    thing: Thing, place: Place, box: NamedRegion, slot: tuple[int, int]
) -> Iterator[Goal]:
    owner = place.owner
    owner_yaw_rad = 0.0 if owner is None else owner.yaw_rad
    way_in = np.array(box.approach_t)
    way_in_w = way_in if owner is None else owner.direction_to_world(box.approach_t, box.part)
    floor = np.array(box.floor_t)
    for yaw_rad in _find_yaws(thing, owner_yaw_rad, is_inside=box.is_inside):
        room = _find_room(thing, box, yaw_rad - owner_yaw_rad, has_edge=owner is not None)
        middle, room = _take_slot(room, slot)
        for x in OFFSETS:
            for y in OFFSETS:
                if (x and room[0] <= 0) or (y and room[1] <= 0):
                    continue
                point = floor + np.array([*(middle + np.array([x, y]) * room), 0.0])
                pose = _put(thing, place.to_world(point, box), yaw_rad)
                yield Goal(pose, way_in_w, math.hypot(x, y))


def _find_yaws(thing: Thing, owner_yaw_rad: float, *, is_inside: bool) -> list[float]:
    """Turns to try: along the walls where there are some, unless the thing is round."""
    length, width, _ = thing.category.size_m
    if is_inside and abs(length - width) > 0.001:
        return [owner_yaw_rad + k * math.pi / 2 for k in range(4)]
    return [thing.yaw_rad + k * 2 * math.pi / NUM_YAWS for k in range(NUM_YAWS)]


def _find_room(thing: Thing, box: NamedRegion, turn_rad: float, *, has_edge: bool) -> Array:
    """Returns how far the thing's middle may be off the box's, along x and y, at full size [m].

    On a thing it stays there as a whole; of a region of the workspace its middle is enough.
    """
    size = np.array(box.size_m[:2])
    if not has_edge:
        return np.maximum(size / 2 - EDGE_M, 0.0)
    length, width, _ = thing.category.size_m
    cos, sin = abs(math.cos(turn_rad)), abs(math.sin(turn_rad))
    extent = np.array([length * cos + width * sin, length * sin + width * cos])
    return np.maximum((size - extent) / 2 - (WALL_M if box.is_inside else 0.0), 0.0)


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


def _put(thing: Thing, point_w: Array, yaw_rad: float) -> Pose:
    """Returns the pose in which it lies with its middle over a point, tilted as it is now."""
    rotation = make_turn_z(yaw_rad - thing.yaw_rad) @ get_pose(thing).rotation
    corners = find_corners(thing.category.size_m) @ rotation.T * thing.scale
    middle = rotation @ np.array([0.0, 0.0, thing.category.size_m[2] / 2]) * thing.scale
    height = GAP_M * thing.scale - corners[:, 2].min()
    return Pose(point_w + np.array([-middle[0], -middle[1], height]), rotation)


def get_pose(thing: Thing) -> Pose:
    """Returns where a thing is."""
    axes = [thing.direction_to_world(axis) for axis in np.eye(3)]
    return Pose(thing.position_w, np.array(axes).T)
