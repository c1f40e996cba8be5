"""`Shrunk`: a category built smaller, for scenes in a small arm's own metres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.category import (
    Category,
    Grasp,
    Handle,
    Lamp,
    MovingPart,
    NamedRegion,
)
from robolearn.sim.catalogue.parts import Parts


class Shrunk(Category):
    """Another category, all its lengths multiplied; its moving parts must slide."""

    def __init__(self, name: str, category: Category, factor: float) -> None:
        """Takes what to shrink, and by how much."""
        self.name, self._category, self._factor = name, category, factor
        self.size_m = self._shrink(category.size_m)
        self.is_fixture = category.is_fixture
        self.support_height_m = category.top_m * factor
        self.yaw_range_rad = category.yaw_range_rad
        self.grasps = tuple(map(self._shrink_grasp, category.grasps))
        self.regions: Mapping[str, NamedRegion] = {
            name: replace(r, floor_t=self._shrink(r.floor_t), size_m=self._shrink(r.size_m))
            for name, r in category.regions.items()
        }
        self.moving_parts: Mapping[str, MovingPart] = {
            name: self._shrink_part(part) for name, part in category.moving_parts.items()
        }
        if category.lamp is not None:
            position_t = self._shrink(category.lamp.position_t)
            self.lamp = Lamp(position_t, category.lamp.radius_m * factor)

    def build(self, parts: Parts) -> None:
        """Builds the other one smaller."""
        self._category.build(parts.shrink(self._factor))

    def _shrink(self, vector: Vector3) -> Vector3:
        x, y, z = (np.array(vector) * self._factor).tolist()
        return x, y, z

    def _shrink_grasp(self, grasp: Grasp) -> Grasp:
        return replace(
            grasp,
            position_t=self._shrink(grasp.position_t),
            width_m=grasp.width_m * self._factor,
            tip_floor_m=grasp.tip_floor_m * self._factor,
        )

    def _shrink_part(self, part: MovingPart) -> MovingPart:
        handle: Handle = replace(
            part.handle,
            position_t=self._shrink(part.handle.position_t),
            width_m=part.handle.width_m * self._factor,
        )
        return replace(
            part,
            limit=part.limit * self._factor,
            open_from=part.open_from * self._factor,
            closed_to=part.closed_to * self._factor,
            handle=handle,
        )
