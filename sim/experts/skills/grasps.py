"""Ways to take a thing that stands where it stands, and the choice of one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from robolearn.sim.catalogue.category import ANY_ANGLE_RAD, Grasp
from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.experts.hand_target import DOWN_RAD, HandTarget, find_bearing
from robolearn.sim.experts.skills.goals import (
    STANDOFF_M,
    Goal,
    find_spots_aside,
    get_pose,
    select_free,
)
from robolearn.sim.experts.skills.hand import FINGER_ROOM_M, HandSkills
from robolearn.sim.experts.skills.placings import PlacingSearch, Ratings
from robolearn.sim.experts.skills.pose import Pose, make_turn_z
from robolearn.sim.experts.skills.preview import Held, Knot
from robolearn.specs import Array

NUM_TURNS = 12  # tried for a thing that is as good however it is turned
TILTS_RAD = (0.0, 0.5, -0.5, math.pi / 4, -math.pi / 4, 1.4, -1.4)  # about the line of the fingers
TILT_COST, TURN_COST = 1.0, 0.3  # per rad
NARROW_COST = 0.05
MAX_LOOKS = 1200  # at ways of putting down, before the best so far is taken
WIDE_ROOM_M = 0.03  # on either side of what a hand takes, where there is room
TILTED_ROOM_M = 0.02  # on either side, where fingers pass a curved wall at a slant
ROOM_M = 0.2  # about what is to be taken, for the hand
TIP_ROOM_M = 0.003  # below the fingertips
LIFTS_M = (
    (0.0, 0.0, 0.05),
    *((0.12 * math.cos(k * math.pi / 4), 0.12 * math.sin(k * math.pi / 4), 0.01) for k in range(8)),
)


@dataclass(frozen=True)
class Candidate:
    """A way to take a thing.

    Attributes:
        target: of the hand.
        opening: of the gripper before it closes, and when it lets go.
        cost: what speaks against it before anything is looked at.
    """

    target: HandTarget
    opening: float
    cost: float


@dataclass(frozen=True)
class Choice:
    """A candidate that was looked at, with all that follows.

    Attributes:
        candidate: the way to take the thing.
        lifted: where the hand is to lift it, or to draw it out.
        rating: up to 1 it is good; see `Preview.rate`.
    """

    candidate: Candidate
    lifted: HandTarget
    rating: float


class LookedAt(NamedTuple):
    """A grasp that was looked at.

    Attributes:
        rating: up to 1 it is good; see `Preview.rate`.
        lifted: where the hand is to lift the thing, or to draw it out.
        end: hand and arm there.
    """

    rating: float
    lifted: HandTarget
    end: Knot


def list_candidates(hand: HandSkills, thing: Thing, goal: Goal) -> list[Candidate]:
    """Returns all ways to take a thing, those first with which the hand fits where it goes."""
    way_in = goal.pose.rotation.T @ goal.way_in_w  # as the thing is turned there
    pitch_rad = _find_pitch(get_pose(thing).rotation @ way_in)
    found = [
        _make_candidate(hand, thing, grasp, (turn, tilt_rad, room_m), 0.1 * index, pitch_rad)
        for index, grasp in enumerate(thing.category.grasps)
        for turn in _find_turns(thing, grasp)
        for tilt_rad in TILTS_RAD
        for room_m in (WIDE_ROOM_M, FINGER_ROOM_M)
    ]
    # Rounded, so that of those that are as good the same one comes first each time.
    return sorted(found, key=lambda candidate: round(candidate.cost, 6))


def choose_grasp(
    hand: HandSkills, thing: Thing, goals: Sequence[Goal], skip: int = 0
) -> Choice | None:
    """Returns the first way that is free now and leads to where the thing is to go; else the best.

    Args:
        hand: the hand.
        thing: what to take.
        goals: where it is to go.
        skip: how many good ways to pass over: those that failed.
    """
    best: Choice | None = None
    seen: Ratings = {}
    for candidate in list_candidates(hand, thing, goals[0]):
        rating, lifted, end = rate_candidate(hand, thing, candidate)
        if rating <= 1.0:
            held = _imagine(thing, candidate)
            search = PlacingSearch(hand, held, candidate.opening, end, seen)
            rating = max(rating, search.choose_route(goals).rating)
        choice = Choice(candidate, lifted, rating)
        if rating <= 1.0:
            if skip == 0:
                return choice
            skip -= 1
        if best is None or rating < best.rating:
            best = choice
        if len(seen) > MAX_LOOKS:
            break
    return best


def find_spots(hand: HandSkills, thing: Thing) -> list[Goal]:
    """Returns where a thing should be to be taken; nothing if it can be taken where it is."""
    spots = find_spots_aside(thing)
    candidates = list_candidates(hand, thing, spots[0])
    if any(rate_candidate(hand, thing, candidate).rating <= 1.0 for candidate in candidates):
        return []
    here = get_pose(thing).position
    simple = candidates[:NUM_TURNS]
    return [
        spot
        for spot in select_free(hand.preview, thing, spots)
        if any(_can_hold(hand, thing, one, spot.pose.position - here) for one in simple)
    ]


def find_blocking(hand: HandSkills, things: Iterable[Thing], candidate: Candidate) -> list[Thing]:
    """Returns those of the things that can be moved and that the hand would touch."""
    preview, robot = hand.preview, hand.scene.world.robot_geoms
    return [
        thing
        for thing in things
        if thing.category.grasps
        and preview.look(
            candidate.target, candidate.opening, ignored=~(robot | thing.geoms)
        ).overlap_m
        > 0.0
    ]


def find_spots_away(hand: HandSkills, thing: Thing, other: Thing) -> list[Goal]:
    """Returns where a thing may be put so that the hand has room about another."""
    spots = [
        spot
        for spot in find_spots_aside(thing)
        if math.dist(spot.pose.position[:2], other.position_w[:2]) > ROOM_M * hand.scale
    ]
    return select_free(hand.preview, thing, spots)


def _can_hold(hand: HandSkills, thing: Thing, candidate: Candidate, way_w: Array) -> bool:
    """Says whether the hand could hold a thing so if that were elsewhere."""
    target, held = candidate.target.shift(way_w), _imagine(thing, candidate)
    return hand.preview.is_good(hand.preview.look(target, candidate.opening, held))


def rate_candidate(hand: HandSkills, thing: Thing, candidate: Candidate) -> LookedAt:
    """Looks at a grasp: coming to it, and lifting the thing, or drawing it out first."""
    target, preview, opening = candidate.target, hand.preview, candidate.opening
    found = preview.look(target, opening)
    if preview.is_good(found):
        before = target.shift(-STANDOFF_M * hand.scale * target.ahead_w)
        found = found.join(preview.look(before, opening, joint_pos=found.joint_pos))
    if not preview.is_good(found):
        lifted = target.shift(hand.scale * np.array(LIFTS_M[0]))
        return LookedAt(preview.rate(found), lifted, found.knots[-1])
    held, best = _imagine(thing, candidate), None
    for lift in LIFTS_M:
        lifted = target.shift(hand.scale * np.array(lift))
        later = preview.look_along(
            [target, lifted], opening, held, joint_pos=found.joint_pos, limit=1.0
        )
        rating = preview.rate(found.join(later))
        if best is None or rating < best.rating:
            best = LookedAt(rating, lifted, later.knots[-1])
        if rating <= 1.0:
            break
    assert best is not None
    return best


def _imagine(thing: Thing, candidate: Candidate) -> Held:
    """Returns the thing as it would be in the hand."""
    tool = Pose(candidate.target.position_w, candidate.target.rotation)
    return Held(thing, tool.invert() @ get_pose(thing))


def _find_turns(thing: Thing, grasp: Grasp) -> Iterator[float]:
    """Goes through turns of a grasp about the thing's own z axis.

    A round thing is taken as the arm stands to it, however it is turned: who learns from it sees
    the same done in the same place.
    """
    is_round = grasp.symmetry_rad == ANY_ANGLE_RAD
    step_rad = 2 * math.pi / NUM_TURNS if is_round else grasp.symmetry_rad
    first_rad = find_bearing(thing.position_w) - thing.yaw_rad if is_round else 0.0
    for turn in range(max(1, round(2 * math.pi / step_rad))):
        yield first_rad + turn * step_rad


def _make_candidate(
    hand: HandSkills,
    thing: Thing,
    grasp: Grasp,
    variant: tuple[float, float, float],
    cost: float,
    pitch_rad: float,
) -> Candidate:
    """Makes a candidate; `pitch_rad` is how steeply the hand best points."""
    turn_rad, tilt_rad, room_m = variant
    turn = make_turn_z(turn_rad)
    position_w = thing.to_world(turn @ np.array(grasp.position_t))
    opening_w = thing.direction_to_world(turn @ np.array(grasp.opening_t))
    ahead_w = thing.direction_to_world(turn @ np.array(grasp.approach_t))
    ahead_w = math.cos(tilt_rad) * ahead_w + math.sin(tilt_rad) * np.cross(opening_w, ahead_w)
    width_m = grasp.width_m * thing.scale
    target = hand.make_target(position_w, ahead_w, opening_w)
    target = aim(hand, target, width_m)
    target = target.shift(np.array([0.0, 0.0, _find_rise(hand, thing, grasp)]))
    cost += TILT_COST * abs(_find_pitch(ahead_w) - pitch_rad)
    cost += TURN_COST * abs(target.roll_rad - DOWN_RAD)
    cost += NARROW_COST * (room_m < WIDE_ROOM_M)
    room_m = max(room_m, TILTED_ROOM_M) if tilt_rad else room_m
    return Candidate(target, hand.find_opening(width_m, room_m), cost)


def _find_pitch(ahead_w: Array) -> float:
    """Returns how steeply a direction points down [rad]."""
    return math.atan2(-ahead_w[2], math.hypot(ahead_w[0], ahead_w[1]))


def _find_rise(hand: HandSkills, thing: Thing, grasp: Grasp) -> float:
    """Returns how much higher the hand stays so that its fingertips do not get too low [m]."""
    tips_m = grasp.position_t[2] * thing.scale - hand.arm.body.tool_to_tip_m
    return max(0.0, (grasp.tip_floor_m + TIP_ROOM_M) * thing.scale - tips_m)


def aim(hand: HandSkills, target: HandTarget, width_m: float) -> HandTarget:
    """Moves a target aside, for a hand that takes things beside a fixed finger."""
    aside: Array = target.rotation[:, 2]
    return target.shift(-hand.arm.find_aside(width_m) * aside)
