"""Things in a small arm's own metres, for the tasks on a desk."""

from __future__ import annotations

from robolearn.sim.catalogue.fixtures.buttons import ButtonBox
from robolearn.sim.catalogue.fixtures.cabinets import LOW_CABINET
from robolearn.sim.catalogue.markers import Ball, Disc
from robolearn.sim.catalogue.objects.blocks import Block
from robolearn.sim.catalogue.shrunk import Shrunk
from robolearn.sim.scene import Rgba

RED: Rgba = (0.85, 0.1, 0.1, 1.0)
GREEN: Rgba = (0.1, 0.6, 0.2, 1.0)
ORANGE: Rgba = (0.95, 0.45, 0.05, 1.0)

SMALL_M, SMALL_KG = (0.030, 0.030, 0.030), 0.03
WIDE_M, WIDE_KG = (0.052, 0.052, 0.040), 0.08
SHRINK = 0.4  # of household furniture: the inside of the drawer takes an SO-101's hand

CATEGORIES = (
    Block("small_red_block", RED, SMALL_M, SMALL_KG),
    Block("small_green_block", GREEN, SMALL_M, SMALL_KG),
    Block("wide_orange_block", ORANGE, WIDE_M, WIDE_KG, is_graspable=False),
    Disc("blue_disc", 0.030, (0.1, 0.35, 0.85, 1.0)),
    Disc("green_disc", 0.040, (0.1, 0.55, 0.3, 1.0), tolerance_m=0.030),
    Ball(
        "green_ball",
        0.012,
        (0.1, 0.65, 0.25, 1.0),
        tolerance_m=0.015,
        height_range_m=(0.03, 0.11),
    ),
    Shrunk("small_cabinet", LOW_CABINET, SHRINK),
    Shrunk("small_button_box", ButtonBox(), SHRINK),
)
