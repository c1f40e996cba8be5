"""`Preview`: what would touch if the hand were elsewhere, worked out on a copy of the state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import mujoco
import numpy as np

from robolearn.redundant_arm import compute_turn
from robolearn.sim.catalogue.thing import Thing, ThingPart
from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.hand_target import HandTarget
from robolearn.sim.experts.skills.pose import Pose
from robolearn.sim.world import World
from robolearn.sim.world_state import copy_configuration
from robolearn.specs import Array

# A way is looked at every so often, at full size.
SAMPLE_M, SAMPLE_RAD = 0.03, 0.35
# What makes a pose useless: at full size.
MAX_OVERLAP_M, MAX_MISS_M = 0.001, 0.006
MAX_TURN_RAD, MAX_TURN_WITHOUT_AZIMUTH_RAD = 0.15, 0.6
MAX_RELAXED_RAD, MAX_RELAXED_WITHOUT_AZIMUTH_RAD = 0.25, 0.8
MAX_JUMP_RAD = 0.8  # of a joint, from sample to sample


@dataclass(frozen=True)
class Held:
    """A thing in the hand.

    Attributes:
        thing: the thing.
        pose: in the tool's frame.
    """

    thing: Thing
    pose: Pose


class Knot(NamedTuple):
    """A point on a way.

    Attributes:
        target: of the hand.
        joint_pos: of the arm [rad].
    """

    target: HandTarget
    joint_pos: Array


@dataclass(frozen=True)
class Finding:
    """What a preview found.

    Attributes:
        overlap_m: how deep hand, or what it holds, would be in anything else.
        miss_m: how far the tool point would be from where it is wanted.
        turn_rad: how far the hand would be turned from what is wanted, or nearly so.
        relaxed_rad: how much less it would pitch than wanted, to reach the point.
        joint_pos: of the arm there [rad].
        jump_rad: the largest turn of a joint on the way.
        knots: where hand and arm are on the way.
    """

    overlap_m: float
    miss_m: float
    turn_rad: float
    relaxed_rad: float
    joint_pos: Array
    jump_rad: float = 0.0
    knots: tuple[Knot, ...] = ()

    def join(self, later: Finding) -> Finding:
        """Returns the worse of both, at the end of the later."""
        return Finding(
            max(self.overlap_m, later.overlap_m),
            max(self.miss_m, later.miss_m),
            max(self.turn_rad, later.turn_rad),
            max(self.relaxed_rad, later.relaxed_rad),
            later.joint_pos,
            max(self.jump_rad, float(np.abs(later.joint_pos - self.joint_pos).max())),
            self.knots + later.knots,
        )


class Preview:
    """Looks ahead from the present state. Lengths in findings are those of the world."""

    def __init__(self, world: World, arm: ArmSkills, scale: float) -> None:
        """Makes the copy."""
        self._world, self._arm, self._scale = world, arm, scale
        self._data = mujoco.MjData(world.model)
        self._nothing = np.zeros_like(world.robot_geoms)
        self._max_turn_rad = MAX_TURN_RAD if arm.has_azimuth else MAX_TURN_WITHOUT_AZIMUTH_RAD
        self._max_relaxed_rad = (
            MAX_RELAXED_RAD if arm.has_azimuth else MAX_RELAXED_WITHOUT_AZIMUTH_RAD
        )
        self._assumed: dict[int, float] = {}
        gripper = world.model.joint(arm.body.action_spec.channels[-1]).id
        self._fingers = [gripper, *_find_followers(world.model, gripper)]
        names = arm.body.action_spec.channels[:-1]
        self._arm_qpos = [int(world.model.joint(name).qposadr[0]) for name in names]
        self._finger_qpos = [int(world.model.jnt_qposadr[joint]) for joint in self._fingers]

    def is_good(self, finding: Finding) -> bool:
        """Says whether the arm could be there without harm."""
        return self.rate(finding) <= 1.0

    def rate(self, finding: Finding, max_relaxed_rad: float = 0.0) -> float:
        """Returns how bad it would be: up to 1 is good; so much less pitch may be good."""
        max_relaxed_rad = max(max_relaxed_rad, self._max_relaxed_rad)
        return max(
            finding.overlap_m / (MAX_OVERLAP_M * self._scale),
            finding.miss_m / (MAX_MISS_M * self._scale),
            finding.turn_rad / self._max_turn_rad,
            finding.relaxed_rad / max_relaxed_rad,
            finding.jump_rad / MAX_JUMP_RAD,
        )

    def look(
        self,
        target: HandTarget,
        opening: float,
        held: Held | None = None,
        ignored: Array | None = None,
        joint_pos: Array | None = None,
    ) -> Finding:
        """Looks at one pose of the hand.

        Args:
            target: the pose.
            opening: of the gripper.
            held: what it holds.
            ignored: mask of geoms that may be touched.
            joint_pos: where the inverse kinematics starts; None: where the arm is.
        """
        solution = self._arm.solve(target, joint_pos)
        tool = self._pose_of_tool(solution.joint_pos)
        nearly = replace(target, pitch_rad=solution.pitch_rad)
        turn_rad = float(np.linalg.norm(compute_turn(nearly.rotation @ tool.rotation.T)))
        relaxed_rad = target.pitch_rad - solution.pitch_rad
        self._set_state(solution.joint_pos, opening)
        if held is not None:
            self._set_thing(held.thing, tool @ held.pose)
        moving = self._world.robot_geoms
        if held is not None:
            moving = moving | held.thing.geoms
        overlap_m = self._measure_overlap(moving, self._nothing if ignored is None else ignored)
        return Finding(
            overlap_m,
            solution.position_error_m,
            turn_rad,
            relaxed_rad,
            solution.joint_pos,
            knots=(Knot(target, solution.joint_pos),),
        )

    def look_along(
        self,
        targets: Sequence[HandTarget],
        opening: float,
        held: Held | None = None,
        ignored: Array | None = None,
        joint_pos: Array | None = None,
        *,
        limit: float = math.inf,
    ) -> Finding:
        """Looks at straight ways from target to target, the first excluded; see `look`.

        Stops early where a rating exceeds `limit`.
        """
        joint_pos = self._arm.joint_pos if joint_pos is None else joint_pos
        found = Finding(0.0, 0.0, 0.0, 0.0, joint_pos)
        for start, goal in pairwise(targets):
            way = start.find_way(goal)
            samples = max(way.length_m / self._scale / SAMPLE_M, way.turn_rad / SAMPLE_RAD, 1.0)
            for target in way.split(math.ceil(samples)):
                found = found.join(self.look(target, opening, held, ignored, found.joint_pos))
                if self.rate(found) > limit:
                    return found
        return found

    @contextmanager
    def assume_open(self, parts: Iterable[ThingPart]) -> Iterator[None]:
        """Looks, for a while, as if parts stood as far open as they go."""
        self._assumed = {
            part.joint.qpos_indices[0]: part.part.limit * (1.0 if part.is_hinge else self._scale)
            for part in parts
        }
        try:
            yield
        finally:
            self._assumed = {}

    def measure_thing(self, thing: Thing, pose: Pose) -> float:
        """Returns how deep a thing would be in others, but for the hand, if it were elsewhere."""
        self._set_state(self._arm.joint_pos, 0.0)
        self._set_thing(thing, pose)
        return self._measure_overlap(thing.geoms, self._world.robot_geoms)

    def _pose_of_tool(self, joint_pos: Array) -> Pose:
        return Pose(*self._arm.body.chain.compute_tool_pose(joint_pos))

    def _set_state(self, joint_pos: Array, opening: float) -> None:
        """Everything as it is now, but for the arm."""
        data, body = self._data, self._arm.body
        copy_configuration(self._world.data, data)
        for index, position in self._assumed.items():
            data.qpos[index] = position
        data.qpos[self._arm_qpos] = joint_pos
        data.qpos[self._finger_qpos] = body.gripper_closed + opening * body.gripper_range

    def _set_thing(self, thing: Thing, pose: Pose) -> None:
        """Puts a thing that moves freely; its pose comes first in its state."""
        start = thing.qpos_indices[0]
        self._data.qpos[start : start + 3] = pose.position
        mujoco.mju_mat2Quat(self._data.qpos[start + 3 : start + 7], pose.rotation.ravel())

    def _measure_overlap(self, moving: Array, ignored: Array) -> float:
        """Returns how deep what moves is in what does not [m]."""
        mujoco.mj_kinematics(self._world.model, self._data)
        mujoco.mj_collision(self._world.model, self._data)
        pairs, distances = self._data.contact.geom, self._data.contact.dist
        one, other = moving[pairs[:, 0]], moving[pairs[:, 1]]
        counted = (one != other) & ~ignored[pairs].any(axis=1)
        return float(-distances[counted].min(initial=0.0))


def _find_followers(model: mujoco.MjModel, joint: int) -> list[int]:
    """Returns the joints that are coupled to a joint."""
    coupled = model.eq_type == mujoco.mjtEq.mjEQ_JOINT
    return [int(i) for i in model.eq_obj1id[coupled & (model.eq_obj2id == joint)]]
