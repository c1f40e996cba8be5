"""Routing a cable through a clip: take it beyond the clip, lay it into the clip from above."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from robolearn.sim.catalogue.cable_line import CableLine
from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.hand_target import DOWN_RAD
from robolearn.specs import Array

# Of routing trials, as all numbers here; lengths at full size. The cable is held this far beyond
# the clip, and so much more, so that it is not yet taut when the hand has lifted and turned it.
BEYOND_M, SLACK_M = 0.029, 0.018
# What is left of the slack when the hand is over the far side, and when it lets go there: a taut
# cable slides out of the clip before, a loose one bends around the clip.
CARRIED_SLACK_M, LAID_SLACK_M = 0.009, 0.004
NEAREST_M, FARTHEST_M = 0.024, 0.070  # beyond the clip, where the hand may let go
GRASP_CLEARANCE_M, RELEASE_CLEARANCE_M = 0.001, 0.002  # finger tips over the table
LIFT_M, CARRY_M, APPROACH_M = 0.02, 0.042, 0.06
OPENING = 0.22  # of the gripper before it closes: fingers that clear what stands beside the cable
# Half of what open fingers take up along the cable and across it, with some room; a clip's radius.
FINGERS_ALONG_M, FINGERS_ACROSS_M, CLIP_RADIUS_M = 0.0125, 0.025, 0.014
# Where else to hold the cable if a clip is in the way, from where it is best.
OTHER_PLACES_M = (0.0, 0.006, -0.006, 0.012, -0.012, 0.018, 0.024, 0.030, 0.036)
HELD_M = 0.010  # a cable further than this from between the finger pads was lost
CARRY_SPEED_MPS, LOWER_SPEED_MPS = 0.15, 0.08
SETTLE_STEPS = 6


@dataclass(frozen=True)
class Routing:
    """What is to be routed, and from where.

    Attributes:
        cable: the cable.
        clip: to run it through.
        before: the clip that it runs through before that; None: the socket.
        clips: all that stand around.
        attempt: how often this was tried before: the cable is then held elsewhere.
    """

    cable: CableLine
    clip: Thing
    before: Thing | None
    clips: Sequence[Thing]
    attempt: int = 0

    @property
    def start_w(self) -> Array:
        """Where the stretch of cable begins that leads to the clip [m], shape (3,)."""
        return self.cable.points_w[0] if self.before is None else self.before.position_w

    @property
    def start_arc_m(self) -> float:
        """Likewise, as an arc length [m]."""
        return 0.0 if self.before is None else self.cable.find_nearest(self.start_w)[0]

    @property
    def way_m(self) -> float:
        """From there to the clip, as the crow flies [m]."""
        return math.dist(self.start_w[:2].tolist(), self.clip.position_w[:2].tolist())

    @property
    def heading_rad(self) -> float:
        """Direction in which the cable is to leave the clip, seen from above [rad]."""
        axis_w = self.clip.direction_to_world((1.0, 0.0, 0.0))
        if axis_w @ (self.clip.position_w - self.start_w) < 0:
            axis_w = -axis_w
        return math.atan2(axis_w[1], axis_w[0])

    def choose_arc(self) -> float:
        """Returns the arc length at which to hold the cable: where no clip is in the way [m]."""
        scale = self.clip.scale
        best_m = self.start_arc_m + self.way_m + (BEYOND_M + SLACK_M) * scale
        places_m = [best_m + place_m * scale for place_m in OTHER_PLACES_M]
        rooms_m = [self.measure_room(place_m) for place_m in places_m]
        free = [place_m for place_m, room_m in zip(places_m, rooms_m, strict=True) if room_m >= 0]
        return free[self.attempt % len(free)] if free else places_m[int(np.argmax(rooms_m))]

    def measure_room(self, arc_m: float) -> float:
        """Returns how far fingers that take the cable there stay away from all clips [m]."""
        scale = self.clip.scale
        point_w, along_w = self.cable.find_point(arc_m)
        rooms_m = []
        for clip in self.clips:
            x, y = (clip.position_w - point_w)[:2].tolist()
            along_m = abs(x * along_w[0] + y * along_w[1]) - FINGERS_ALONG_M * scale
            across_m = abs(y * along_w[0] - x * along_w[1]) - FINGERS_ACROSS_M * scale
            rooms_m.append(max(along_m, across_m) - CLIP_RADIUS_M * scale)
        return min(rooms_m)

    def find_beyond(self, distance_m: float) -> Array:
        """Returns the point so far beyond the clip, on the table [m], shape (3,)."""
        x, y, z = self.clip.position_w.tolist()
        cos, sin = math.cos(self.heading_rad), math.sin(self.heading_rad)
        return np.array([x + distance_m * cos, y + distance_m * sin, z])


def grasp(arm: ArmSkills, routing: Routing) -> Iterator[Array]:
    """Takes the cable where it must be held, and lifts it a little."""
    point_w, along_w = routing.cable.find_point(routing.choose_arc())
    # A cable that hangs over something is taken there.
    lift_m = max(0.0, point_w[2] - routing.cable.radius_m)
    aim_w = _at_height(arm, point_w, GRASP_CLEARANCE_M + lift_m)
    roll_rad = _choose_roll(arm, routing, aim_w, math.atan2(along_w[1], along_w[0]))
    if arm.opening < OPENING:
        yield from arm.open_gripper(OPENING)
    yield from arm.move(_at_height(arm, point_w, APPROACH_M), roll_rad=roll_rad)
    arm.opening = OPENING
    yield from arm.move(aim_w, roll_rad=roll_rad, speed_mps=CARRY_SPEED_MPS)
    yield from arm.wait(2)
    yield from arm.close_gripper()
    up_w = _at_height(arm, point_w, LIFT_M + lift_m)
    yield from arm.move(up_w, roll_rad=roll_rad, speed_mps=LOWER_SPEED_MPS)


def lay(arm: ArmSkills, routing: Routing) -> Iterator[Array]:
    """Carries the held cable over the clip, lowers it on the far side, lets go, moves up.

    What was lost on the way is let go of at once.
    """
    scale = routing.clip.scale
    held_arc_m, _ = routing.cable.find_nearest(_find_held(arm))
    stretch_m = held_arc_m - routing.start_arc_m
    level_m = math.sqrt(max(stretch_m**2 - (CARRY_M * scale) ** 2, 0.0))
    over_w = routing.find_beyond(_limit(level_m - routing.way_m - CARRIED_SLACK_M * scale, scale))
    down_w = routing.find_beyond(_limit(stretch_m - routing.way_m - LAID_SLACK_M * scale, scale))
    _, along_w = routing.cable.find_point(held_arc_m)
    finger_rad = _find_finger_direction(arm, along_w)
    turn_rad = math.remainder(routing.heading_rad - finger_rad, 2 * math.pi)
    heading_rad = arm.roll_rad + _find_bearing(arm.position_w) + turn_rad
    yield from arm.move(_at_height(arm, arm.position_w, CARRY_M), speed_mps=CARRY_SPEED_MPS)
    roll_rad = heading_rad - _find_bearing(over_w)
    yield from arm.move(
        _at_height(arm, over_w, CARRY_M), roll_rad=roll_rad, speed_mps=CARRY_SPEED_MPS
    )
    yield from arm.wait(2)
    end_w = over_w
    if is_held(arm, routing.cable):
        end_w, roll_rad = down_w, heading_rad - _find_bearing(down_w)
        yield from arm.move(
            _at_height(arm, end_w, RELEASE_CLEARANCE_M),
            roll_rad=roll_rad,
            speed_mps=LOWER_SPEED_MPS,
        )
        yield from arm.wait(3)
    yield from arm.open_gripper(OPENING)
    yield from arm.move(_at_height(arm, end_w, APPROACH_M), roll_rad=roll_rad)
    yield from arm.wait(SETTLE_STEPS)


def is_held(arm: ArmSkills, cable: CableLine) -> bool:
    """Says whether the cable is between the finger pads."""
    return cable.find_nearest(_find_held(arm))[1] < HELD_M


def _choose_roll(arm: ArmSkills, routing: Routing, aim_w: Array, along_rad: float) -> float:
    """Returns the roll that takes the cable across, and leaves room to turn it as the clip is."""
    turn_rad = math.remainder(routing.heading_rad - along_rad, 2 * math.pi)
    first_rad = arm.find_roll(aim_w, along_rad + math.pi / 2, math.pi)
    rolls_rad = (first_rad, first_rad + math.pi, first_rad - math.pi)

    def rate(roll_rad: float) -> float:
        return max(abs(roll_rad - DOWN_RAD), abs(roll_rad + turn_rad - DOWN_RAD))

    return min(rolls_rad, key=rate)


def _find_finger_direction(arm: ArmSkills, along_w: Array) -> float:
    """Returns the direction of the held cable, which is across that of the fingers [rad]."""
    across_rad = arm.roll_rad + _find_bearing(arm.position_w)
    ahead_rad = across_rad + math.pi / 2
    if math.cos(ahead_rad) * along_w[0] + math.sin(ahead_rad) * along_w[1] < 0:
        return across_rad - math.pi / 2
    return ahead_rad


def _find_held(arm: ArmSkills) -> Array:
    """Returns the point between the finger pads where a cable on the table is taken."""
    return arm.position_w - np.array([0.0, 0.0, arm.body.tool_to_tip_m - 0.003])


def _limit(distance_m: float, scale: float) -> float:
    return min(max(distance_m, NEAREST_M * scale), FARTHEST_M * scale)


def _find_bearing(position_w: Array) -> float:
    return math.atan2(position_w[1], position_w[0])


def _at_height(arm: ArmSkills, point_w: Array, clearance_m: float) -> Array:
    """Returns where the tool is over a point, with the finger tips so high over the table."""
    return np.array([*point_w[:2], clearance_m + arm.body.tool_to_tip_m])
