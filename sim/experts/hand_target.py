"""`HandTarget`: where a hand should be and how turned, and the way from one to another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from robolearn.redundant_arm import make_rotation
from robolearn.specs import Array

DOWN_RAD = math.pi / 2
# A hand that points this nearly straight down needs no azimuth of its own.
NEARLY_DOWN = 0.10


@dataclass(frozen=True)
class HandTarget:
    """A pose of the hand, as `HandAngles` turn it.

    Attributes:
        position_w: of the tool point [m], shape (3,).
        pitch_rad: 0 hand level, +pi/2 straight down [rad].
        roll_rad: about the hand's own axis [rad].
        azimuth_rad: where it points, seen from above [rad]; None: away from the base.
    """

    position_w: Array
    pitch_rad: float
    roll_rad: float
    azimuth_rad: float | None = None

    @property
    def bearing_rad(self) -> float:
        """Where it points, seen from above, azimuth or not [rad]."""
        return find_bearing(self.position_w) if self.azimuth_rad is None else self.azimuth_rad

    @property
    def rotation(self) -> Array:
        """Tool to world, shape (3, 3): columns are ahead, aside, and from finger to finger."""
        return make_rotation(self.bearing_rad, self.pitch_rad, self.roll_rad)

    @property
    def ahead_w(self) -> Array:
        """The direction in which the hand points, a unit vector."""
        return self.rotation[:, 0]

    def shift(self, way_w: Array) -> HandTarget:
        """Returns it moved, the hand turned in the world as before."""
        moved = replace(self, position_w=self.position_w + way_w)
        if self.azimuth_rad is not None:
            return moved
        return replace(moved, roll_rad=self.roll_rad + self.bearing_rad - moved.bearing_rad)

    def find_way(self, goal: HandTarget) -> Way:
        """Returns the straight way to another."""
        return Way(self, goal)


class Way:
    """The straight way of a hand from one target to another, turning evenly.

    Attributes:
        length_m: of the tool point's way.
        turn_rad: the largest of the turns.
    """

    def __init__(self, start: HandTarget, goal: HandTarget) -> None:
        self._start, self._goal = start, goal
        self._azimuth_rad: float | None = None
        self._turn_rad = 0.0
        if start.azimuth_rad is not None or goal.azimuth_rad is not None:
            self._azimuth_rad = start.bearing_rad
            turn_rad = goal.bearing_rad - start.bearing_rad
            self._turn_rad = math.remainder(turn_rad, 2 * math.pi)
        self.length_m = math.dist(start.position_w.tolist(), goal.position_w.tolist())
        turns = (goal.pitch_rad - start.pitch_rad, goal.roll_rad - start.roll_rad, self._turn_rad)
        self.turn_rad = max(map(abs, turns))

    def at(self, share: float) -> HandTarget:
        """Returns where the hand is after a share of the way; at 1 it is the goal itself."""
        start, goal = self._start, self._goal
        if share >= 1.0:
            return goal
        azimuth_rad = self._azimuth_rad
        return HandTarget(
            start.position_w + share * (goal.position_w - start.position_w),
            start.pitch_rad + share * (goal.pitch_rad - start.pitch_rad),
            start.roll_rad + share * (goal.roll_rad - start.roll_rad),
            None if azimuth_rad is None else azimuth_rad + share * self._turn_rad,
        )

    def split(self, num_steps: int) -> Iterator[HandTarget]:
        """Goes along it in even steps; the last is the goal."""
        for step in range(1, num_steps + 1):
            yield self.at(step / num_steps)


def make_target(
    position_w: Array,
    ahead_w: Array,
    opening_w: Array,
    *,
    has_azimuth: bool,
    near_rad: float = DOWN_RAD,
    symmetry_rad: float = math.pi,
) -> HandTarget:
    """Turns directions into angles.

    Args:
        position_w: of the tool point [m], shape (3,).
        ahead_w: where the hand points, a unit vector.
        opening_w: from finger to finger, a unit vector.
        has_azimuth: whether the arm can choose where its hand points; if not, the nearest it can.
        near_rad: of all rolls that are as good, the one nearest to this is taken [rad].
        symmetry_rad: rolls this far apart are as good: an empty hand's fingers are alike, but what
            a hand holds turns with it [rad].
    """
    level = math.hypot(ahead_w[0], ahead_w[1])
    azimuth_rad = None
    if has_azimuth and level > NEARLY_DOWN:
        azimuth_rad = math.atan2(ahead_w[1], ahead_w[0])
    bearing_rad = find_bearing(position_w) if azimuth_rad is None else azimuth_rad
    pitch_rad = math.atan2(-ahead_w[2], level) if level > NEARLY_DOWN else DOWN_RAD
    _, aside, up = (make_rotation(bearing_rad, pitch_rad, 0.0).T @ opening_w).tolist()
    roll_rad = nearest_turn(math.atan2(aside, up), near_rad, symmetry_rad)
    return HandTarget(np.asarray(position_w, float), pitch_rad, roll_rad, azimuth_rad)


def find_bearing(position_w: Array) -> float:
    """Returns the direction of a point from the base, seen from above [rad]."""
    return math.atan2(position_w[1], position_w[0])


def nearest_turn(angle_rad: float, near_rad: float, symmetry_rad: float) -> float:
    """Returns of all angles that are `symmetry_rad` apart the one nearest to `near_rad`."""
    return angle_rad + round((near_rad - angle_rad) / symmetry_rad) * symmetry_rad
