"""Bottles: of sauce, of dressing, of wine."""

from __future__ import annotations

import math

from robolearn.sim.catalogue.category import ANY_ANGLE_RAD, Category, Grasp
from robolearn.sim.catalogue.objects.label import add_spots
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

DEEPEST_GRASP_M = 0.035  # below the top: the hand must not touch it


class Bottle(Category):
    """A round bottle: body, shoulder, neck or cap; a label around the body."""

    yaw_range_rad = (0.0, 2 * math.pi)

    def __init__(
        self,
        name: str,
        rgba: Rgba,
        cap_rgba: Rgba,
        label_rgba: Rgba,
        *,
        radius_m: float,
        body_m: float,
        shoulder_m: float,
        neck_radius_m: float,
        neck_m: float,
        cap_m: float,
        mass_kg: float,
        emblem_rgba: Rgba | None = None,
    ) -> None:
        """Describes the bottle.

        Args:
            name: of the category.
            rgba: colour of what is seen through it.
            cap_rgba: colour of its cap.
            label_rgba: colour of its label.
            radius_m: of the body.
            body_m: height of the body.
            shoulder_m: height of the shoulder above it.
            neck_radius_m: of the neck.
            neck_m: height of the neck, the cap included.
            cap_m: height of the cap.
            mass_kg: most of it is in the body.
            emblem_rgba: colour of round patches on the label.
        """
        self.name, self._mass_kg = name, mass_kg
        self._rgba, self._cap_rgba, self._label_rgba = rgba, cap_rgba, label_rgba
        self._emblem_rgba = emblem_rgba
        self._radius_m, self._neck_radius_m = radius_m, neck_radius_m
        self._body_m, self._shoulder_m = body_m, body_m + shoulder_m
        self._top_m, self._cap_m = body_m + shoulder_m + neck_m, cap_m
        self.size_m = (2 * radius_m, 2 * radius_m, self._top_m)
        self.grasps = (self._make_grasp(),)

    def _make_grasp(self) -> Grasp:
        """Around the body if the hand gets down so far, else around the neck."""
        height_m, radius_m = self._top_m - DEEPEST_GRASP_M, self._radius_m
        if height_m + 0.008 > self._body_m:
            height_m, radius_m = (self._shoulder_m + self._top_m) / 2, self._neck_radius_m
        return Grasp(
            (0.0, 0.0, height_m),
            (1.0, 0.0, 0.0),
            width_m=2 * radius_m,
            symmetry_rad=ANY_ANGLE_RAD,
        )

    def build(self, parts: Parts) -> None:
        """Cylinders for body and neck, a cone between them."""
        body, shoulder, top = self._body_m, self._shoulder_m, self._top_m
        radius, neck = self._radius_m, self._neck_radius_m
        parts.add_cylinder((0, 0, 0), (0, 0, body), radius, self._rgba, 0.9 * self._mass_kg)
        parts.add_cylinder((0, 0, body), (0, 0, top), neck, self._rgba, 0.1 * self._mass_kg)
        parts.add_cone(body, shoulder, radius, neck, self._rgba, num_steps=16)
        cap_radius = neck + 0.0006
        cap_low = (0, 0, top - self._cap_m)
        cap_high = (0, 0, top + 0.0005)
        parts.add_cylinder(cap_low, cap_high, cap_radius, self._cap_rgba, solid=False)
        low, high = 0.2 * body, 0.8 * body
        skin = radius + 0.0005
        parts.add_cylinder((0, 0, low), (0, 0, high), skin, self._label_rgba, solid=False)
        if self._emblem_rgba is not None:
            spots = (self._emblem_rgba,) * 3
            add_spots(parts, spots, 0.4 * radius, radius, (low + high) / 2)


RED: Rgba = (0.78, 0.08, 0.06, 1.0)
WHITE: Rgba = (0.95, 0.95, 0.93, 1.0)
BROWN: Rgba = (0.28, 0.12, 0.06, 1.0)
CREAM: Rgba = (0.95, 0.90, 0.75, 1.0)
YELLOW: Rgba = (0.97, 0.78, 0.15, 1.0)
GREEN: Rgba = (0.20, 0.55, 0.20, 1.0)
DARK_GREEN: Rgba = (0.06, 0.22, 0.10, 1.0)
ORANGE: Rgba = (0.92, 0.55, 0.25, 1.0)
BLACK: Rgba = (0.10, 0.10, 0.10, 1.0)
WINE_RED: Rgba = (0.45, 0.04, 0.10, 1.0)

CATEGORIES = (
    Bottle(
        "ketchup",
        RED,
        WHITE,
        WHITE,
        radius_m=0.027,
        body_m=0.110,
        shoulder_m=0.008,
        neck_radius_m=0.016,
        neck_m=0.017,
        cap_m=0.017,
        mass_kg=0.25,
        emblem_rgba=RED,
    ),
    Bottle(
        "bbq_sauce",
        BROWN,
        BLACK,
        YELLOW,
        radius_m=0.027,
        body_m=0.095,
        shoulder_m=0.010,
        neck_radius_m=0.014,
        neck_m=0.015,
        cap_m=0.013,
        mass_kg=0.25,
        emblem_rgba=BROWN,
    ),
    Bottle(
        "salad_dressing",
        CREAM,
        GREEN,
        GREEN,
        radius_m=0.026,
        body_m=0.075,
        shoulder_m=0.030,
        neck_radius_m=0.014,
        neck_m=0.045,
        cap_m=0.022,
        mass_kg=0.25,
        emblem_rgba=WHITE,
    ),
    Bottle(
        "new_salad_dressing",
        ORANGE,
        WHITE,
        WHITE,
        radius_m=0.026,
        body_m=0.075,
        shoulder_m=0.030,
        neck_radius_m=0.014,
        neck_m=0.045,
        cap_m=0.022,
        mass_kg=0.25,
        emblem_rgba=GREEN,
    ),
    Bottle(
        "wine_bottle",
        DARK_GREEN,
        WINE_RED,
        CREAM,
        radius_m=0.027,
        body_m=0.085,
        shoulder_m=0.020,
        neck_radius_m=0.0105,
        neck_m=0.055,
        cap_m=0.028,
        mass_kg=0.3,
        emblem_rgba=WINE_RED,
    ),
)
