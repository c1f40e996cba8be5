"""Bowls and a ramekin; bowls stand in one another and in the ramekin."""

from __future__ import annotations

from robolearn.sim.catalogue.objects.dish import Dish
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

BLACK: Rgba = (0.10, 0.10, 0.11, 1.0)
WHITE: Rgba = (0.93, 0.93, 0.91, 1.0)
RED: Rgba = (0.80, 0.12, 0.12, 1.0)
CLAY: Rgba = (0.72, 0.36, 0.20, 1.0)


class Bowl(Dish):
    """A bowl 11 cm wide: a leaning wall below, which another bowl holds, and an upright collar."""

    def __init__(self, name: str, rgba: Rgba, rim_rgba: Rgba) -> None:
        profile = ((0.004, 0.030), (0.036, 0.0525), (0.052, 0.0535))
        # The floor is as high as it must be for a bowl inside to stand on it, not to wedge.
        super().__init__(name, rgba, profile, floor_m=0.027, mass_kg=0.15, wall_m=0.004)
        self._rim_rgba = rim_rgba

    def build(self, parts: Parts) -> None:
        """A bowl with a rim of another colour."""
        super().build(parts)
        _add_rim(parts, self.size_m[2], self._profile[-1][1], self._wall_m, self._rim_rgba)


class Ramekin(Dish):
    """A small straight dish for the oven, with a thick floor: a bowl stands in it."""

    def __init__(self, name: str) -> None:
        profile = ((0.003, 0.0450), (0.047, 0.0465))
        super().__init__(name, WHITE, profile, floor_m=0.030, mass_kg=0.2)

    def build(self, parts: Parts) -> None:
        """Grooves around the outside, a glazed rim."""
        super().build(parts)
        for low in (0.008, 0.016, 0.024):
            parts.add_ring(low, low + 0.003, 0.0455, 0.0455, 0.006, CLAY, solid=False, num_sides=12)
        _add_rim(parts, self.size_m[2], self._profile[-1][1], self._wall_m, CLAY)


def _add_rim(parts: Parts, top_m: float, radius_m: float, wall_m: float, rgba: Rgba) -> None:
    """Colours the uppermost part of the wall."""
    parts.add_ring(
        top_m - 0.004,
        top_m + 0.0003,
        radius_m,
        radius_m,
        wall_m + 0.0006,
        rgba,
        solid=False,
        num_sides=12,
    )


CATEGORIES = (
    Bowl("akita_black_bowl", BLACK, (0.30, 0.30, 0.32, 1.0)),
    Bowl("white_bowl", WHITE, (0.25, 0.40, 0.75, 1.0)),
    Bowl("red_bowl", RED, (0.95, 0.85, 0.75, 1.0)),
    Ramekin("glazed_rim_porcelain_ramekin"),
)
