"""Boxes of food: lying, or standing on their narrow side."""

from __future__ import annotations

import math

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.category import Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

DEEPEST_GRASP_M = 0.03  # below the top: the hand must not touch it
SKIN_M = 0.0002  # how far each print stands out over the one below

Patch = tuple[tuple[float, float], tuple[float, float], Rgba]


class Box(Category):
    """A box with patches and discs of colour on the side one looks at; y is its narrower side.

    What is printed is given in shares of the printed side, from -1 to 1: of the top for a box that
    lies, of the front for one that stands.
    """

    def __init__(
        self,
        name: str,
        size_m: Vector3,
        rgba: Rgba,
        *,
        mass_kg: float,
        patches: tuple[Patch, ...] = (),
        discs: tuple[tuple[float, float, float, Rgba], ...] = (),
    ) -> None:
        """Describes the box.

        Args:
            name: of the category.
            size_m: length, width and height.
            rgba: colour.
            mass_kg: of the whole.
            patches: lower left and upper right corner of each patch, and its colour.
            discs: middle (two shares), radius [m] and colour of each disc.
        """
        self.name, self.size_m, self._rgba, self._mass_kg = name, size_m, rgba, mass_kg
        self._patches, self._discs = patches, discs
        _, width_m, height_m = size_m
        grasp_m = max(height_m / 2, height_m - DEEPEST_GRASP_M)
        self.grasps = (
            Grasp((0, 0, grasp_m), (0.0, 1.0, 0.0), width_m=width_m, symmetry_rad=math.pi),
        )

    def build(self, parts: Parts) -> None:
        """The box and what is printed on it."""
        length, width, height = self.size_m
        low, high = (-length / 2, -width / 2, 0.0), (length / 2, width / 2, height)
        parts.add_box(low, high, self._rgba, self._mass_kg)
        # Prints lie over one another in the order in which they are given.
        num_prints = len(self._patches) + len(self._discs)
        depths_m = [SKIN_M * (index + 1) / num_prints for index in range(num_prints)]
        for depth, (low_share, high_share, rgba) in zip(depths_m, self._patches, strict=False):
            low, high = self._to_side(*low_share, -0.001), self._to_side(*high_share, depth)
            ordered = [sorted(pair) for pair in zip(low, high, strict=True)]
            (x0, x1), (y0, y1), (z0, z1) = ordered
            parts.add_box((x0, y0, z0), (x1, y1, z1), rgba, solid=False)
        for depth, (along, up, radius, rgba) in zip(
            depths_m[-len(self._discs) :], self._discs, strict=False
        ):
            start, end = self._to_side(along, up, 0.0), self._to_side(along, up, depth)
            parts.add_cylinder(start, end, radius, rgba, solid=False)

    def _to_side(self, along: float, up: float, out_m: float) -> Vector3:
        """Turns shares of the printed side, and metres out of it, into a point of the box."""
        length, width, height = self.size_m
        if height > width:
            return along * length / 2, -width / 2 - out_m, (up + 1) * height / 2
        return along * length / 2, up * width / 2, height + out_m


YELLOW: Rgba = (0.97, 0.85, 0.40, 1.0)
WHITE: Rgba = (0.95, 0.95, 0.95, 1.0)
LIGHT_BLUE: Rgba = (0.55, 0.75, 0.92, 1.0)
BLUE: Rgba = (0.12, 0.25, 0.60, 1.0)
BROWN: Rgba = (0.32, 0.18, 0.10, 1.0)
CREAM: Rgba = (0.95, 0.88, 0.72, 1.0)
RED: Rgba = (0.80, 0.12, 0.12, 1.0)
BISCUIT: Rgba = (0.80, 0.56, 0.28, 1.0)
ORANGE: Rgba = (0.95, 0.55, 0.10, 1.0)
GREEN: Rgba = (0.15, 0.50, 0.25, 1.0)

CATEGORIES = (
    Box(
        "butter",
        (0.080, 0.040, 0.028),
        YELLOW,
        mass_kg=0.12,
        patches=(((-1, -1), (-0.55, 1), WHITE), ((-0.3, -0.35), (0.75, 0.35), BLUE)),
    ),
    Box(
        "cream_cheese",
        (0.072, 0.038, 0.026),
        LIGHT_BLUE,
        mass_kg=0.1,
        patches=(((-0.7, -0.6), (0.7, 0.6), WHITE), ((-0.5, -0.2), (0.5, 0.2), BLUE)),
    ),
    Box(
        "chocolate_pudding",
        (0.080, 0.050, 0.030),
        BROWN,
        mass_kg=0.1,
        patches=(((-0.9, 0.3), (0.9, 0.8), CREAM), ((-0.9, -0.85), (0.9, -0.6), RED)),
        discs=((0.0, -0.15, 0.011, CREAM), (0.0, -0.15, 0.008, (0.45, 0.26, 0.14, 1.0))),
    ),
    Box(
        "cookies",
        (0.083, 0.060, 0.026),
        RED,
        mass_kg=0.1,
        patches=(((-0.95, 0.45), (0.95, 0.9), CREAM),),
        discs=tuple(
            disc
            for along in (-0.6, 0.0, 0.6)
            for disc in (
                (along, -0.3, 0.011, BISCUIT),
                (along - 0.08, -0.18, 0.002, BROWN),
                (along + 0.1, -0.32, 0.002, BROWN),
                (along - 0.04, -0.48, 0.002, BROWN),
            )
        ),
    ),
    Box(
        "popcorn",
        (0.070, 0.045, 0.024),
        RED,
        mass_kg=0.08,
        patches=tuple(((at, -1), (at + 0.25, 1), WHITE) for at in (-0.85, -0.35, 0.15, 0.65)),
        discs=((0.0, 0.0, 0.014, YELLOW),),
    ),
    Box(
        "macaroni_and_cheese",
        (0.075, 0.032, 0.110),
        BLUE,
        mass_kg=0.18,
        patches=(((-0.8, 0.35), (0.8, 0.75), WHITE), ((-0.6, -0.75), (0.6, 0.0), ORANGE)),
    ),
)
