"""Coloured blocks."""

from __future__ import annotations

import math

from robolearn.sim.catalogue.category import Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

EDGE_M = 0.04


class Block(Category):
    """A cube."""

    size_m = (EDGE_M, EDGE_M, EDGE_M)
    grasps = (Grasp((0, 0, EDGE_M / 2), (1.0, 0.0, 0.0), width_m=EDGE_M, symmetry_rad=math.pi / 2),)

    def __init__(self, name: str, rgba: Rgba) -> None:
        self.name, self._rgba = name, rgba

    def build(self, parts: Parts) -> None:
        """A cube of light wood."""
        half = EDGE_M / 2
        parts.add_box((-half, -half, 0), (half, half, EDGE_M), self._rgba, 0.05)


CATEGORIES = (
    Block("red_block", (0.85, 0.15, 0.12, 1.0)),
    Block("green_block", (0.15, 0.62, 0.22, 1.0)),
    Block("blue_block", (0.15, 0.35, 0.85, 1.0)),
    Block("yellow_block", (0.95, 0.80, 0.12, 1.0)),
)
