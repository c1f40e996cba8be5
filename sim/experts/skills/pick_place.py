"""Taking a thing and putting it down: `reach`, `grasp` and `place`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.experts.hand_target import HandTarget
from robolearn.sim.experts.skills.goals import STANDOFF_M, Goal, get_pose
from robolearn.sim.experts.skills.grasps import Candidate, Choice
from robolearn.sim.experts.skills.hand import SLOW_MPS, Actions, HandSkills, stop_if
from robolearn.sim.experts.skills.placings import PlacingSearch
from robolearn.sim.experts.skills.pose import Pose
from robolearn.sim.experts.skills.preview import Held

# At full size.
FOLLOWED = 0.6  # what stayed behind by more than this share of the hand's way was not grasped
SLIPPED_M = 0.02
MAX_APPROACHES = 2  # the last with what slipped on the way as it lies then
LOST_M = 0.06  # what is this far from its place in the hand is lost
LIFT_MPS = 0.35


def find_start(hand: HandSkills, candidate: Candidate) -> HandTarget:
    """Returns where the hand is before a grasp."""
    return candidate.target.shift(-STANDOFF_M * hand.scale * candidate.target.ahead_w)


def reach(hand: HandSkills, candidate: Candidate) -> Actions:
    """Goes before the grasp, and opens the gripper on the way."""
    hand.arm.opening = candidate.opening
    yield from hand.travel(find_start(hand, candidate))
    yield from hand.catch_up()


def grasp(hand: HandSkills, thing: Thing, choice: Choice) -> Actions:
    """Takes a thing and lifts it; remembers how it lay in the hand before that."""
    yield from hand.go(choice.candidate.target)
    yield from hand.arm.wait(1)
    yield from hand.close()
    hand.held = Held(thing, find_held_pose(hand, thing))
    yield from hand.go(choice.lifted, speed_mps=LIFT_MPS)
    yield from hand.arm.wait(2)


def place(hand: HandSkills, thing: Thing, goals: Sequence[Goal], opening: float) -> Actions:
    """Brings what the hand holds to the first of the goals that is free, and lets go."""
    hand.held = held = Held(thing, find_held_pose(hand, thing))
    for _ in range(MAX_APPROACHES):
        choice = PlacingSearch(hand, held, opening, hand.here).choose_route(goals)
        goal, route = choice.placing.goal, choice.route
        yield from stop_if(hand.follow(route.knots), lambda: is_lost(hand, thing))
        if is_lost(hand, thing):
            return
        yield from hand.catch_up()
        slip_m = measure_slip(hand, held)
        hand.held = held = Held(thing, find_held_pose(hand, thing))
        if slip_m < SLIPPED_M * hand.scale and can_go_on(hand, held, choice.placing.target):
            break
    yield from hand.follow(route.way_in, speed_mps=SLOW_MPS)
    yield from hand.arm.wait(2)
    yield from hand.open(opening)
    hand.held = None
    if goal.is_level:
        yield from hand.follow((*reversed(route.way_in[:-1]), route.knots[-1]))
    else:
        ahead_w = hand.arm.target.ahead_w
        yield from hand.back_off(goal.standoff_m, -goal.way_in_w, -ahead_w)


def let_go(hand: HandSkills) -> Actions:
    """Opens the hand and goes home, after something went wrong."""
    hand.held = None
    yield from hand.open(1.0)
    yield from hand.recover()


def has_followed(hand: HandSkills, choice: Choice) -> bool:
    """Says whether what was grasped moved along with the hand, wherever that really went."""
    way_w = choice.lifted.position_w - choice.candidate.target.position_w
    slip_m = math.inf if hand.held is None else measure_slip(hand, hand.held)
    return bool(slip_m < FOLLOWED * np.linalg.norm(way_w))


def is_lost(hand: HandSkills, thing: Thing) -> bool:
    """Says whether the thing is no longer where the hand held it."""
    if hand.held is None:
        return False
    away = find_held_pose(hand, thing).position - hand.held.pose.position
    return bool(np.linalg.norm(away) > LOST_M * hand.scale)


def measure_slip(hand: HandSkills, held: Held) -> float:
    """Returns how far the thing is from where it was thought to be in the hand [m]."""
    now = find_held_pose(hand, held.thing)
    return float(np.linalg.norm(now.position - held.pose.position))


def can_go_on(hand: HandSkills, held: Held, goal: HandTarget) -> bool:
    """Says whether a thing, as it lies in the hand now, touches nothing on the way to the end."""
    found = hand.preview.look_along([hand.arm.target, goal], hand.arm.opening, held)
    return hand.preview.is_good(found)


def find_held_pose(hand: HandSkills, thing: Thing) -> Pose:
    """Returns the thing's pose in the tool's frame, with the arm as it really stands."""
    tool = Pose(*hand.arm.body.chain.compute_tool_pose(hand.arm.measure_joint_pos()))
    return tool.invert() @ get_pose(thing)
