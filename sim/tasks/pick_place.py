"""`pick_place`: put the block on the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mujoco
import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.pick_place import PickPlaceExpert
from robolearn.sim.predicates import is_at_height, is_near, is_released, is_settled
from robolearn.sim.scene import add_block, add_disc_marker
from robolearn.sim.tasks.sim_task import SimTask, indices_of, pose_channels
from robolearn.sim.world import World
from robolearn.specs import Array

BLOCK_HALF_SIZE_M = 0.015
BLOCK_MASS_KG = 0.03
BLOCK_RGBA = (0.85, 0.1, 0.1, 1.0)
BLOCK_MAX_YAW_RAD = np.pi / 4
TARGET_RADIUS_M = 0.03
TARGET_RGBA = (0.1, 0.35, 0.85, 1.0)
# No start may already be near its goal.
MIN_DISTANCE_M = 0.06


Area = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Layout:
    """Where things may lie for an arm of some reach: lower and upper corner, x and y [m].

    Attributes:
        block_area_w: where the block starts.
        target_area_w: where it is to end, beside that.
    """

    block_area_w: Area
    target_area_w: Area


LAYOUTS = {
    # 15 x 15 cm and 10 x 10 cm
    "so101": Layout(((0.12, -0.075), (0.27, 0.075)), ((0.14, 0.10), (0.24, 0.20))),
    # 11 x 13 cm and 6 x 6 cm: three quarters of the reach
    "koch": Layout(((0.09, -0.065), (0.20, 0.065)), ((0.10, 0.09), (0.16, 0.15))),
    # 30 x 30 cm and 20 x 20 cm: twice the SO-101's
    "panda": Layout(((0.38, -0.20), (0.68, 0.10)), ((0.42, 0.15), (0.62, 0.35))),
}


class PickPlace(SimTask):
    """The block lies within the disc, on the table, at rest and let go of."""

    embodiment_names = tuple(LAYOUTS)
    state_channels: ClassVar = (*pose_channels("block"), ("target_x", "m"), ("target_y", "m"))

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the block and the disc."""
        add_disc_marker(spec, "target", TARGET_RADIUS_M, TARGET_RGBA)
        add_block(spec, "block", (BLOCK_HALF_SIZE_M,) * 3, BLOCK_RGBA, BLOCK_MASS_KG)

    def find_parts(self, world: World) -> None:
        """Takes the block, the disc, and the areas within this arm's reach."""
        self.layout = LAYOUTS[world.embodiment.name]
        self.block, self.target = world.free_body("block"), world.marker("target")
        self._block_geoms = world.geoms_of(["block"])
        self._indices = indices_of(self.block)

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws block and target, pushing the target away where they would be too near."""
        block_xy = rng.uniform(*self.layout.block_area_w)
        yaw_rad = rng.uniform(-BLOCK_MAX_YAW_RAD, BLOCK_MAX_YAW_RAD)
        target_xy = rng.uniform(*self.layout.target_area_w)
        target_xy[1] = max(target_xy[1], _nearest_allowed_y(block_xy, float(target_xy[0])))
        self.block.place((*block_xy, BLOCK_HALF_SIZE_M), yaw_rad)
        self.target.place((*target_xy, 0.0005))
        self._target_xy = self.target.position_w[:2]

    def get_state(self) -> Array:
        """Pose of the block, then x and y of the target."""
        return np.concatenate((self.world.data.qpos[self._indices], self._target_xy))

    def is_goal_reached(self) -> bool:
        """The cheap questions first: most steps end at the first."""
        return (
            is_near(self.block.position_w[:2], self._target_xy, TARGET_RADIUS_M)
            and is_at_height(self.block, BLOCK_HALF_SIZE_M)
            and is_settled(self.block)
            and is_released(self.world, self._block_geoms)
        )

    def make_expert(self) -> Policy:
        """Returns the scripted expert."""
        return PickPlaceExpert(self.world, self.block, self.target)


def _nearest_allowed_y(block_xy: Array, target_x: float) -> float:
    """The smallest y of a target at `target_x` that keeps `MIN_DISTANCE_M` from the block."""
    offset_m = target_x - float(block_xy[0])
    return float(block_xy[1]) + float(np.sqrt(max(MIN_DISTANCE_M**2 - offset_m**2, 0.0)))
