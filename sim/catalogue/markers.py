"""What is seen but touches nothing: places to bring things to."""

from __future__ import annotations

from abc import abstractmethod

from robolearn.sim.catalogue.category import Category
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.scene import Rgba

DISC_HEIGHT_M = 0.001
# Room around a place, beyond its edge: no start may already be near its goal.
APART_M = 0.013


class Marker(Category):
    """A place that is shown.

    Attributes:
        tolerance_m: within this of its middle a thing, or the hand, is there.
    """

    is_fixture = True
    tolerance_m: float

    @abstractmethod
    def build(self, parts: Parts) -> None:
        """Adds shapes that touch nothing."""


class Disc(Marker):
    """A flat disc on the table; a thing is on it with its middle over it."""

    support_height_m = 0.0

    def __init__(
        self, name: str, radius_m: float, rgba: Rgba, tolerance_m: float | None = None
    ) -> None:
        """Takes its shape; what is not told a tolerance takes its radius."""
        self.name, self._rgba, self._radius_m = name, rgba, radius_m
        self.size_m = (2 * radius_m, 2 * radius_m, DISC_HEIGHT_M)
        self.tolerance_m = radius_m if tolerance_m is None else tolerance_m
        self.room_m = radius_m + APART_M

    def build(self, parts: Parts) -> None:
        """One flat cylinder."""
        end = (0.0, 0.0, DISC_HEIGHT_M)
        parts.add_cylinder((0.0, 0.0, 0.0), end, self._radius_m, self._rgba, solid=False)


class Ball(Marker):
    """A ball in the air, for the hand to reach; its frame is in its middle."""

    def __init__(
        self,
        name: str,
        radius_m: float,
        rgba: Rgba,
        *,
        tolerance_m: float,
        height_range_m: tuple[float, float],
    ) -> None:
        """Takes its shape, and between which heights it may hover."""
        self.name, self._rgba, self._radius_m = name, rgba, radius_m
        self.size_m = (2 * radius_m,) * 3
        self.tolerance_m, self.height_range_m = tolerance_m, height_range_m

    def build(self, parts: Parts) -> None:
        """One ball."""
        half_size = (self._radius_m,) * 3
        parts.add_ellipsoid((0.0, 0.0, 0.0), half_size, self._rgba, solid=False)
