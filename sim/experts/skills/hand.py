"""`HandSkills`: ways of a hand over what stands around, as generators of actions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.experts.arm_skills import TURN_RATE_RADPS, ArmSkills
from robolearn.sim.experts.hand_target import HandTarget, make_target
from robolearn.sim.experts.skills.pose import Pose
from robolearn.sim.experts.skills.preview import Held, Preview
from robolearn.specs import Array

Actions = Iterator[Array]

# At full size, as everything here.
SPEED_MPS = 0.55
# What is held by its rim swings if it is turned faster.
CARRY_MPS, CARRY_RADPS = 0.45, 1.5
SLOW_MPS = 0.25  # where it is narrow, or something is moved
RISE_M = 0.04  # what a hand tries to go higher where something stands in its way
MAX_RISES = 10
MAX_LAG_M, MAX_LAG_STEPS = 0.01, 5
RECOVER_RISE_M = 0.10
MIN_FINGER_STEPS = 3
STILL_PER_S = 0.1  # of the opening
# On either side of what is to be between the fingers: as they like it, and where it is narrow.
WIDE_M, NARROW_M = 0.030, 0.012


class HandSkills:
    """An arm's hand in a scene; all lengths of its ways are scaled alike.

    Attributes:
        arm: the arm.
        scene: what is around.
        preview: what would touch.
        scale: of the arm.
        held: what is in the hand.
    """

    def __init__(self, arm: ArmSkills, scene: BddlScene) -> None:
        self.arm, self.scene, self.scale = arm, scene, scene.arm_scale
        self.preview = Preview(scene.world, arm, scene.arm_scale)
        self.held: Held | None = None

    def make_target(self, position_w: Array, ahead_w: Array, opening_w: Array) -> HandTarget:
        """Returns a target of the hand; see `hand_target.make_target`."""
        return make_target(position_w, ahead_w, opening_w, has_azimuth=self.arm.has_azimuth)

    def make_holding_target(self, tool: Pose) -> HandTarget:
        """Returns a target of the hand with something in it, which turns with it."""
        return make_target(
            tool.position,
            tool.rotation[:, 0],
            tool.rotation[:, 2],
            has_azimuth=self.arm.has_azimuth,
            near_rad=self.arm.roll_rad,
            symmetry_rad=2 * math.pi,
        )

    def find_opening(self, width_m: float, room_m: float = NARROW_M) -> float:
        """Returns the opening for something of that width, with room on both sides [m]."""
        gap_m = width_m + 2 * room_m * self.scale
        return min(1.0, gap_m / self.arm.body.max_gap_m)

    def go(self, goal: HandTarget, *, speed_mps: float = SPEED_MPS) -> Actions:
        """Moves straight."""
        turn_rate_radps = TURN_RATE_RADPS
        if self.held is not None:
            speed_mps, turn_rate_radps = min(speed_mps, CARRY_MPS), CARRY_RADPS
        yield from self.arm.move_to(
            goal, speed_mps=speed_mps * self.scale, turn_rate_radps=turn_rate_radps
        )

    def travel(self, *goals: HandTarget, ignored: Array | None = None) -> Actions:
        """Moves up, across over everything that stands around, and down to the goals in turn."""
        for target in self.find_way_over(*goals, ignored=ignored):
            yield from self.go(target)

    def find_way_over(self, *goals: HandTarget, ignored: Array | None = None) -> list[HandTarget]:
        """Returns the lowest way up, across and down that touches nothing; else the best."""
        start, first = self.arm.target, goals[0]
        lowest = max(start.position_w[2], first.position_w[2])
        best: tuple[float, list[HandTarget]] | None = None
        for rise in range(MAX_RISES):
            height = lowest + rise * RISE_M * self.scale
            targets = [_raise(start, height), _raise(first, height), *goals]
            found = self.preview.look_along(
                [start, *targets],
                self.arm.opening,
                self.held,
                ignored,
                limit=best[0] if best else np.inf,
            )
            rating = self.preview.rate(found)
            if best is None or rating < best[0]:
                best = rating, targets
            if rating <= 1.0:
                break
        assert best is not None
        return best[1]

    def catch_up(self) -> Actions:
        """Waits until the arm is nearly where its setpoint is."""
        for _ in range(MAX_LAG_STEPS):
            away = self.arm.measure_position() - self.arm.position_w
            if np.linalg.norm(away) < MAX_LAG_M * self.scale:
                return
            yield from self.arm.wait(1)

    def recover(self) -> Actions:
        """Goes home, joint by joint: out of a posture from which no way leads on."""
        up = self.arm.target.shift(np.array([0.0, 0.0, RECOVER_RISE_M * self.scale]))
        if self.preview.is_good(self.preview.look_along([self.arm.target, up], 1.0)):
            yield from self.go(up)
        yield from self.arm.move_joints(np.array(self.arm.body.home_position[:-1]))

    def close(self) -> Actions:
        """Closes the gripper, until the fingers stand still."""
        yield from self._move_fingers(0.0)

    def open(self, opening: float) -> Actions:
        """Opens the gripper so far, until the fingers stand still."""
        yield from self._move_fingers(opening)

    def _move_fingers(self, opening: float) -> Actions:
        self.arm.opening = opening
        yield from self.arm.wait(MIN_FINGER_STEPS)
        for _ in range(self.arm.num_grasp_steps - MIN_FINGER_STEPS):
            if self.arm.measure_opening_rate() < STILL_PER_S:
                return
            yield from self.arm.wait(1)


def _raise(target: HandTarget, height: float) -> HandTarget:
    return target.shift(np.array([0.0, 0.0, height - target.position_w[2]]))


def stop_if(actions: Actions, has_failed: Callable[[], bool]) -> Actions:
    """Carries actions out until something goes wrong."""
    for action in actions:
        yield action
        if has_failed():
            return
