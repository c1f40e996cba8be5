"""The experts of `open_drawer` and `close_drawer`, and the skills others reuse."""

from __future__ import annotations

import math

import numpy as np

from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.fixtures import drawer as shape
from robolearn.sim.fixtures.drawer import Drawer
from robolearn.sim.world import World
from robolearn.specs import Array

RAISED = np.array([0.0, 0.0, 0.05])  # from the handle: the fingertips clear it by 2 cm
ASIDE_M = 0.010  # the handle's place in the open gripper; see `ArmSkills.find_aim`
SNUG_M = -0.005  # its place just off the fixed finger, so that closing hardly drags the arm
# Where closed fingers meet, off the tool's axis towards the fixed finger.
CLOSED_FINGERS_M = -0.016
# From the handle to the middle of fingers that push it: half of either.
CONTACT_M = shape.HANDLE_SIZE_M[0] / 2 + 0.009
BEFORE_M = 0.014  # how far before the handle the hand comes down, and goes back to
PULL_TO_M = 0.076
PRESS_ON_M = 0.004  # beyond closed: the arm yields, and friction holds the drawer
SPEED_MPS = 0.15
MAX_TRIES = 4
TURN_RAD = 2 * math.pi


class OpenDrawerExpert(Expert):
    """Takes the handle, pulls, lets go, moves up."""

    def __init__(self, world: World, drawer: Drawer) -> None:
        super().__init__(world)
        self._drawer = drawer

    def make_plan(self) -> Plan:
        """One skill."""
        return pull_open(self.arm, self._drawer)


class CloseDrawerExpert(Expert):
    """Pushes the handle with closed fingers, moves back and up."""

    def __init__(self, world: World, drawer: Drawer) -> None:
        super().__init__(world)
        self._drawer = drawer

    def make_plan(self) -> Plan:
        """One skill."""
        return push_closed(self.arm, self._drawer)


def pull_open(arm: ArmSkills, drawer: Drawer) -> Plan:
    """Opens the drawer by its handle; takes it again where it slipped."""
    for _ in range(MAX_TRIES):
        handle_w = drawer.handle_w
        aside_w = _aim(arm, drawer, handle_w, ASIDE_M)
        yield from arm.move(aside_w + RAISED, roll_rad=find_roll_across(arm, drawer, handle_w))
        yield from arm.open_gripper() if arm.opening < 0.4 else arm.wait(1)
        yield from arm.move(aside_w)
        yield from arm.move(_aim(arm, drawer, handle_w, SNUG_M))
        yield from arm.close_gripper()
        end_w = handle_w + (PULL_TO_M - drawer.opening_m) * _outwards(drawer)
        roll_rad = find_roll_across(arm, drawer, end_w)
        yield from arm.move(
            _aim(arm, drawer, end_w, SNUG_M), roll_rad=roll_rad, speed_mps=SPEED_MPS
        )
        yield from arm.open_gripper()
        aside_w = _aim(arm, drawer, end_w, ASIDE_M)
        yield from arm.move(aside_w)
        yield from arm.move(aside_w + RAISED)
        if drawer.is_open:
            return


def push_closed(arm: ArmSkills, drawer: Drawer) -> Plan:
    """Closes the drawer by pushing its handle; pushes again where it stayed open."""
    for _ in range(MAX_TRIES):
        outwards, opening_m = _outwards(drawer), drawer.opening_m
        contact_w = _aim(arm, drawer, drawer.handle_w, CLOSED_FINGERS_M) + CONTACT_M * outwards
        before_w = contact_w + BEFORE_M * outwards
        arm.opening = 0.0
        yield from arm.move(before_w + RAISED, roll_rad=find_roll_across(arm, drawer, before_w))
        yield from arm.move(before_w)
        end_w = contact_w - (opening_m + PRESS_ON_M) * outwards
        roll_rad = find_roll_across(arm, drawer, end_w)
        yield from arm.move(end_w, roll_rad=roll_rad, speed_mps=SPEED_MPS)
        yield from arm.wait(3)
        back_w = end_w + BEFORE_M * outwards
        yield from arm.move(back_w)
        yield from arm.move(back_w + RAISED)
        if drawer.is_closed:
            return


def find_roll_across(arm: ArmSkills, drawer: Drawer, position_w: Array) -> float:
    """Returns the roll that sets the fingers side by side across the way the drawer slides."""
    return arm.find_roll(position_w, drawer.yaw_rad + math.pi / 2, TURN_RAD)


def _aim(arm: ArmSkills, drawer: Drawer, position_w: Array, offset_m: float) -> Array:
    return arm.find_aim(position_w, find_roll_across(arm, drawer, position_w), offset_m)


def _outwards(drawer: Drawer) -> Array:
    return np.array([math.cos(drawer.yaw_rad), math.sin(drawer.yaw_rad), 0.0])
