"""Books that stand upright."""

from __future__ import annotations

import math

from robolearn.sim.catalogue.category import Category, Grasp
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

LENGTH_M, THICKNESS_M, HEIGHT_M = 0.100, 0.030, 0.130
COVER_M = 0.003
DEEPEST_GRASP_M = 0.03  # below the upper edge: the hand must not touch it
PAPER: Rgba = (0.94, 0.92, 0.85, 1.0)
GOLD: Rgba = (0.85, 0.68, 0.25, 1.0)


class Book(Category):
    """A thick book on its lower edge: its spine on the side of -x, its cover on that of -y."""

    size_m = (LENGTH_M, THICKNESS_M, HEIGHT_M)

    def __init__(self, name: str, rgba: Rgba, title_rgba: Rgba) -> None:
        self.name, self._rgba, self._title_rgba = name, rgba, title_rgba
        self.grasps = (
            Grasp(
                (0.0, 0.0, HEIGHT_M - DEEPEST_GRASP_M),
                (0.0, 1.0, 0.0),
                width_m=THICKNESS_M,
                symmetry_rad=math.pi,
            ),
        )

    def build(self, parts: Parts) -> None:
        """Two covers and a spine around the pages, with a title and a picture."""
        x, y, top = LENGTH_M / 2, THICKNESS_M / 2, HEIGHT_M
        inner = y - COVER_M
        # One box is what touches; the pages are seen between the covers, a little withdrawn.
        parts.add_box(
            (-x + 0.001, -y + 0.0002, 0), (x - 0.004, y - 0.0002, top - 0.004), PAPER, 0.2
        )
        for low, high in (
            ((-x, -y, 0.0), (x, -inner, top)),
            ((-x, inner, 0.0), (x, y, top)),
            ((-x, -y, 0.0), (-x + COVER_M, y, top)),
        ):
            parts.add_box(low, high, self._rgba, solid=False)
        skin = 0.0005
        for (x0, z0), (x1, z1) in (
            ((-0.032, 0.090), (0.036, 0.108)),
            ((-0.020, 0.030), (0.024, 0.068)),
        ):
            parts.add_box((x0, -y - skin, z0), (x1, -y, z1), self._title_rgba, solid=False)
        spine_low, spine_high = (-x - skin, -0.007, 0.050), (-x, 0.007, 0.110)
        parts.add_box(spine_low, spine_high, self._title_rgba, solid=False)


CATEGORIES = (
    Book("black_book", (0.10, 0.10, 0.12, 1.0), GOLD),
    Book("yellow_book", (0.95, 0.78, 0.10, 1.0), (0.20, 0.25, 0.55, 1.0)),
)
