"""`Pose`: where a thing is and how it is turned."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from robolearn.specs import Array


@dataclass(frozen=True)
class Pose:
    """A frame in another: usually a thing's in the world's.

    Attributes:
        position: of its origin [m], shape (3,).
        rotation: from it to the other, shape (3, 3).
    """

    position: Array
    rotation: Array

    def __matmul__(self, inner: Pose) -> Pose:
        """Returns the pose, in the outer frame, of what has pose `inner` in this one."""
        return Pose(self.position + self.rotation @ inner.position, self.rotation @ inner.rotation)

    def invert(self) -> Pose:
        """Returns the pose of the other frame in this one."""
        return Pose(-self.rotation.T @ self.position, self.rotation.T)

    def shift(self, way: Array) -> Pose:
        """Returns it moved."""
        return Pose(self.position + way, self.rotation)


def make_turn_z(angle_rad: float) -> Array:
    """Returns the rotation about the vertical, shape (3, 3)."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def find_corners(size: tuple[float, float, float]) -> Array:
    """Returns the corners of the box around an upright thing, in its frame, shape (8, 3) [m]."""
    x, y, z = size
    return np.array(
        [(a * x / 2, b * y / 2, c * z) for a in (-1, 1) for b in (-1, 1) for c in (0, 1)]
    )
