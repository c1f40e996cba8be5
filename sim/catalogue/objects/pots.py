"""A frying pan and a moka pot."""

from __future__ import annotations

import math

from robolearn.sim.catalogue.category import Category, Grasp
from robolearn.sim.catalogue.objects.dish import Dish, compute_outer_radius
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

DARK: Rgba = (0.16, 0.16, 0.18, 1.0)
BLACK: Rgba = (0.07, 0.07, 0.08, 1.0)
STEEL: Rgba = (0.72, 0.73, 0.76, 1.0)
SHADE: Rgba = (0.55, 0.56, 0.60, 1.0)
WOOD: Rgba = (0.45, 0.25, 0.12, 1.0)


class FryingPan(Dish):
    """A pan; its handle goes out along +x, high enough for fingers to get around it."""

    HANDLE_LOW_M, HANDLE_HIGH_M = 0.034, 0.046
    HANDLE_START_M, HANDLE_END_M, HANDLE_HALF_WIDTH_M = 0.075, 0.185, 0.010
    GRASP_X_M = 0.105  # near the pan, so that it hardly droops

    def __init__(self, name: str) -> None:
        profile = ((0.003, 0.067), (0.036, 0.077))
        super().__init__(name, DARK, profile, floor_m=0.006, mass_kg=0.15)
        outer_m = compute_outer_radius(profile[-1][1], self._wall_m)
        self.size_m = (2 * self.HANDLE_END_M, 2 * outer_m, self.HANDLE_HIGH_M)
        middle_m = (self.HANDLE_LOW_M + self.HANDLE_HIGH_M) / 2
        self.grasps = (
            Grasp(
                (self.GRASP_X_M, 0.0, middle_m),
                (0.0, 1.0, 0.0),
                width_m=2 * self.HANDLE_HALF_WIDTH_M,
            ),
        )

    def build(self, parts: Parts) -> None:
        """A dark dish with a wooden handle, of which the far end balances the pan."""
        super().build(parts)
        half = self.HANDLE_HALF_WIDTH_M
        low = (self.HANDLE_START_M, -half, self.HANDLE_LOW_M)
        high = (self.HANDLE_END_M, half, self.HANDLE_HIGH_M)
        parts.add_box(low, high, WOOD, 0.05)
        steel_high = (self.HANDLE_START_M + 0.015, half + 0.001, self.HANDLE_HIGH_M + 0.001)
        parts.add_box((self.HANDLE_START_M, -half - 0.001, 0.03), steel_high, STEEL, solid=False)
        disc = (0, 0, self.top_m + 0.0004)
        parts.add_cylinder((0, 0, self.top_m), disc, 0.062, BLACK, solid=False)


class MokaPot(Category):
    """A steel pot with a waist; its handle is on the side of +y, its spout on that of -y."""

    size_m = (0.068, 0.136, 0.132)
    LID_M, RADIUS_M, UPPER_RADIUS_M = 0.112, 0.034, 0.027

    def __init__(self, name: str) -> None:
        self.name = name
        self.grasps = (
            Grasp(
                (0.0, 0.0, 0.096),
                (1.0, 0.0, 0.0),
                width_m=2 * self.UPPER_RADIUS_M,
                symmetry_rad=math.pi,
            ),
        )

    def build(self, parts: Parts) -> None:
        """Boiler, waist, can, lid with a knob, handle and spout."""
        lid, upper = self.LID_M, self.UPPER_RADIUS_M
        parts.add_cylinder((0, 0, 0), (0, 0, 0.046), 0.028, STEEL, 0.25)
        parts.add_cylinder((0, 0, 0.046), (0, 0, lid), upper - 0.0005, STEEL, 0.08)
        # Eight facets, with sides narrower than the cylinders that touch things are wide.
        for low, high, start, end, rgba in (
            (0.0, 0.048, self.RADIUS_M, upper - 0.003, STEEL),
            (0.048, 0.054, upper, upper, SHADE),
            (0.054, lid, upper - 0.002, upper, STEEL),
            (lid - 0.003, lid, upper, upper, SHADE),
        ):
            middle = (start - 0.001, end - 0.001)
            parts.add_ring(low, high, *middle, 0.002, rgba, num_sides=8, solid=False)
        parts.add_cone(lid, 0.118, upper, 0.012, STEEL, num_steps=6)
        parts.add_cylinder((0, 0, 0.116), (0, 0, 0.132), 0.007, BLACK, 0.005)
        handle = ((0, 0.022, 0.106), (0, 0.058, 0.110), (0, 0.062, 0.060))
        parts.add_bent_rod(handle, 0.006, BLACK, 0.01)
        parts.add_bent_rod(((0, -0.02, 0.090), (0, -0.034, 0.108)), 0.006, STEEL, solid=False)


CATEGORIES = (FryingPan("chefmate_8_frypan"), MokaPot("moka_pot"))
