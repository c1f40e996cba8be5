"""What a hand does without taking anything: `touch` a place, `press` a button, `push` a thing."""

from __future__ import annotations

import math

import numpy as np

from robolearn.sim.catalogue.thing import Thing, ThingPart
from robolearn.sim.experts.hand_target import DOWN_RAD, HandTarget, make_target
from robolearn.sim.experts.skills.hand import SLOW_MPS, Actions, HandSkills
from robolearn.specs import Array

# At full size.
REACH_MPS = 0.625
RAISED_M = 0.075  # before and after a press; higher, an SO-101's elbow meets its limit
ABOVE_M = 0.03  # where the hand slows down
PRESS_ON_M = 0.005  # beyond the button's way: the arm yields
PRESS_MPS = 0.2
# Fingers that push stand side by side, so far apart: what is pushed turns to lie against both.
PUSHER_GAP_M = 0.075
PUSHER_TIPS_M = 0.03  # over the table
BEHIND_M = 0.07  # clear of the corner of what is to be pushed, however it is turned
FINGER_M = 0.0225  # half its thickness
BACK_M = 0.075
UP = np.array([0.0, 0.0, 1.0])


def touch(hand: HandSkills, place: Thing) -> Actions:
    """Moves the tool straight to a place in the air."""
    yield from hand.arm.move(place.position_w, speed_mps=REACH_MPS * hand.scale)


def press(hand: HandSkills, part: ThingPart) -> Actions:
    """Presses a part down to its limit with closed fingers, and moves up again.

    The fingers stay side by side seen from the base, so that the hand turns little.
    """
    arm, scale = hand.arm, hand.scale
    top_w = part.find_handle(0.0).position_w
    target = HandTarget(top_w + arm.body.tool_to_tip_m * UP, DOWN_RAD, DOWN_RAD)
    target = target.shift(-arm.find_closed_aside() * target.rotation[:, 2])
    arm.opening = 0.0
    yield from hand.travel(target.shift(RAISED_M * scale * UP))
    yield from hand.go(target.shift(ABOVE_M * scale * UP))
    way_m = part.part.limit * part.thing.scale + PRESS_ON_M * scale
    yield from hand.go(target.shift(-way_m * UP), speed_mps=PRESS_MPS)
    yield from arm.wait(2)
    yield from hand.go(target.shift(RAISED_M * scale * UP))


def push(hand: HandSkills, thing: Thing, goal_w: Array) -> Actions:
    """Pushes a thing once, along the line from where it is to where its middle should be."""
    arm, scale = hand.arm, hand.scale
    way = goal_w[:2] - thing.position_w[:2]
    along_w = np.array([*(way / max(float(np.linalg.norm(way)), 1e-6)), 0.0])
    half_m = thing.category.size_m[0] / 2 * thing.scale
    height_w = PUSHER_TIPS_M * scale + arm.body.tool_to_tip_m
    behind_m = math.sqrt(2) * half_m + BEHIND_M * scale
    contact_m = half_m + FINGER_M * scale
    arm.opening = PUSHER_GAP_M * scale / arm.body.max_gap_m
    start = _stand_across(arm.roll_rad, thing.position_w - behind_m * along_w, height_w, along_w)
    yield from hand.travel(start)
    end = _stand_across(start.roll_rad, goal_w - contact_m * along_w, height_w, along_w)
    yield from hand.go(end, speed_mps=SLOW_MPS)
    yield from arm.wait(3)
    yield from hand.go(end.shift(-BACK_M * scale * along_w))


def _stand_across(
    near_rad: float, position_w: Array, height_w: float, along_w: Array
) -> HandTarget:
    """Returns a hand pointing down, its fingers side by side across a way, turned as little."""
    across_w = np.cross(UP, along_w)
    place_w = np.array([*position_w[:2], height_w])
    return make_target(place_w, -UP, across_w, has_azimuth=False, near_rad=near_rad)
