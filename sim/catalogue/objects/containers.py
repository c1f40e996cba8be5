"""What things are put into, and what stays where it is: basket, tray, storage box."""

from __future__ import annotations

from collections.abc import Mapping

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.category import Category, NamedRegion
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

WICKER: Rgba = (0.66, 0.46, 0.25, 1.0)
DARK_WICKER: Rgba = (0.45, 0.29, 0.14, 1.0)
WOOD: Rgba = (0.62, 0.42, 0.24, 1.0)
DARK_WOOD: Rgba = (0.42, 0.26, 0.13, 1.0)
WHITE: Rgba = (0.93, 0.93, 0.93, 1.0)
BLUE: Rgba = (0.35, 0.55, 0.80, 1.0)
FREE_M = 0.08  # what lies in a low tray stands out over its rim, and still is in it


class OpenBox(Category):
    """A floor with four walls around it; its inside is `contain_region`."""

    def __init__(
        self, name: str, size_m: Vector3, rgba: Rgba, *, wall_m: float, mass_kg: float
    ) -> None:
        self.name, self.size_m, self._box_m = name, size_m, size_m
        self._rgba, self._wall_m, self._mass_kg = rgba, wall_m, mass_kg
        length, width, height = size_m
        self.support_height_m = wall_m
        inner_m = (length - 2 * wall_m, width - 2 * wall_m, max(height - wall_m, FREE_M))
        region = NamedRegion((0.0, 0.0, wall_m), inner_m, is_inside=True)
        self.regions: Mapping[str, NamedRegion] = {"contain_region": region}

    def build(self, parts: Parts) -> None:
        """Floor and walls; the floor has most of the mass."""
        (length, width, height), wall = self._box_m, self._wall_m
        x, y = length / 2, width / 2
        parts.add_box((-x, -y, 0), (x, y, wall), self._rgba, 0.6 * self._mass_kg)
        for low, high in (
            ((-x, -y, wall), (x, -y + wall, height)),
            ((-x, y - wall, wall), (x, y, height)),
            ((-x, -y + wall, wall), (-x + wall, y - wall, height)),
            ((x - wall, -y + wall, wall), (x, y - wall, height)),
        ):
            parts.add_box(low, high, self._rgba, 0.1 * self._mass_kg)


class Basket(OpenBox):
    """A wicker basket with a loop at both ends."""

    LOOP_M, RIM_M = 0.012, 0.0035

    def __init__(self, name: str, size_m: Vector3) -> None:
        super().__init__(name, size_m, WICKER, wall_m=0.007, mass_kg=0.5)
        self.size_m = (size_m[0] + 2 * self.LOOP_M, size_m[1] + 2 * self.RIM_M, size_m[2])

    def build(self, parts: Parts) -> None:
        """Withes around it, crossed by stakes, and a plaited rim."""
        super().build(parts)
        x, y, height = self._box_m[0] / 2, self._box_m[1] / 2, self._box_m[2]
        pitch = 0.018
        for row in range(int(height / pitch)):
            low, high = 0.004 + row * pitch, 0.011 + row * pitch
            skin = 0.0008
            corner = (x + skin, y + skin)
            for side in (-1, 1):
                _add_strip(parts, (-corner[0], side * y), (corner[0], side * y), low, high)
                _add_strip(parts, (side * x, -corner[1]), (side * x, corner[1]), low, high)
        rim, top = self.RIM_M, height - self.RIM_M
        corners = ((-x, -y, top), (x, -y, top), (x, y, top), (-x, y, top), (-x, -y, top))
        parts.add_bent_rod(corners, rim, DARK_WICKER, solid=False)
        for side in (-1, 1):
            loop = [(side * x, -0.035, top), (side * (x + 0.008), -0.025, top - 0.006)]
            loop += [(px, -py, pz) for px, py, pz in reversed(loop)]
            parts.add_bent_rod(loop, 0.004, DARK_WICKER, solid=False)


def _add_strip(
    parts: Parts, start: tuple[float, float], end: tuple[float, float], low: float, high: float
) -> None:
    """Lays a flat strip of withe along a wall."""
    skin = 0.0008
    (x0, x1), (y0, y1) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    parts.add_box(
        (x0 - skin, y0 - skin, low), (x1 + skin, y1 + skin, high), DARK_WICKER, solid=False
    )


class Tray(OpenBox):
    """A wooden tray with a grip at both ends."""

    def build(self, parts: Parts) -> None:
        """Planks of the floor, and dark slots through the end walls."""
        super().build(parts)
        x, y, height = self.size_m[0] / 2, self.size_m[1] / 2, self.size_m[2]
        wall = self._wall_m
        for index in (-1, 0, 1):
            low = (-x + wall, index * y / 2 - 0.001, wall)
            high = (x - wall, index * y / 2 + 0.001, wall + 0.0003)
            parts.add_box(low, high, DARK_WOOD, solid=False)
        for side in (-1, 1):
            x0, x1 = sorted((side * (x - wall - 0.0005), side * (x + 0.0005)))
            slot_low, slot_high = (x0, -0.04, 0.5 * height), (x1, 0.04, 0.8 * height)
            parts.add_box(slot_low, slot_high, DARK_WOOD, solid=False)


class StorageBox(Category):
    """A closed box with a lid, to put things on."""

    size_m = (0.258, 0.140, 0.117)

    def __init__(self, name: str) -> None:
        self.name = name
        length, width, height = self.size_m
        top = NamedRegion((0.0, 0.0, height), (length, width, 0.15), is_inside=False)
        self.regions: Mapping[str, NamedRegion] = {"top_side": top}

    def build(self, parts: Parts) -> None:
        """A white box, a blue lid that stands out a little, a dark label."""
        x, y, height = (self.size_m[0] / 2, self.size_m[1] / 2, self.size_m[2])
        lid = height - 0.02
        parts.add_box((-x, -y, lid), (x, y, height), BLUE, 0.1)
        parts.add_box((-x + 0.003, -y + 0.003, 0), (x - 0.003, y - 0.003, lid), WHITE, 0.4)
        front = -y + 0.003
        for low, high, rgba in (
            ((-0.04, front - 0.001, 0.03), (0.04, front, 0.06), BLUE),
            ((-0.036, front - 0.0015, 0.034), (0.036, front, 0.056), WHITE),
        ):
            parts.add_box(low, high, rgba, solid=False)


CATEGORIES = (
    Basket("basket", (0.170, 0.170, 0.100)),
    Tray("wooden_tray", (0.290, 0.210, 0.036), WOOD, wall_m=0.009, mass_kg=0.6),
    StorageBox("white_storage_box"),
)
