"""`Place`: somewhere on the workspace, on a thing, or in it, in a world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robolearn.sim.bddl.problem import Region
from robolearn.sim.catalogue.category import NamedRegion
from robolearn.sim.catalogue.thing import Thing
from robolearn.specs import Array


@dataclass(frozen=True)
class Place:
    """A place in a world: somewhere on the workspace, on a thing, or in it.

    Attributes:
        name: its full name.
        region: as the file declares it.
        boxes: where it is, in the frame of its owner's part: one box for each rectangle.
        owner: the thing that carries it; None for a part of the workspace.
        origin_w: of the workspace [m]; lengths of boxes are those of the full size.
        scale: of the scene.
    """

    name: str
    region: Region
    boxes: tuple[NamedRegion, ...]
    owner: Thing | None
    origin_w: Array
    scale: float

    @property
    def is_inside(self) -> bool:
        """Whether things are in it rather than on it."""
        return self.boxes[0].is_inside

    def to_world(self, point: Array, box: NamedRegion) -> Array:
        """Turns a point of a box's frame, at full size, into world coordinates [m]."""
        if self.owner is None:
            return np.asarray(self.origin_w + point * self.scale)
        return self.owner.to_world(point, box.part)

    def find_offset(self, point_w: Array, box: NamedRegion) -> Array:
        """Returns how far a point is from the middle of a box's floor, at full size [m]."""
        if self.owner is None:
            local = (point_w - self.origin_w) / self.scale
        else:
            local = self.owner.from_world(point_w, box.part)
        return np.asarray(local - np.array(box.floor_t))

    def contains(self, point_w: Array, slack_m: float = 0.0) -> bool:
        """Says whether a point is above the floor of one of its boxes, within its free height."""
        for box in self.boxes:
            x, y, z = self.find_offset(point_w, box).tolist()
            length, width, height = box.size_m
            if (
                abs(x) <= length / 2 + slack_m
                and abs(y) <= width / 2 + slack_m
                and -slack_m <= z <= height
            ):
                return True
        return False

    @property
    def floor_w(self) -> Array:
        """The middle of its (first) floor [m], shape (3,)."""
        return self.to_world(np.array(self.boxes[0].floor_t), self.boxes[0])

    @property
    def approach_w(self) -> Array:
        """The direction in which things are brought in, a unit vector."""
        box = self.boxes[0]
        if self.owner is None:
            return np.array(box.approach_t)
        return self.owner.direction_to_world(box.approach_t, box.part)
