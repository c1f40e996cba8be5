"""`put_block_in_drawer`: open the drawer, put the block in, close it."""

from __future__ import annotations

import math
from typing import ClassVar

import mujoco
import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.put_block_in_drawer import PutBlockInDrawerExpert
from robolearn.sim.fixtures.drawer import Drawer, add_drawer, drawer_channels
from robolearn.sim.predicates import is_released, is_settled
from robolearn.sim.scene import add_block
from robolearn.sim.tasks.drawer import place_drawer
from robolearn.sim.tasks.sim_task import SimTask, indices_of, pose_channels
from robolearn.sim.world import World
from robolearn.specs import Array

BLOCK_HALF_SIZE_M = 0.015
BLOCK_MASS_KG = 0.03
BLOCK_RGBA = (0.85, 0.1, 0.1, 1.0)
# Right of the arm, clear of the open drawer and of the hand at its handle.
BLOCK_AREA_W = ((0.13, -0.14), (0.23, -0.05))
BLOCK_MAX_YAW_RAD = math.pi / 4


class PutBlockInDrawer(SimTask):
    """The block lies in the drawer at rest, the drawer is closed, nothing is touched.

    The drawer is closed at the start, so there are three stages: open, put in, close.
    """

    state_channels: ClassVar = (*pose_channels("block"), *drawer_channels("drawer"))

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the drawer and the block."""
        add_drawer(spec, "drawer")
        add_block(spec, "block", (BLOCK_HALF_SIZE_M,) * 3, BLOCK_RGBA, BLOCK_MASS_KG)

    def find_parts(self, world: World) -> None:
        """Takes the drawer and the block."""
        self.drawer, self.block = Drawer(world, "drawer"), world.free_body("block")
        self._geoms = world.geoms_of(["block"]) | self.drawer.geoms
        self._indices = indices_of(self.block)

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws the cabinet's pose and the block's; the drawer is closed."""
        place_drawer(self.drawer, rng, opening_m=0.0)
        block_xy = rng.uniform(*BLOCK_AREA_W)
        yaw_rad = rng.uniform(-BLOCK_MAX_YAW_RAD, BLOCK_MAX_YAW_RAD)
        self.block.place((*block_xy, BLOCK_HALF_SIZE_M), yaw_rad)

    def get_state(self) -> Array:
        """Pose of the block, then the drawer's state."""
        pose = self.world.data.qpos[self._indices]
        return np.concatenate((pose, self.drawer.get_state()))

    def is_goal_reached(self) -> bool:
        """The cheap questions first: most steps end at the first."""
        return (
            self.drawer.is_closed
            and self.drawer.contains(self.block)
            and self.drawer.is_still
            and is_settled(self.block)
            and is_released(self.world, self._geoms)
        )

    def make_expert(self) -> Policy:
        """Returns the scripted expert."""
        return PutBlockInDrawerExpert(self.world, self.block, self.drawer)
