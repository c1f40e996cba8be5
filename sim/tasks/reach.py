"""`reach`: bring the tool to a point in the air and keep it there."""

from __future__ import annotations

from typing import ClassVar

import mujoco
import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.reach import ReachExpert
from robolearn.sim.predicates import is_near, is_still
from robolearn.sim.scene import add_ball_marker
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.sim.world import World
from robolearn.specs import Array

TARGET_VOLUME_W = ((0.13, -0.12, 0.03), (0.24, 0.12, 0.11))
TARGET_RADIUS_M = 0.012
TARGET_RGBA = (0.1, 0.65, 0.25, 1.0)
TOLERANCE_M = 0.015


class Reach(SimTask):
    """The tool point is within 1.5 cm of the ball's centre, and the arm is still."""

    state_channels: ClassVar = (
        *((f"tool_{axis}", "m") for axis in ("x", "y", "z")),
        *((f"target_{axis}", "m") for axis in ("x", "y", "z")),
    )

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the ball."""
        add_ball_marker(spec, "target", TARGET_RADIUS_M, TARGET_RGBA)

    def find_parts(self, world: World) -> None:
        """Takes the ball, the tool and the joints."""
        self.target = world.marker("target")
        self._tool_w = world.site_position_w("tool")
        self._joint_vel = world.data.qvel

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws the ball's place."""
        self.target.place(rng.uniform(*TARGET_VOLUME_W))
        self._target_w = self.target.position_w

    def get_state(self) -> Array:
        """Positions of tool and ball."""
        return np.concatenate((self._tool_w, self._target_w))

    def is_goal_reached(self) -> bool:
        """Near and still: sweeping through the ball is not reaching it."""
        return is_near(self._tool_w, self._target_w, TOLERANCE_M) and is_still(self._joint_vel)

    def make_expert(self) -> Policy:
        """Returns the scripted expert."""
        return ReachExpert(self.world, self.target)
