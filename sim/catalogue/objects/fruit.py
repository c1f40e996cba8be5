"""Fruit. What is round has a small flat foot: to roll off would be no fault of a hand."""

from __future__ import annotations

import math

from robolearn.sim.catalogue.category import ANY_ANGLE_RAD, Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

RED: Rgba = (0.80, 0.10, 0.08, 1.0)
BROWN: Rgba = (0.35, 0.22, 0.10, 1.0)
GREEN: Rgba = (0.25, 0.60, 0.18, 1.0)
LEMON: Rgba = (0.98, 0.88, 0.15, 1.0)
BANANA: Rgba = (0.97, 0.80, 0.18, 1.0)

FOOT_M = 0.001  # how far a round thing is above the table


class Apple(Category):
    """A red apple with its stalk and a leaf."""

    name = "apple"
    RADIUS_M, HALF_HEIGHT_M = 0.032, 0.028
    size_m = (2 * RADIUS_M, 2 * RADIUS_M, 0.066)
    grasps = (
        Grasp((0, 0, 0.031), (1.0, 0.0, 0.0), width_m=2 * RADIUS_M, symmetry_rad=ANY_ANGLE_RAD),
    )

    def build(self, parts: Parts) -> None:
        """A somewhat flat ball."""
        middle = FOOT_M + self.HALF_HEIGHT_M
        half = (self.RADIUS_M, self.RADIUS_M, self.HALF_HEIGHT_M)
        parts.add_ellipsoid((0, 0, middle), half, RED, 0.12)
        parts.add_box((-0.012, -0.012, 0), (0.012, 0.012, 0.006), RED, 0.02)
        parts.add_capsule((0, 0, 0.054), (0.003, 0, 0.064), 0.002, BROWN, solid=False)
        parts.add_ellipsoid((0.012, 0, 0.0615), (0.011, 0.006, 0.0015), GREEN, solid=False)


class Lemon(Category):
    """A lemon that lies along x."""

    name = "lemon"
    HALF_LENGTH_M, RADIUS_M = 0.032, 0.024
    size_m = (0.08, 2 * RADIUS_M, 2 * RADIUS_M + FOOT_M)
    grasps = (Grasp((0, 0, RADIUS_M), (0.0, 1.0, 0.0), width_m=2 * RADIUS_M, symmetry_rad=math.pi),)

    def build(self, parts: Parts) -> None:
        """An ellipsoid with a tip at both ends."""
        middle = (0, 0, FOOT_M + self.RADIUS_M)
        half = (self.HALF_LENGTH_M + 0.002, self.RADIUS_M, self.RADIUS_M)
        parts.add_ellipsoid(middle, half, LEMON, 0.08)
        parts.add_box((-0.014, -0.009, 0), (0.014, 0.009, 0.006), LEMON, 0.02)
        start, end = ((side * self.HALF_LENGTH_M, 0, middle[2]) for side in (-1, 1))
        parts.add_capsule(start, end, 0.008, LEMON, solid=False)


class Banana(Category):
    """A banana that lies in a bow, its ends towards -y."""

    name = "banana"
    BOW_M, HALF_ANGLE_RAD, RADIUS_M = 0.075, 0.85, 0.014
    MIDDLE_Y_M = BOW_M * (1 - math.cos(HALF_ANGLE_RAD)) / 2
    size_m = (
        2 * (BOW_M * math.sin(HALF_ANGLE_RAD) + 0.009),
        2 * (MIDDLE_Y_M + RADIUS_M),
        2 * RADIUS_M,
    )
    grasps = (Grasp((0, MIDDLE_Y_M, RADIUS_M), (0.0, 1.0, 0.0), width_m=2 * RADIUS_M),)

    def build(self, parts: Parts) -> None:
        """Rods along the bow, thinner and darker at the ends."""
        angles = [self.HALF_ANGLE_RAD * share for share in (-1, -0.85, -0.3, 0.3, 0.85, 1)]
        points = [
            (
                self.BOW_M * math.sin(angle),
                self.BOW_M * math.cos(angle) - self.BOW_M + self.MIDDLE_Y_M,
                self.RADIUS_M,
            )
            for angle in angles
        ]
        parts.add_bent_rod(points[1:-1], self.RADIUS_M, BANANA, 0.12)
        parts.add_bent_rod(points[:2], 0.006, BROWN, solid=False)
        parts.add_bent_rod(points[-2:], 0.008, BROWN, solid=False)


CATEGORIES = (Apple(), Lemon(), Banana())
