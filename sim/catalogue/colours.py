"""Colours that several kinds of things share."""

from __future__ import annotations

from robolearn.sim.scene import Rgba

DARK_WOOD: Rgba = (0.36, 0.21, 0.11, 1.0)
WOOD: Rgba = (0.55, 0.35, 0.19, 1.0)
LIGHT_WOOD: Rgba = (0.84, 0.68, 0.45, 1.0)
WHITE: Rgba = (0.92, 0.91, 0.88, 1.0)
LIGHT_GREY: Rgba = (0.74, 0.75, 0.76, 1.0)
STEEL: Rgba = (0.62, 0.64, 0.67, 1.0)
DARK_GREY: Rgba = (0.25, 0.26, 0.28, 1.0)
BLACK: Rgba = (0.07, 0.07, 0.08, 1.0)
RED: Rgba = (0.85, 0.10, 0.10, 1.0)
