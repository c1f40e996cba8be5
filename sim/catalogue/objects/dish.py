"""`Dish`: what is round and open at the top, with a flat floor: bowls, plates, mugs."""

from __future__ import annotations

import itertools
import math

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.category import ANY_ANGLE_RAD, Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

# Pads of 2 cm whose middle is so far below the rim reach 16 mm into the dish, and hold well.
RIM_GRASP_M = 0.006
NUM_SIDES = 12

Profile = tuple[tuple[float, float], ...]


class Dish(Category):
    """A round wall around a base; held by its rim.

    The wall is upright where the fingers take it: one that leans would turn between the pads until
    it lies flat on them, and the dish would hang askew.
    """

    def __init__(
        self,
        name: str,
        rgba: Rgba,
        profile: Profile,
        *,
        floor_m: float,
        mass_kg: float,
        wall_m: float = 0.005,
    ) -> None:
        """Describes the dish.

        Args:
            name: of the category.
            rgba: colour.
            profile: height and radius of the middle of the wall, from below upwards [m].
            floor_m: height of the inner floor.
            mass_kg: of the whole; most of it is in the base, so that it stands well.
            wall_m: thickness of the wall.
        """
        self.name, self._rgba, self._profile = name, rgba, profile
        self._mass_kg, self._wall_m = mass_kg, wall_m
        self.support_height_m = floor_m
        height_m, rim_m = profile[-1]
        across_m = 2 * compute_outer_radius(rim_m, wall_m)
        self.size_m: Vector3 = (across_m, across_m, height_m)
        self.grasps = (self.make_rim_grasp(0.0, ANY_ANGLE_RAD),)

    def make_rim_grasp(self, angle_rad: float, symmetry_rad: float) -> Grasp:
        """Returns the grasp of the rim in the direction of that angle about z."""
        (low_m, radius_low_m), (high_m, radius_high_m) = self._profile[-2:]
        height_m = high_m - RIM_GRASP_M
        share = (height_m - low_m) / (high_m - low_m)
        radius_m = radius_low_m + share * (radius_high_m - radius_low_m)
        cos, sin = math.cos(angle_rad), math.sin(angle_rad)
        return Grasp(
            (cos * radius_m, sin * radius_m, height_m),
            (cos, sin, 0.0),
            width_m=self._wall_m,
            symmetry_rad=symmetry_rad,
            tip_floor_m=self.top_m,
        )

    def build(self, parts: Parts) -> None:
        """A round base, which stands on a square one inside it; the wall around."""
        floor_m, (wall_low_m, base_m) = self.top_m, self._profile[0]
        base_m += self._wall_m / 2
        # Boxes lie on boxes without rocking: MuJoCo finds all their corners at once.
        half = (base_m - 0.001) / math.sqrt(2)
        parts.add_box((-half, -half, 0), (half, half, floor_m), self._rgba, 0.7 * self._mass_kg)
        parts.add_cylinder((0, 0, 0.0002), (0, 0, wall_low_m), base_m, self._rgba, solid=False)
        floor_radius_m = self._find_radius(floor_m)
        floor_end = (0, 0, floor_m + 0.0001)
        parts.add_cylinder(
            (0, 0, floor_m - 0.002), floor_end, floor_radius_m, self._rgba, solid=False
        )
        each_kg = 0.3 * self._mass_kg / (len(self._profile) - 1)
        for (low, radius_low), (high, radius_high) in itertools.pairwise(self._profile):
            parts.add_ring(
                low,
                high,
                radius_low,
                radius_high,
                self._wall_m,
                self._rgba,
                each_kg,
                num_sides=NUM_SIDES,
            )

    def _find_radius(self, height_m: float) -> float:
        """Returns the radius of the middle of the wall at a height."""
        for (low, radius_low), (high, radius_high) in itertools.pairwise(self._profile):
            if height_m <= high:
                share = max(0.0, (height_m - low) / (high - low))
                return radius_low + share * (radius_high - radius_low)
        return self._profile[-1][1]


def compute_outer_radius(radius_m: float, wall_m: float) -> float:
    """Returns the radius to the corners of a wall whose sides' middle has `radius_m`."""
    return (radius_m + wall_m / 2) / math.cos(math.pi / NUM_SIDES)
