"""`push_block`: push a block that is too wide to grasp onto the disc."""

from __future__ import annotations

from typing import ClassVar

import mujoco
import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.push_block import PushBlockExpert
from robolearn.sim.predicates import is_at_height, is_near, is_released, is_settled
from robolearn.sim.scene import add_block, add_disc_marker
from robolearn.sim.tasks.sim_task import SimTask, indices_of, pose_channels
from robolearn.sim.world import World
from robolearn.specs import Array

BLOCK_HALF_SIZE_M = (0.026, 0.026, 0.02)
BLOCK_MASS_KG = 0.08
BLOCK_RGBA = (0.95, 0.45, 0.05, 1.0)
BLOCK_AREA_W = ((0.14, -0.12), (0.22, -0.04))
BLOCK_MAX_YAW_RAD = np.pi / 4
TARGET_AREA_W = ((0.14, 0.05), (0.22, 0.12))
TARGET_RADIUS_M = 0.04
TARGET_RGBA = (0.1, 0.55, 0.3, 1.0)
TOLERANCE_M = 0.03


class PushBlock(SimTask):
    """The block's centre is within 3 cm of the disc's; it is at rest and the gripper off it."""

    state_channels: ClassVar = (*pose_channels("block"), ("target_x", "m"), ("target_y", "m"))

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the block and the disc."""
        add_disc_marker(spec, "target", TARGET_RADIUS_M, TARGET_RGBA)
        add_block(spec, "block", BLOCK_HALF_SIZE_M, BLOCK_RGBA, BLOCK_MASS_KG)

    def find_parts(self, world: World) -> None:
        """Takes the block and the disc."""
        self.block, self.target = world.free_body("block"), world.marker("target")
        self._block_geoms = world.geoms_of(["block"])
        self._indices = indices_of(self.block)

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws both places; the areas lie 9 cm apart."""
        yaw_rad = rng.uniform(-BLOCK_MAX_YAW_RAD, BLOCK_MAX_YAW_RAD)
        self.block.place((*rng.uniform(*BLOCK_AREA_W), BLOCK_HALF_SIZE_M[2]), yaw_rad)
        self.target.place((*rng.uniform(*TARGET_AREA_W), 0.0005))
        self._target_xy = self.target.position_w[:2]

    def get_state(self) -> Array:
        """Pose of the block, then x and y of the target."""
        return np.concatenate((self.world.data.qpos[self._indices], self._target_xy))

    def is_goal_reached(self) -> bool:
        """Near, flat on the table, at rest, released."""
        return (
            is_near(self.block.position_w[:2], self._target_xy, TOLERANCE_M)
            and is_at_height(self.block, BLOCK_HALF_SIZE_M[2])
            and is_settled(self.block)
            and is_released(self.world, self._block_geoms)
        )

    def make_expert(self) -> Policy:
        """Returns the scripted expert."""
        return PushBlockExpert(self.world, self.block, self.target)
