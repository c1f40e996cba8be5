"""Cans of food."""

from __future__ import annotations

import math

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.category import ANY_ANGLE_RAD, Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

METAL: Rgba = (0.75, 0.76, 0.78, 1.0)
CREAM: Rgba = (0.96, 0.92, 0.80, 1.0)


class Can(Category):
    """A can with a label."""

    yaw_range_rad = (0.0, 2 * math.pi)

    def __init__(self, name: str, label_rgba: Rgba, radius_m: float, height_m: float) -> None:
        self.name, self._label_rgba = name, label_rgba
        self._radius_m, self._height_m = radius_m, height_m
        self.size_m: Vector3 = (2 * radius_m, 2 * radius_m, height_m)
        middle = (0.0, 0.0, 0.6 * height_m)
        self.grasps = (
            Grasp(middle, (1.0, 0.0, 0.0), width_m=2 * radius_m, symmetry_rad=ANY_ANGLE_RAD),
        )

    def build(self, parts: Parts) -> None:
        """A metal can, a coloured label around it, a light band on the label."""
        top, radius = self._height_m, self._radius_m
        parts.add_cylinder((0, 0, 0), (0, 0, top), radius, METAL, 0.15)
        for low, high, rgba in ((0.08, 0.92, self._label_rgba), (0.42, 0.62, CREAM)):
            wide = radius + (0.0006 if rgba == self._label_rgba else 0.0009)
            parts.add_cylinder((0, 0, low * top), (0, 0, high * top), wide, rgba, solid=False)


CATEGORIES = (
    Can("alphabet_soup", (0.80, 0.10, 0.10, 1.0), 0.033, 0.085),
    Can("tomato_sauce", (0.90, 0.30, 0.08, 1.0), 0.033, 0.085),
)
