"""Cartons of drink, with a gable."""

from __future__ import annotations

import math

from robolearn.sim.catalogue.category import Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

WIDTH_M, BODY_M, RIDGE_M, TOP_M = 0.054, 0.085, 0.103, 0.112
GRASP_M = 0.075  # the ridge goes up into the space between the fingers
WHITE: Rgba = (0.95, 0.95, 0.94, 1.0)
BLUE: Rgba = (0.15, 0.35, 0.75, 1.0)
ORANGE: Rgba = (0.95, 0.50, 0.05, 1.0)
GREEN: Rgba = (0.20, 0.55, 0.20, 1.0)


class Carton(Category):
    """A square carton; its ridge runs along x."""

    size_m = (WIDTH_M, WIDTH_M, TOP_M)

    def __init__(self, name: str, rgba: Rgba, band_rgba: Rgba, emblem_rgba: Rgba) -> None:
        """`band_rgba` is the lower part, `emblem_rgba` a round spot on front and back."""
        self.name, self._rgba = name, rgba
        self._band_rgba, self._emblem_rgba = band_rgba, emblem_rgba
        openings = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
        self.grasps = tuple(
            Grasp((0.0, 0.0, GRASP_M), opening, width_m=WIDTH_M, symmetry_rad=math.pi)
            for opening in openings
        )

    def build(self, parts: Parts) -> None:
        """A box, two slanting boards for the gable, the ridge."""
        half, skin = WIDTH_M / 2, WIDTH_M / 2 + 0.0004
        parts.add_box((-half, -half, 0), (half, half, BODY_M), self._rgba, 0.25)
        parts.add_box((-half, -0.002, BODY_M), (half, 0.002, TOP_M), self._rgba)
        parts.add_box((-skin, -skin, 0.004), (skin, skin, 0.032), self._band_rgba, solid=False)
        rise, run = RIDGE_M - BODY_M, half
        slope_rad, board = math.atan2(rise, run), math.hypot(rise, run) / 2
        for side in (-1, 1):
            y, z = side * run / 2, (BODY_M + RIDGE_M) / 2 - 0.0015
            turn = (math.cos(slope_rad / 2), -side * math.sin(slope_rad / 2), 0.0, 0.0)
            low, high = (-half, y - board, z - 0.0015), (half, y + board, z + 0.0015)
            parts.add_box(low, high, self._band_rgba, solid=False, quat=turn)
            # The ends of the gable: upright boards that narrow towards the ridge.
            for index in range(6):
                bottom = BODY_M + index * rise / 6
                width = half * (1 - (index + 1) / 6.5)
                x0, x1 = sorted((side * half * 0.94, side * half * 0.97))
                parts.add_box(
                    (x0, -width, bottom), (x1, width, bottom + rise / 6), self._rgba, solid=False
                )
            end, start = (0.0, side * (half + 0.0006), 0.058), (0.0, side * (half - 0.001), 0.058)
            parts.add_cylinder(start, end, 0.013, self._emblem_rgba, solid=False)


CATEGORIES = (
    Carton("milk", WHITE, BLUE, BLUE),
    Carton("orange_juice", ORANGE, GREEN, (0.99, 0.85, 0.30, 1.0)),
)
