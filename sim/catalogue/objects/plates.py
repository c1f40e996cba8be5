"""A plate."""

from __future__ import annotations

from robolearn.sim.catalogue.objects.dish import Dish
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

WHITE: Rgba = (0.95, 0.95, 0.94, 1.0)
BLUE: Rgba = (0.20, 0.35, 0.70, 1.0)


class Plate(Dish):
    """A plate whose rim stands up, so that fingers can take it."""

    def __init__(self, name: str) -> None:
        profile = ((0.003, 0.0675), (0.026, 0.0685))
        super().__init__(name, WHITE, profile, floor_m=0.007, mass_kg=0.15)

    def build(self, parts: Parts) -> None:
        """White, with two blue rings."""
        super().build(parts)
        floor_m = self.top_m
        for index, (radius, rgba) in enumerate(((0.056, BLUE), (0.052, WHITE))):
            end = floor_m + 0.0003 * (index + 1)
            parts.add_cylinder((0, 0, floor_m), (0, 0, end), radius, rgba, solid=False)
        parts.add_ring(0.022, 0.0263, 0.0685, 0.0685, 0.0058, BLUE, solid=False, num_sides=12)


CATEGORIES = (Plate("plate"),)
