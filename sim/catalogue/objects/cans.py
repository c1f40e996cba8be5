"""Cans of food."""

from __future__ import annotations

import math

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.category import ANY_ANGLE_RAD, Category, Grasp
from robolearn.sim.catalogue.objects.label import add_spots
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

METAL: Rgba = (0.75, 0.76, 0.78, 1.0)
CREAM: Rgba = (0.96, 0.92, 0.80, 1.0)
RED: Rgba = (0.80, 0.10, 0.10, 1.0)
GREEN: Rgba = (0.15, 0.50, 0.20, 1.0)
YELLOW: Rgba = (0.98, 0.80, 0.15, 1.0)
BLUE: Rgba = (0.15, 0.35, 0.75, 1.0)

Band = tuple[float, float, Rgba]


class Can(Category):
    """A can with a label of coloured bands, and round spots on it."""

    yaw_range_rad = (0.0, 2 * math.pi)

    def __init__(
        self,
        name: str,
        bands: tuple[Band, ...],
        spots: tuple[Rgba, ...],
        spot_radius_m: float,
        spots_at: float,
        radius_m: float = 0.033,
        height_m: float = 0.085,
    ) -> None:
        """Describes the can.

        Args:
            name: of the category.
            bands: lower and upper end, in shares of the height, and colour.
            spots: colours of those around the label, one after another.
            spot_radius_m: of each.
            spots_at: height of their middles, in shares of the height.
            radius_m: of the can.
            height_m: of the can.
        """
        self.name, self._bands, self._spots = name, bands, spots
        self._spot_radius_m, self._spots_at = spot_radius_m, spots_at
        self._radius_m, self._height_m = radius_m, height_m
        self.size_m: Vector3 = (2 * radius_m, 2 * radius_m, height_m)
        middle = (0.0, 0.0, 0.6 * height_m)
        self.grasps = (
            Grasp(middle, (1.0, 0.0, 0.0), width_m=2 * radius_m, symmetry_rad=ANY_ANGLE_RAD),
        )

    def build(self, parts: Parts) -> None:
        """A metal can with its label."""
        top, radius = self._height_m, self._radius_m
        parts.add_cylinder((0, 0, 0), (0, 0, top), radius, METAL, 0.15)
        for low, high, rgba in self._bands:
            end = (0, 0, high * top)
            parts.add_cylinder((0, 0, low * top), end, radius + 0.0004, rgba, solid=False)
        add_spots(parts, self._spots, self._spot_radius_m, radius, self._spots_at * top)


CATEGORIES = (
    Can(
        "alphabet_soup",
        ((0.06, 0.60, CREAM), (0.60, 0.94, RED)),
        (BLUE, YELLOW, RED, GREEN) * 3,
        0.0045,
        0.33,
    ),
    Can(
        "tomato_sauce",
        ((0.06, 0.25, GREEN), (0.25, 0.75, YELLOW), (0.75, 0.94, GREEN)),
        (RED,) * 4,
        0.013,
        0.5,
    ),
)
