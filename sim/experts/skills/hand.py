"""`HandSkills`: ways of a hand over what stands around, as generators of actions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.experts.arm_skills import TURN_RATE_RADPS, ArmSkills
from robolearn.sim.experts.hand_target import HandTarget, make_target
from robolearn.sim.experts.skills.pose import Pose
from robolearn.sim.experts.skills.preview import Finding, Held, Knot, Preview
from robolearn.specs import Array

Actions = Iterator[Array]

# At full size, as everything here.
SPEED_MPS = 0.55
# What is held by its rim swings if it is turned faster.
CARRY_MPS, CARRY_RADPS = 0.40, 1.2
SLOW_MPS = 0.25  # where it is narrow, or something is moved
RISE_M = 0.04  # what a hand tries to go higher where something stands in its way
MAX_RISES, MAX_VAIN_RISES = 10, 3
MAX_LAG_M, MAX_LAG_STEPS = 0.01, 5
AT_HOME_RAD = 0.3
RECOVER_RISE_M = 0.10
MIN_FINGER_STEPS = 3
STILL_PER_S = 0.1  # of the opening
FINGER_ROOM_M = 0.012  # on either side of what is to be between the fingers


@dataclass(frozen=True)
class Route:
    """A way that was looked at.

    Attributes:
        knots: from each to the next the hand moves straight.
        way_in: knots from there on to the lead-in.
        rating: up to 1 it is good; see `Preview.rate`.
    """

    knots: tuple[Knot, ...]
    way_in: tuple[Knot, ...]
    rating: float


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

    def make_holding_target(self, tool: Pose, near_rad: float) -> HandTarget:
        """Returns a target of the hand with something in it, which turns with it.

        Args:
            tool: its pose in the world.
            near_rad: the roll before: it turns no farther than it must [rad].
        """
        return make_target(
            tool.position,
            tool.rotation[:, 0],
            tool.rotation[:, 2],
            has_azimuth=self.arm.has_azimuth,
            near_rad=near_rad,
            symmetry_rad=2 * math.pi,
        )

    def find_opening(self, width_m: float, room_m: float = FINGER_ROOM_M) -> float:
        """Returns the opening that leaves room on both sides of something.

        Args:
            width_m: of that [m].
            room_m: on either side, at full size [m].
        """
        gap_m = width_m + 2 * room_m * self.scale
        return min(1.0, gap_m / self.arm.body.max_gap_m)

    def go(self, goal: HandTarget, *, speed_mps: float = SPEED_MPS) -> Actions:
        """Moves straight."""
        speed_mps, turn_rate_radps = self._limit_speed(speed_mps)
        yield from self.arm.move_to(
            goal, speed_mps=speed_mps * self.scale, turn_rate_radps=turn_rate_radps
        )

    def travel(self, goal: HandTarget) -> Actions:
        """Moves up, across over everything that stands around, and down."""
        yield from self.follow(self.find_route(goal).knots)

    def follow(self, knots: Iterable[Knot], *, speed_mps: float = SPEED_MPS) -> Actions:
        """Moves through knots, the arm just as it was looked at."""
        speed_mps, turn_rate_radps = self._limit_speed(speed_mps)
        yield from self.arm.move_through(
            knots, speed_mps=speed_mps * self.scale, turn_rate_radps=turn_rate_radps
        )

    def _limit_speed(self, speed_mps: float) -> tuple[float, float]:
        """Returns speed and turn rate: both are less with something in the hand."""
        if self.held is None:
            return speed_mps, TURN_RATE_RADPS
        return min(speed_mps, CARRY_MPS), CARRY_RADPS

    @property
    def here(self) -> Knot:
        """Where the setpoint is."""
        return Knot(self.arm.target, self.arm.joint_pos)

    def find_route(
        self,
        goal: HandTarget,
        *,
        lead_in: HandTarget | None = None,
        start: Knot | None = None,
        held: Held | None = None,
    ) -> Route:
        """Returns the lowest way up, across and down that touches nothing; else the best.

        Args:
            goal: where it ends.
            lead_in: where the hand is to go from there: that must be possible too.
            start: where it begins; None: where the hand is.
            held: what is in the hand then.
        """
        start = self.here if start is None else start
        lowest = max(start.target.position_w[2], goal.position_w[2])
        best: Route | None = None
        best_rise = 0
        for rise in range(MAX_RISES):
            height = lowest + rise * RISE_M * self.scale
            via = (_raise(start.target, height), _raise(goal, height))
            route = self._look_at_route(start, [*via, goal], lead_in, held, best)
            if best is None or route.rating < best.rating:
                best, best_rise = route, rise
            if best.rating <= 1.0 or rise - best_rise >= MAX_VAIN_RISES:
                break
        assert best is not None
        return best

    def _look_at_route(
        self,
        start: Knot,
        targets: Sequence[HandTarget],
        lead_in: HandTarget | None,
        held: Held | None,
        best: Route | None,
    ) -> Route:
        found = self._look([start.target, *targets], start.joint_pos, held, best)
        if lead_in is None:
            return Route(found.knots, (), self.preview.rate(found))
        way_in = self._look([targets[-1], lead_in], found.joint_pos, held, best)
        return Route(found.knots, way_in.knots, self.preview.rate(found.join(way_in)))

    def _look(
        self,
        targets: Sequence[HandTarget],
        joint_pos: Array,
        held: Held | None,
        best: Route | None,
    ) -> Finding:
        """Looks along a way as long as it is better than the best so far."""
        limit = np.inf if best is None else max(best.rating, 1.0)
        opening = self.arm.opening
        return self.preview.look_along(targets, opening, held, joint_pos=joint_pos, limit=limit)

    def back_off(self, way_m: float, *directions_w: Array) -> Actions:
        """Moves away in the direction in which the least is touched."""
        here, opening = self.arm.target, self.arm.opening
        ways = [here.shift(way_m * self.scale * direction_w) for direction_w in directions_w]
        ratings = [self.preview.rate(self.preview.look_along([here, way], opening)) for way in ways]
        yield from self.go(ways[int(np.argmin(ratings))])

    def catch_up(self) -> Actions:
        """Waits until the arm is nearly where its setpoint is."""
        for _ in range(MAX_LAG_STEPS):
            if self.is_at(self.arm.target):
                return
            yield from self.arm.wait(1)

    def is_at(self, target: HandTarget) -> bool:
        """Says whether the tool is really where a target has it."""
        away = self.arm.measure_position() - target.position_w
        return bool(np.linalg.norm(away) < MAX_LAG_M * self.scale)

    def recover(self) -> Actions:
        """Goes home, joint by joint: out of a posture from which no way leads on."""
        home_rad = np.array(self.arm.body.home_position[:-1])
        if np.abs(home_rad - self.arm.joint_pos).max() < AT_HOME_RAD:
            return
        up = self.arm.target.shift(np.array([0.0, 0.0, RECOVER_RISE_M * self.scale]))
        if self.preview.is_good(self.preview.look_along([self.arm.target, up], 1.0)):
            yield from self.go(up)
        yield from self.arm.move_joints(home_rad)

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
