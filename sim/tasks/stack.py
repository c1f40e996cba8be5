"""`stack`: put one block on top of another."""

from __future__ import annotations

from typing import ClassVar

import mujoco
import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.stack import StackExpert
from robolearn.sim.predicates import is_at_height, is_on, is_released, is_settled
from robolearn.sim.scene import add_block
from robolearn.sim.tasks.sim_task import SimTask, indices_of, pose_channels
from robolearn.sim.world import World
from robolearn.specs import Array

HALF_SIZE_M = 0.015
MASS_KG = 0.03
UPPER_RGBA, LOWER_RGBA = (0.85, 0.1, 0.1, 1.0), (0.1, 0.6, 0.2, 1.0)
UPPER_AREA_W = ((0.13, -0.09), (0.24, 0.02))
LOWER_AREA_W = ((0.14, 0.08), (0.23, 0.16))
MAX_YAW_RAD = np.pi / 4
MAX_OVERHANG_M = 0.013  # centre over centre: an overhang of half a block topples


class Stack(SimTask):
    """The red block rests on the green one, both at rest and let go of."""

    state_channels: ClassVar = (*pose_channels("upper"), *pose_channels("lower"))

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds both blocks."""
        add_block(spec, "upper", (HALF_SIZE_M,) * 3, UPPER_RGBA, MASS_KG)
        add_block(spec, "lower", (HALF_SIZE_M,) * 3, LOWER_RGBA, MASS_KG)

    def find_parts(self, world: World) -> None:
        """Takes both blocks."""
        self.upper, self.lower = world.free_body("upper"), world.free_body("lower")
        self._upper_geoms, self._lower_geoms = world.geoms_of(["upper"]), world.geoms_of(["lower"])
        self._indices = indices_of(self.upper, self.lower)

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws both poses; the areas lie 6 cm apart."""
        for block, area_w in ((self.upper, UPPER_AREA_W), (self.lower, LOWER_AREA_W)):
            yaw_rad = rng.uniform(-MAX_YAW_RAD, MAX_YAW_RAD)
            block.place((*rng.uniform(*area_w), HALF_SIZE_M), yaw_rad)

    def get_state(self) -> Array:
        """Poses of both blocks."""
        return np.asarray(self.world.data.qpos[self._indices])

    def is_goal_reached(self) -> bool:
        """Stacked, the lower one on the table, both at rest, neither touched by the gripper."""
        return (
            is_on(
                self.world,
                (self.upper, self._upper_geoms),
                (self.lower, self._lower_geoms),
                height_m=2 * HALF_SIZE_M,
                tolerance_m=MAX_OVERHANG_M,
            )
            and is_at_height(self.lower, HALF_SIZE_M)
            and is_settled(self.upper)
            and is_settled(self.lower)
            and is_released(self.world, self._upper_geoms | self._lower_geoms)
        )

    def make_expert(self) -> Policy:
        """Returns the scripted expert."""
        return StackExpert(self.world, self.upper, self.lower)
