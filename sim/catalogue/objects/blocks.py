"""Coloured blocks."""

from __future__ import annotations

import math

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.category import Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

SIZE_M, MASS_KG = (0.04, 0.04, 0.04), 0.05


class Block(Category):
    """A block on a square base."""

    def __init__(
        self,
        name: str,
        rgba: Rgba,
        size_m: Vector3 = SIZE_M,
        mass_kg: float = MASS_KG,
        *,
        is_graspable: bool = True,
    ) -> None:
        """Takes its shape, and whether hands may take it: one too wide for them is pushed."""
        self.name, self.size_m, self._rgba, self._mass_kg = name, size_m, rgba, mass_kg
        width_m, _, height_m = size_m
        grasp = Grasp((0, 0, height_m / 2), (1, 0, 0), width_m=width_m, symmetry_rad=math.pi / 2)
        self.grasps = (grasp,) if is_graspable else ()

    def build(self, parts: Parts) -> None:
        """A block of light wood."""
        length, width, height = self.size_m
        low, high = (-length / 2, -width / 2, 0.0), (length / 2, width / 2, height)
        parts.add_box(low, high, self._rgba, self._mass_kg)


CATEGORIES = (
    Block("red_block", (0.85, 0.15, 0.12, 1.0)),
    Block("green_block", (0.15, 0.62, 0.22, 1.0)),
    Block("blue_block", (0.15, 0.35, 0.85, 1.0)),
    Block("yellow_block", (0.95, 0.80, 0.12, 1.0)),
)
