"""What scenes stand on: tables and the floor, with where their middle is before the robot."""

from __future__ import annotations

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.category import Category
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba


class Workspace(Category):
    """A level surface at the height of the robot's foot; regions of it are rectangles.

    Attributes:
        origin_b: its middle in the robot's base frame, at full size [m].
        embodiment_name: the arm in whose own metres scenes on it are laid out; None for one of
            household size, whose scenes are scaled for a small arm.
        rgba: colour of the surface.
    """

    is_fixture = True

    def __init__(
        self,
        name: str,
        origin_b: Vector3,
        size_xy_m: tuple[float, float],
        rgba: Rgba,
        *,
        embodiment_name: str | None = None,
    ) -> None:
        self.name, self.origin_b, self.rgba = name, origin_b, rgba
        self.size_m: Vector3 = (*size_xy_m, 0.0)
        self.embodiment_name = embodiment_name

    def build(self, parts: Parts) -> None:
        """Nothing: the surface is part of what surrounds the robot."""


# Where the middle of each table lies before the robot, and its size, are LIBERO's: `problems/` and
# `robots/mounted_panda.py` of Lifelong-Robot-Learning/LIBERO.
CATEGORIES = (
    Workspace("table", (0.66, 0.0, 0.0), (1.0, 1.2), (0.78, 0.66, 0.50, 1.0)),
    Workspace("kitchen_table", (0.66, 0.0, 0.0), (1.0, 1.2), (0.80, 0.79, 0.75, 1.0)),
    Workspace("living_room_table", (0.51, 0.0, 0.0), (0.70, 1.6), (0.52, 0.36, 0.23, 1.0)),
    Workspace("study_table", (0.55, 0.0, 0.0), (1.0, 1.2), (0.62, 0.46, 0.32, 1.0)),
    Workspace("floor", (0.60, 0.0, 0.0), (2.0, 2.0), (0.60, 0.60, 0.62, 1.0)),
    *(
        Workspace(f"{arm}_desk", (0.0, 0.0, 0.0), size_xy_m, rgba, embodiment_name=arm)
        for arm, size_xy_m, rgba in (
            ("so101", (1.0, 1.0), (0.83, 0.82, 0.78, 1.0)),
            ("koch", (1.0, 1.0), (0.83, 0.82, 0.78, 1.0)),
            ("panda", (2.0, 1.2), (0.78, 0.68, 0.55, 1.0)),
        )
    ),
)
