"""`open_drawer` and `close_drawer`."""

from __future__ import annotations

import math
from typing import ClassVar

import mujoco
import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.drawer import CloseDrawerExpert, OpenDrawerExpert
from robolearn.sim.fixtures.drawer import TRAVEL_M, Drawer, add_drawer, drawer_channels
from robolearn.sim.predicates import is_released
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.sim.world import World
from robolearn.specs import Array

# Left of the arm, opening past it towards the front camera: handle and inside stay 0.15 to 0.24 m
# from the base, where the hand can point straight down, and the camera sees the drawer's front.
CABINET_AREA_W = ((0.115, 0.115), (0.155, 0.155))
YAW_RAD = -math.pi / 4
MAX_YAW_CHANGE_RAD = math.radians(15)
MIN_OPENING_M = 0.040  # for `close_drawer`: half open at least


class DrawerTask(SimTask):
    """What the tasks with nothing but a drawer have in common."""

    state_channels: ClassVar = drawer_channels("drawer")

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the drawer."""
        add_drawer(spec, "drawer")

    def find_parts(self, world: World) -> None:
        """Takes the drawer."""
        self.drawer = Drawer(world, "drawer")

    def get_state(self) -> Array:
        """Pose of the cabinet, opening, place of the handle."""
        return np.array(self.drawer.get_state())

    def _is_left_alone(self) -> bool:
        return self.drawer.is_still and is_released(self.world, self.drawer.geoms)


class OpenDrawer(DrawerTask):
    """The drawer is open by three quarters or more, at rest and let go of."""

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws the cabinet's pose."""
        place_drawer(self.drawer, rng, opening_m=0.0)

    def is_goal_reached(self) -> bool:
        """Open, still, untouched."""
        return self.drawer.is_open and self._is_left_alone()

    def make_expert(self) -> Policy:
        """Returns the scripted expert."""
        return OpenDrawerExpert(self.world, self.drawer)


class CloseDrawer(DrawerTask):
    """The drawer is closed to within 4 mm, at rest and let go of."""

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws the cabinet's pose and how far the drawer is open."""
        place_drawer(self.drawer, rng, opening_m=rng.uniform(MIN_OPENING_M, TRAVEL_M))

    def is_goal_reached(self) -> bool:
        """Closed, still, untouched."""
        return self.drawer.is_closed and self._is_left_alone()

    def make_expert(self) -> Policy:
        """Returns the scripted expert."""
        return CloseDrawerExpert(self.world, self.drawer)


def place_drawer(drawer: Drawer, rng: np.random.Generator, opening_m: float) -> None:
    """Draws where the cabinet stands and which way it faces."""
    x_w, y_w = rng.uniform(*CABINET_AREA_W).tolist()
    yaw_rad = YAW_RAD + rng.uniform(-MAX_YAW_CHANGE_RAD, MAX_YAW_CHANGE_RAD)
    drawer.place(x_w, y_w, yaw_rad, opening_m)
