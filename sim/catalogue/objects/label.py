"""What is printed on round things."""

from __future__ import annotations

import math
from collections.abc import Sequence

from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba


def add_spots(
    parts: Parts, spots: Sequence[Rgba], spot_radius_m: float, radius_m: float, height_m: float
) -> None:
    """Adds round spots around an upright cylinder, evenly, from the side of -y on.

    Args:
        parts: of the thing.
        spots: colour of each.
        spot_radius_m: of each.
        radius_m: of the cylinder.
        height_m: of their middles.
    """
    # A flat disc covers a round wall if it begins where its edge would.
    inner_m, outer_m = math.sqrt(radius_m**2 - spot_radius_m**2) - 0.001, radius_m + 0.001
    for index, rgba in enumerate(spots):
        angle_rad = 2 * math.pi * index / len(spots) - math.pi / 2
        cos, sin = math.cos(angle_rad), math.sin(angle_rad)
        start = (cos * inner_m, sin * inner_m, height_m)
        end = (cos * outer_m, sin * outer_m, height_m)
        parts.add_cylinder(start, end, spot_radius_m, rgba, solid=False)
