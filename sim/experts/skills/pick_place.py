"""Taking a thing and putting it down: `reach`, `grasp` and `place`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.experts.skills.goals import STANDOFF_M, Goal, get_pose
from robolearn.sim.experts.skills.grasps import LIFT_M, Candidate, choose_placing
from robolearn.sim.experts.skills.hand import SLOW_MPS, Actions, HandSkills, stop_if
from robolearn.sim.experts.skills.pose import Pose
from robolearn.sim.experts.skills.preview import Held

# At full size.
LIFTED_M = 0.02  # what did not rise this much was not grasped
LOST_M = 0.06  # what is this far from its place in the hand is lost
LIFT_MPS = 0.35
UP = np.array([0.0, 0.0, 1.0])


def reach(hand: HandSkills, candidate: Candidate) -> Actions:
    """Goes before the grasp, and opens the gripper on the way."""
    hand.arm.opening = candidate.opening
    before = candidate.target.shift(-STANDOFF_M * hand.scale * candidate.target.ahead_w)
    yield from hand.travel(before)
    yield from hand.catch_up()


def grasp(hand: HandSkills, thing: Thing, candidate: Candidate) -> Actions:
    """Takes a thing and lifts it; remembers how it lies in the hand."""
    yield from hand.go(candidate.target)
    yield from hand.arm.wait(1)
    yield from hand.close()
    yield from hand.go(candidate.target.shift(LIFT_M * hand.scale * UP), speed_mps=LIFT_MPS)
    yield from hand.arm.wait(2)
    hand.held = Held(thing, find_held_pose(hand, thing))


def place(hand: HandSkills, thing: Thing, goals: Sequence[Goal], opening: float) -> Actions:
    """Brings what the hand holds to the first of the goals that is free, and lets go."""
    held = hand.held
    assert held is not None
    placing = choose_placing(hand, held, goals, opening)
    if placing is None:
        return
    before = placing.target.shift(-placing.goal.standoff_m * hand.scale * placing.goal.way_in_w)
    yield from stop_if(hand.travel(before), lambda: is_lost(hand, thing))
    if is_lost(hand, thing):
        return
    yield from hand.catch_up()
    yield from hand.go(placing.target, speed_mps=SLOW_MPS)
    yield from hand.arm.wait(2)
    yield from hand.open(opening)
    hand.held = None
    yield from retreat(hand, placing.goal)


def retreat(hand: HandSkills, goal: Goal) -> Actions:
    """Goes back the way the hand came."""
    here = hand.arm.target
    is_ahead = here.ahead_w @ goal.way_in_w > 0.5
    way_back_w = -here.ahead_w if is_ahead else -goal.way_in_w
    yield from hand.go(here.shift(goal.standoff_m * hand.scale * way_back_w))


def let_go(hand: HandSkills) -> Actions:
    """Opens the hand and goes home, after something went wrong."""
    hand.held = None
    yield from hand.open(1.0)
    yield from hand.recover()


def is_lifted(hand: HandSkills, thing: Thing, height_before_w: float) -> bool:
    """Says whether the thing rose with the hand."""
    return bool(thing.position_w[2] > height_before_w + LIFTED_M * hand.scale)


def is_lost(hand: HandSkills, thing: Thing) -> bool:
    """Says whether the thing is no longer where the hand held it."""
    if hand.held is None:
        return False
    away = find_held_pose(hand, thing).position - hand.held.pose.position
    return bool(np.linalg.norm(away) > LOST_M * hand.scale)


def find_held_pose(hand: HandSkills, thing: Thing) -> Pose:
    """Returns the thing's pose in the tool's frame, with the arm as it really stands."""
    tool = Pose(*hand.arm.body.chain.compute_tool_pose(hand.arm.measure_joint_pos()))
    return tool.invert() @ get_pose(thing)
