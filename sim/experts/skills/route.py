"""Routing a cable through a clip: take it beyond the clip, lay it into the clip from above."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from robolearn.sim.catalogue.cable_line import CableLine
from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.specs import Array

# Of routing trials. Slack keeps the hand from pulling on a taut cable, which slides out of it, or
# out of the clip before; the hand carries it in a bow.
BEYOND_M, SLACK_M = 0.029, 0.018
GRASP_CLEARANCE_M, RELEASE_CLEARANCE_M = 0.001, 0.002  # finger tips over the table
LIFT_M, CARRY_M = 0.02, 0.042
APPROACH_M = 0.06
OPENING = 0.35  # fingers on both sides of the cable, clear of what stands beside it
HELD_M = 0.010  # a cable further than this from between the finger pads was lost
CARRY_SPEED_MPS, LOWER_SPEED_MPS = 0.15, 0.08
SETTLE_STEPS = 6


@dataclass(frozen=True)
class Routing:
    """What is to be routed, and how far it is.

    Attributes:
        cable: the cable.
        clip: to run it through.
        before: the clip it runs through last before that, if any.
    """

    cable: CableLine
    clip: Thing
    before: Thing | None

    def find_arc(self) -> float:
        """Returns the arc length at which to hold the cable, beyond the clip, with some slack [m]."""
        start_w, start_arc_m = self.cable.points_w[0], 0.0
        if self.before is not None:
            start_w = self.before.position_w
            crossings = self.cable.find_crossings(self.before)
            if crossings:
                start_arc_m = min(crossings, key=lambda crossing: abs(crossing[1][1]))[0]
        way_m = math.dist(start_w[:2].tolist(), self.clip.position_w[:2].tolist())
        return start_arc_m + way_m + (BEYOND_M + SLACK_M) * self.clip.scale

    def find_direction(self) -> Array:
        """Returns the clip's x axis, pointing on from where the cable comes, shape (3,)."""
        start_w = self.cable.points_w[0] if self.before is None else self.before.position_w
        axis_w = self.clip.direction_to_world((1.0, 0.0, 0.0))
        sign = np.sign(axis_w @ (self.clip.position_w - start_w)) or 1.0
        return np.asarray(sign * axis_w)


def grasp(arm: ArmSkills, routing: Routing) -> Iterator[Array]:
    """Takes the cable where it must be held, and lifts it a little."""
    point_w, along_w = routing.cable.find_point(routing.find_arc())
    # A cable that hangs over something is taken there.
    lift_m = max(0.0, point_w[2] - routing.cable.radius_m)
    aim_w = _at_height(arm, point_w, GRASP_CLEARANCE_M + lift_m)
    roll_rad = arm.find_roll(aim_w, math.atan2(along_w[1], along_w[0]) + math.pi / 2, math.pi)
    if arm.opening < OPENING:
        yield from arm.open_gripper(OPENING)
    yield from arm.move(_at_height(arm, point_w, APPROACH_M), roll_rad=roll_rad)
    arm.opening = OPENING
    yield from arm.move(aim_w, roll_rad=roll_rad, speed_mps=CARRY_SPEED_MPS)
    yield from arm.wait(2)
    yield from arm.close_gripper()
    yield from arm.move(
        _at_height(arm, point_w, LIFT_M + lift_m), roll_rad=roll_rad, speed_mps=LOWER_SPEED_MPS
    )


def lay(arm: ArmSkills, routing: Routing) -> Iterator[Array]:
    """Carries the held cable over the clip, lowers it on the far side, lets go, moves up.

    What was lost on the way is let go of at once.
    """
    along_w = routing.find_direction()
    goal_w = routing.clip.position_w + BEYOND_M * routing.clip.scale * along_w
    heading_rad = math.atan2(along_w[1], along_w[0]) + math.pi / 2
    here_w = arm.position_w
    # Held as it is, the cable keeps its direction: no half turn.
    held_rad = arm.roll_rad + math.atan2(here_w[1], here_w[0])
    turn_rad = math.remainder(heading_rad - held_rad, math.pi)
    roll_rad = held_rad + turn_rad - math.atan2(goal_w[1], goal_w[0])
    yield from arm.move(_at_height(arm, here_w, CARRY_M), speed_mps=CARRY_SPEED_MPS)
    over_w = _at_height(arm, goal_w, CARRY_M)
    yield from arm.move(over_w, roll_rad=roll_rad, speed_mps=CARRY_SPEED_MPS)
    yield from arm.wait(2)
    if is_held(arm, routing.cable):
        down_w = _at_height(arm, goal_w, RELEASE_CLEARANCE_M)
        yield from arm.move(down_w, roll_rad=roll_rad, speed_mps=LOWER_SPEED_MPS)
        yield from arm.wait(3)
    yield from arm.open_gripper(OPENING)
    yield from arm.move(_at_height(arm, goal_w, APPROACH_M), roll_rad=roll_rad)
    yield from arm.wait(SETTLE_STEPS)


def is_held(arm: ArmSkills, cable: CableLine) -> bool:
    """Says whether the cable is between the finger pads."""
    tips_w = arm.position_w - np.array([0.0, 0.0, arm.body.tool_to_tip_m])
    return cable.measure_distance(tips_w + np.array([0.0, 0.0, 0.003])) < HELD_M


def _at_height(arm: ArmSkills, point_w: Array, clearance_m: float) -> Array:
    """Returns where the tool is over a point, with the finger tips so high over the table."""
    return np.array([*point_w[:2], clearance_m + arm.body.tool_to_tip_m])
