"""What lies about a house: a sponge, a screwdriver."""

from __future__ import annotations

from robolearn.sim.catalogue.category import Category, Grasp
from robolearn.sim.catalogue.objects.boxes import Box
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

YELLOW: Rgba = (0.97, 0.83, 0.25, 1.0)
GREEN: Rgba = (0.15, 0.45, 0.22, 1.0)
PORE: Rgba = (0.80, 0.64, 0.15, 1.0)
RED: Rgba = (0.80, 0.12, 0.10, 1.0)
BLACK: Rgba = (0.10, 0.10, 0.10, 1.0)
STEEL: Rgba = (0.72, 0.73, 0.76, 1.0)


class Sponge(Box):
    """A yellow sponge with a green scouring pad on top."""

    PAD_M = 0.008

    def __init__(self, name: str) -> None:
        super().__init__(name, (0.085, 0.055, 0.034), YELLOW, mass_kg=0.05)

    def build(self, parts: Parts) -> None:
        """A box, the pad, pores on the long sides."""
        super().build(parts)
        x, y, height = self.size_m[0] / 2 + 0.0004, self.size_m[1] / 2 + 0.0004, self.size_m[2]
        low, high = (-x, -y, height - self.PAD_M), (x, y, height + 0.0004)
        parts.add_box(low, high, GREEN, solid=False)
        for index in range(9):
            along, up = (index - 4) * 0.009, 0.007 + 0.005 * (index * 2 % 3)
            for side in (-1, 1):
                pore = (along, side * (y - 0.0004), up)
                parts.add_ellipsoid(pore, (0.002, 0.0006, 0.0015), PORE, solid=False)


class Screwdriver(Category):
    """A screwdriver that lies along x, its tip towards +x."""

    HANDLE_M = (-0.075, 0.010)
    HALF_M, SHAFT_RADIUS_M, TIP_M = 0.012, 0.0035, 0.075
    size_m = (0.150, 2 * HALF_M, 2 * HALF_M)
    grasps = (Grasp((-0.020, 0.0, HALF_M), (0.0, 1.0, 0.0), width_m=2 * HALF_M),)

    def __init__(self, name: str) -> None:
        self.name = name

    def build(self, parts: Parts) -> None:
        """A handle with square edges, which does not roll, and a shaft with a flat tip."""
        (start, end), half, shaft = self.HANDLE_M, self.HALF_M, self.SHAFT_RADIUS_M
        parts.add_box((start, -half, 0), (end, half, 2 * half), RED, 0.07)
        for low, high in ((start - 0.0, start + 0.012), (end - 0.012, end)):
            skin = half + 0.0004
            parts.add_box(
                (low - 0.0003, -skin, 0.0002),
                (high + 0.0003, skin, half + skin),
                BLACK,
                solid=False,
            )
        parts.add_cylinder((end, 0, half), (self.TIP_M - 0.008, 0, half), shaft, STEEL, 0.03)
        tip_low = (self.TIP_M - 0.010, -0.0045, half - 0.0015)
        parts.add_box(tip_low, (self.TIP_M, 0.0045, half + 0.0015), STEEL)


CATEGORIES = (Sponge("sponge"), Screwdriver("screwdriver"))
