"""Where things are: the arm's posture at the start, what else lies about, where objects stand."""

from __future__ import annotations

import math
from collections.abc import Collection

import mujoco
import numpy as np

from robolearn.embodiments import Embodiment
from robolearn.embodiments.arm import require_arm
from robolearn.errors import IncompatibleError
from robolearn.sim.catalogue import get_category
from robolearn.sim.catalogue.thing import Thing, add_thing
from robolearn.sim.perturbations.perturbation import Perturbation
from robolearn.sim.tasks.bddl_task import SCENE_SCALES
from robolearn.sim.world import World
from robolearn.specs import Array

MAX_JOINT_CHANGE_RAD = 0.2  # of each joint, at strength 1
MAX_DISTRACTORS = 4
MAX_SHIFT_M = 0.06  # at full size, at strength 1
MAX_TRIES = 20  # of placing something where nothing is
# The first of them that are not in the scene anyway: "the apple" shall be one.
DISTRACTORS = ("apple", "yellow_block", "lemon", "sponge", "rubber_duck", "toy_car", "popcorn")
# Where distractors may lie, at full size [m]: before the arm, where tasks happen.
AREA_LOW_XY, AREA_HIGH_XY = np.array([0.35, -0.42]), np.array([0.85, 0.42])
PARKED_W = np.array([-5.0, -5.0, 0.0])  # far behind the robot
GAP_M = 0.01  # at full size, between a distractor and everything else
NEAR_M = 0.002  # at full size: what is set down exactly on something has no contact with it yet


class StartPose(Perturbation):
    """The arm begins in another posture: each joint up to 0.2 rad away from home at strength 1.

    Raises (from `furnish`):
        IncompatibleError: if the body is no arm.
    """

    def furnish(
        self, spec: mujoco.MjSpec, embodiment: Embodiment, categories: Collection[str]
    ) -> None:
        """Adds nothing, but finds out that it is an arm."""
        del spec, categories
        self._joint_names = require_arm(embodiment).chain.joint_names

    def take_hold(self, world: World) -> None:
        """Takes the arm's joints and servos."""
        model = world.model
        self._data = world.data
        self._qpos = np.array([model.joint(name).qposadr[0] for name in self._joint_names])
        self._ctrl = np.array([model.actuator(name).id for name in self._joint_names])
        ranges = np.array([model.joint(name).range for name in self._joint_names])
        self._low, self._high = ranges.T

    def disturb(self, rng: np.random.Generator) -> None:
        """Moves joints and the goals of their servos."""
        change = rng.uniform(-1, 1, len(self._qpos)) * self.strength * MAX_JOINT_CHANGE_RAD
        moved = np.clip(self._data.qpos[self._qpos] + change, self._low, self._high)
        self._data.qpos[self._qpos] = self._data.ctrl[self._ctrl] = moved


class Distractors(Perturbation):
    """Up to four things more lie about, wherever there is room; nothing is said of them."""

    def furnish(
        self, spec: mujoco.MjSpec, embodiment: Embodiment, categories: Collection[str]
    ) -> None:
        """Adds the things, beside everything else."""
        self._scale = SCENE_SCALES.get(require_arm(embodiment).name, 1.0)
        count = math.ceil(self.strength * MAX_DISTRACTORS)
        strange = [name for name in DISTRACTORS if name not in categories]
        self._categories = [get_category(name) for name in strange[:count]]
        for category in self._categories:
            add_thing(spec, _name(category.name), category, self._scale)

    def take_hold(self, world: World) -> None:
        """Takes hold of the things."""
        self._world = world
        self._things = [Thing(world, _name(c.name), c, self._scale) for c in self._categories]
        self._own = world.geoms_of([thing.name for thing in self._things])

    def disturb(self, rng: np.random.Generator) -> None:
        """Puts each where nothing else is; one for which no room is found stays away."""
        for number, thing in enumerate(self._things):
            thing.place(PARKED_W - np.array([number, 0.0, 0.0]), 0.0)
        for thing in self._things:
            radius_m = (thing.category.radius_m + GAP_M) * self._scale
            for _ in range(MAX_TRIES):
                xy = rng.uniform(AREA_LOW_XY, AREA_HIGH_XY) * self._scale
                if self._is_free(xy, radius_m):
                    thing.place((*xy, 0.0), rng.uniform(-math.pi, math.pi))
                    mujoco.mj_kinematics(self._world.model, self._world.data)
                    break

    def _is_free(self, xy: Array, radius_m: float) -> bool:
        """Says whether nothing solid but the ground is above a circle of the ground."""
        model, data = self._world.model, self._world.data
        mujoco.mj_kinematics(model, data)
        solid = (model.geom_contype > 0) & (data.geom_xpos[:, 2] > 0) & (model.geom_rbound > 0)
        distances = np.hypot(*(data.geom_xpos[solid, :2] - xy).T)
        return bool((distances > model.geom_rbound[solid] + radius_m).all())


class Positions(Perturbation):
    """Objects stand where none stood in training: up to 6 cm away, at full size and strength 1.

    What lies on or in one another moves together; what is on or in furniture stays.

    Raises (from `take_hold`):
        IncompatibleError: if nothing in the scene lies about loose.
    """

    def furnish(
        self, spec: mujoco.MjSpec, embodiment: Embodiment, categories: Collection[str]
    ) -> None:
        """Adds nothing, but learns the scale."""
        del spec, categories
        self._scale = SCENE_SCALES.get(embodiment.name, 1.0)

    def take_hold(self, world: World) -> None:
        """Finds the free bodies, but for the robot itself."""
        self._world, model = world, world.model
        robots_own = np.isin(model.jnt_bodyid, model.geom_bodyid[world.robot_geoms])
        free = (model.jnt_type == mujoco.mjtJoint.mjJNT_FREE) & ~robots_own
        if not free.any():
            raise IncompatibleError(
                "nothing in this task lies about loose that could stand elsewhere: leave out"
                " perturb.positions"
            )
        self._bodies = model.jnt_bodyid[free]
        self._qpos = dict(zip(self._bodies.tolist(), model.jnt_qposadr[free].tolist(), strict=True))
        table = [model.geom(i).name in ("table", "floor") for i in range(model.ngeom)]
        self._is_ground = np.array(table)

    def disturb(self, rng: np.random.Generator) -> None:
        """Shifts each group of bodies that carry one another, if that brings it into nothing."""
        for group in self._find_groups():
            for share in (1.0, 0.5):
                reach_m = share * self.strength * MAX_SHIFT_M * self._scale
                if self._try_shift(group, rng.uniform(-reach_m, reach_m, 2)):
                    break

    def _try_shift(self, group: set[int], shift: Array) -> bool:
        before = self._touching(group)
        self._shift(group, shift)
        if self._touching(group) <= before:
            return True
        self._shift(group, -shift)
        return False

    def _shift(self, group: set[int], shift: Array) -> None:
        for body in group:
            start = self._qpos[body]
            self._world.data.qpos[start : start + 2] += shift

    def _touching(self, group: set[int]) -> set[int]:
        """Returns the bodies outside a group that touch it, the ground aside."""
        return {two for one, two in self._list_pairs() if one in group and two not in group}

    def _list_pairs(self) -> list[tuple[int, int]]:
        """Returns the pairs of bodies that touch, both ways round, the ground aside."""
        model, data = self._world.model, self._world.data
        override, margin_m = int(mujoco.mjtEnableBit.mjENBL_OVERRIDE), model.opt.o_margin
        mujoco.mj_kinematics(model, data)
        model.opt.enableflags |= override
        model.opt.o_margin = NEAR_M * self._scale
        mujoco.mj_collision(model, data)
        model.opt.enableflags &= ~override
        model.opt.o_margin = margin_m
        geoms, bodies = data.contact.geom, model.geom_bodyid
        return [
            (int(bodies[a]), int(bodies[b]))
            for first, second in geoms
            for a, b in ((first, second), (second, first))
            if not (self._is_ground[a] or self._is_ground[b])
        ]

    def _find_groups(self) -> list[set[int]]:
        """Returns groups of free bodies that touch one another and nothing else."""
        pairs = self._list_pairs()
        groups: list[set[int]] = []
        seen: set[int] = set()
        for body in self._bodies.tolist():
            if body in seen:
                continue
            group, edge = {body}, {body}
            while edge:
                edge = {two for one, two in pairs if one in edge} - group
                group |= edge
            seen |= group
            if group <= set(self._qpos):
                groups.append(group)
        return groups


def _name(category: str) -> str:
    return f"distractor_{category}"
