"""Mugs with a handle, and a cup without."""

from __future__ import annotations

import math

from robolearn.sim.catalogue.objects.dish import Dish, compute_outer_radius
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

WHITE: Rgba = (0.94, 0.94, 0.92, 1.0)
RED: Rgba = (0.80, 0.10, 0.10, 1.0)
YELLOW: Rgba = (0.95, 0.78, 0.15, 1.0)
BLUE: Rgba = (0.20, 0.45, 0.80, 1.0)
COFFEE: Rgba = (0.25, 0.14, 0.08, 1.0)

HEIGHT_M, RADIUS_M, WALL_M = 0.085, 0.036, 0.005
HANDLE_M, HANDLE_RADIUS_M = 0.062, 0.005


class Mug(Dish):
    """A mug; its handle is on the side of +x."""

    def __init__(
        self, name: str, rgba: Rgba, band: tuple[float, float, Rgba] | None = None
    ) -> None:
        """`band` goes around the outside: from which height to which, and its colour."""
        profile = ((0.002, RADIUS_M), (HEIGHT_M, RADIUS_M))
        super().__init__(name, rgba, profile, floor_m=0.010, mass_kg=0.2)
        self._band = band
        outer_m = compute_outer_radius(RADIUS_M, WALL_M)
        reach_m = HANDLE_M + HANDLE_RADIUS_M
        self.size_m = (2 * reach_m, 2 * outer_m, HEIGHT_M)  # the box is about the mug's own axis
        # Sides of the wall away from the handle; opposite to it the hand is freest.
        angles_rad = (math.pi, math.pi / 2, -math.pi / 2, 5 * math.pi / 6, -5 * math.pi / 6)
        self.grasps = tuple(self.make_rim_grasp(angle, 2 * math.pi) for angle in angles_rad)

    def build(self, parts: Parts) -> None:
        """A cylinder with a handle of three rods."""
        super().build(parts)
        low, high = 0.018, 0.068
        points = ((RADIUS_M, low - 0.004), (HANDLE_M, low + 0.008), (HANDLE_M, high - 0.006))
        handle = [(x, 0.0, z) for x, z in (*points, (RADIUS_M, high + 0.004))]
        parts.add_bent_rod(handle, HANDLE_RADIUS_M, self._rgba, 0.01)
        if self._band is not None:
            start, end, rgba = self._band
            skin_m = RADIUS_M + WALL_M / 2
            parts.add_ring(start, end, skin_m, skin_m, 0.001, rgba, solid=False, num_sides=12)


class Cup(Dish):
    """A drinking cup, wider at the top."""

    def __init__(self, name: str, rgba: Rgba) -> None:
        profile = ((0.002, 0.029), (0.08, 0.036))
        super().__init__(name, rgba, profile, floor_m=0.008, mass_kg=0.12)


CATEGORIES = (
    Mug("red_coffee_mug", RED),
    Mug("porcelain_mug", WHITE, (0.066, 0.072, BLUE)),
    Mug("white_yellow_mug", WHITE, (0.002, 0.042, YELLOW)),
    Cup("cup", BLUE),
)
