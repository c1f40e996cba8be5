"""Toys: a ball, a car, a duck."""

from __future__ import annotations

import math

from robolearn.sim.catalogue.category import ANY_ANGLE_RAD, Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

BLUE: Rgba = (0.15, 0.40, 0.85, 1.0)
WHITE: Rgba = (0.95, 0.95, 0.95, 1.0)
RED: Rgba = (0.85, 0.12, 0.10, 1.0)
GLASS: Rgba = (0.65, 0.80, 0.92, 1.0)
BLACK: Rgba = (0.08, 0.08, 0.08, 1.0)
YELLOW: Rgba = (0.98, 0.82, 0.12, 1.0)
ORANGE: Rgba = (0.95, 0.45, 0.08, 1.0)

FOOT_M = 0.001  # how far a round thing is above the table: it stands on a flat foot, and stays


class Ball(Category):
    """A juggling ball, blue with white stripes: filled with grain, it does not roll off."""

    name = "ball"
    RADIUS_M = 0.025
    size_m = (2 * RADIUS_M, 2 * RADIUS_M, 2 * RADIUS_M + FOOT_M)
    grasps = (
        Grasp((0, 0, RADIUS_M), (1.0, 0.0, 0.0), width_m=2 * RADIUS_M, symmetry_rad=ANY_ANGLE_RAD),
    )

    def build(self, parts: Parts) -> None:
        """A ball, flat where it lies, with two stripes around it."""
        middle = FOOT_M + self.RADIUS_M
        parts.add_ellipsoid((0, 0, middle), (self.RADIUS_M,) * 3, BLUE, 0.10)
        parts.add_box((-0.0065, -0.0065, 0), (0.0065, 0.0065, 0.006), BLUE, 0.02)
        # Flat white balls, hardly wider: of each a stripe is seen, around the middle of the ball.
        wide = self.RADIUS_M + 0.0004
        for half in ((wide, wide, 0.020), (0.020, wide, wide)):
            parts.add_ellipsoid((0, 0, middle), half, WHITE, solid=False)


class Car(Category):
    """A red car; it drives towards -x, and its wheels do not turn."""

    name = "toy_car"
    size_m = (0.086, 0.046, 0.046)
    grasps = (Grasp((0, 0, 0.024), (0.0, 1.0, 0.0), width_m=0.046, symmetry_rad=math.pi),)

    def build(self, parts: Parts) -> None:
        """A body, a cabin with windows, four wheels, lamps."""
        parts.add_box((-0.043, -0.023, 0.008), (0.043, 0.023, 0.028), RED, 0.08)
        parts.add_box((-0.018, -0.020, 0.028), (0.030, 0.020, 0.046), RED, 0.01)
        for low, high in (
            ((-0.0185, -0.017, 0.030), (0.0305, 0.017, 0.042)),
            ((-0.014, -0.0205, 0.030), (0.004, 0.0205, 0.042)),
            ((0.008, -0.0205, 0.030), (0.026, 0.0205, 0.042)),
        ):
            parts.add_box(low, high, GLASS, solid=False)
        # What touches the table are two axles like boards, which do not rock.
        for x in (-0.025, 0.025):
            parts.add_box((x - 0.004, -0.021, 0), (x + 0.004, 0.021, 0.008), BLACK, 0.01)
            for side in (-1, 1):
                start, end = (x, side * 0.016, 0.0105), (x, side * 0.0235, 0.0105)
                parts.add_cylinder(start, end, 0.0105, BLACK, solid=False)
                hub = (x, side * 0.024, 0.0105)
                parts.add_cylinder(start, hub, 0.005, WHITE, solid=False)
        for y in (-0.015, 0.015):
            parts.add_ellipsoid((-0.0425, y, 0.020), (0.002, 0.004, 0.004), YELLOW, solid=False)


class Duck(Category):
    """A bathing duck that looks towards -y."""

    name = "rubber_duck"
    size_m = (0.050, 0.076, 0.063)
    grasps = (Grasp((0, 0.006, 0.027), (1.0, 0.0, 0.0), width_m=0.050),)

    def build(self, parts: Parts) -> None:
        """Two balls, a beak, a tail, wings and eyes."""
        parts.add_ellipsoid((0, 0.004, 0.023), (0.025, 0.032, 0.022), YELLOW, 0.05)
        parts.add_box((-0.013, -0.014, 0), (0.013, 0.020, 0.006), ORANGE, 0.03)
        parts.add_ellipsoid((0, -0.016, 0.048), (0.015, 0.015, 0.015), YELLOW, 0.005)
        parts.add_ellipsoid((0, -0.031, 0.046), (0.008, 0.007, 0.003), ORANGE, solid=False)
        parts.add_capsule((0, 0.028, 0.030), (0, 0.034, 0.038), 0.004, YELLOW, solid=False)
        for side in (-1, 1):
            eye = (side * 0.008, -0.0275, 0.053)
            parts.add_ellipsoid(eye, (0.0025, 0.0025, 0.003), BLACK, solid=False)


CATEGORIES = (Ball(), Car(), Duck())
