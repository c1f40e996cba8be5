"""A closed race track: a centre line of arcs, walls on both sides, checkpoints across it."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable
from dataclasses import dataclass

import mujoco
import numpy as np

from robolearn.sim.floor import HULL, SOLREF
from robolearn.sim.scene import Rgba
from robolearn.specs import Array

SAMPLE_M = 0.05  # spacing of the points of the centre line: the arcs are true to 1 mm
WALL_HEIGHT_M, WALL_THICKNESS_M = 0.16, 0.05
# No wall turns further without a corner, or is longer without changing its colour.
WALL_TURN_RAD, WALL_LENGTH_M = math.radians(15), 0.7
WALL_FRICTION = (0.3, 0.005, 0.0)

# Which wall is which tells a camera which way round the track goes.
LEFT_RGBA: tuple[Rgba, Rgba] = ((0.16, 0.36, 0.66, 1.0), (0.88, 0.90, 0.93, 1.0))
RIGHT_RGBA: tuple[Rgba, Rgba] = ((0.90, 0.48, 0.10, 1.0), (0.94, 0.91, 0.86, 1.0))
LINE_RGBA, CHECKPOINT_RGBA = (0.97, 0.97, 0.97, 1.0), (0.93, 0.83, 0.25, 1.0)


@dataclass(frozen=True)
class Piece:
    """A straight or an arc of the centre line.

    Attributes:
        length_m: along the line [m].
        turn_rad: by how much the heading changes, positive to the left [rad].
    """

    length_m: float
    turn_rad: float = 0.0


def arc(radius_m: float, turn_deg: float) -> Piece:
    """Returns an arc; positive turns left."""
    turn_rad = math.radians(turn_deg)
    return Piece(radius_m * abs(turn_rad), turn_rad)


class Track:
    """A closed centre line, parametrised by the distance along it, and the width beside it.

    Distances along the line are in [0, `length_m`) and taken modulo that; the lateral offset is
    positive to the left. Positions are x and y in the world.

    Attributes:
        length_m: of the centre line [m].
        half_width_m: from the centre line to either wall [m].
        checkpoints_m: where along the line the checkpoints lie, in order; the first is the start
            and finish line at 0 [m].
    """

    def __init__(
        self,
        start_w: tuple[float, float],
        pieces: Iterable[Piece],
        half_width_m: float,
        num_checkpoints: int,
        heading_rad: float = 0.0,
    ) -> None:
        """Lays the pieces out one after another.

        Args:
            start_w: where the line begins and ends, x and y [m].
            pieces: in order.
            half_width_m: from the centre line to either wall [m].
            num_checkpoints: evenly spaced, the start line among them.
            heading_rad: of the line where it begins, from the x axis to the left [rad].

        Raises:
            ValueError: if the line does not close.
        """
        self.half_width_m = half_width_m
        self._pieces = tuple(pieces)
        self._starts_m = np.cumsum([0.0, *(piece.length_m for piece in self._pieces)]).tolist()
        self.length_m = float(self._starts_m.pop())
        self._poses = [(*start_w, heading_rad)]
        for piece in self._pieces:
            self._poses.append(_advance(self._poses[-1], piece, piece.length_m))
        end_x, end_y, end_rad = self._poses.pop()
        turned_rad = math.remainder(end_rad - heading_rad, 2 * math.pi)
        if math.hypot(end_x - start_w[0], end_y - start_w[1]) > 1e-6 or abs(turned_rad) > 1e-9:
            raise ValueError(f"the track ends at ({end_x:.3f}, {end_y:.3f}), {turned_rad:.3f} rad")
        self.checkpoints_m = tuple(
            self.length_m * index / num_checkpoints for index in range(num_checkpoints)
        )
        num_samples = math.ceil(self.length_m / SAMPLE_M)
        self._sample_m = self.length_m / num_samples
        samples = [self.find_pose(index * self._sample_m) for index in range(num_samples)]
        self._points = np.array([(x, y) for x, y, _ in samples])
        self._tangents = np.array([(math.cos(yaw), math.sin(yaw)) for _, _, yaw in samples])

    def find_bounds(self) -> tuple[Array, Array]:
        """Returns the lowest and the highest x and y [m] of centre line and walls."""
        margin_m = self.half_width_m + WALL_THICKNESS_M
        return self._points.min(axis=0) - margin_m, self._points.max(axis=0) + margin_m

    def find_pose(self, distance_m: float, lateral_m: float = 0.0) -> tuple[float, float, float]:
        """Returns x [m], y [m] and heading [rad] of a place, exactly."""
        index, along_m = self._find_piece(distance_m)
        x, y, yaw_rad = _advance(self._poses[index], self._pieces[index], along_m)
        return x - lateral_m * math.sin(yaw_rad), y + lateral_m * math.cos(yaw_rad), yaw_rad

    def find_curvature(self, distance_m: float) -> float:
        """Returns the centre line's curvature [1/m], positive to the left."""
        piece = self._pieces[self._find_piece(distance_m)[0]]
        return piece.turn_rad / piece.length_m

    def locate(self, position_w: Array) -> tuple[float, float]:
        """Returns the distance along the line and the lateral offset of a position (x, y) [m]."""
        offsets = position_w - self._points
        index = int(np.argmin(np.einsum("ij,ij->i", offsets, offsets)))
        (x, y), (cos, sin) = offsets[index].tolist(), self._tangents[index].tolist()
        return (index * self._sample_m + cos * x + sin * y) % self.length_m, cos * y - sin * x

    def measure_way(self, start_m: float, end_m: float) -> float:
        """Returns the shorter way from one distance along the line to another, signed [m]."""
        return math.remainder(end_m - start_m, self.length_m)

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds walls, start line and checkpoints to a scene with a floor."""
        for side, colours in ((1, LEFT_RGBA), (-1, RIGHT_RGBA)):
            self._add_wall(spec, side, colours)
        for distance_m in self.checkpoints_m[1:]:
            self._add_stripe(spec, distance_m, 0.0, self.half_width_m, 0.015, CHECKPOINT_RGBA)
        self._add_start_line(spec)

    def _find_piece(self, distance_m: float) -> tuple[int, float]:
        """Returns the piece a distance lies on, and how far along it."""
        distance_m %= self.length_m
        index = bisect.bisect_right(self._starts_m, distance_m) - 1
        return index, distance_m - self._starts_m[index]

    def _add_wall(self, spec: mujoco.MjSpec, side: int, colours: tuple[Rgba, Rgba]) -> None:
        """Adds one wall as a chain of boxes, in two colours by turns."""
        lateral_m = side * (self.half_width_m + WALL_THICKNESS_M / 2)
        corners = []
        for start_m, piece in zip(self._starts_m, self._pieces, strict=True):
            turns = abs(piece.turn_rad) / WALL_TURN_RAD
            num_boxes = math.ceil(max(turns, piece.length_m / WALL_LENGTH_M) - 1e-9)
            corners += [
                self.find_pose(start_m + piece.length_m * index / num_boxes, lateral_m)
                for index in range(num_boxes)
            ]
        for index, (x, y, _) in enumerate(corners):
            next_x, next_y, _ = corners[(index + 1) % len(corners)]
            length_m = math.hypot(next_x - x, next_y - y)
            spec.worldbody.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                pos=((x + next_x) / 2, (y + next_y) / 2, WALL_HEIGHT_M / 2),
                quat=_turn(math.atan2(next_y - y, next_x - x)),
                # A little longer than the chord, so that there is no gap at the corners.
                size=(length_m / 2 + 0.004, WALL_THICKNESS_M / 2, WALL_HEIGHT_M / 2),
                rgba=colours[index % 2],
                contype=0,
                conaffinity=HULL,
                condim=3,
                friction=WALL_FRICTION,
                solref=SOLREF,
            )

    def _add_start_line(self, spec: mujoco.MjSpec) -> None:
        """Draws a chequered line."""
        num_fields = 10
        half_m = self.half_width_m / num_fields
        for row in range(2):
            for field in range(num_fields):
                lateral_m = (2 * field + 1) * half_m - self.half_width_m
                rgba = LINE_RGBA if (row + field) % 2 else (0.08, 0.08, 0.08, 1.0)
                distance_m = (row - 0.5) * 2 * half_m
                self._add_stripe(spec, distance_m, lateral_m, half_m, half_m, rgba)

    def _add_stripe(
        self,
        spec: mujoco.MjSpec,
        distance_m: float,
        lateral_m: float,
        half_width_m: float,
        half_length_m: float,
        rgba: Rgba,
    ) -> None:
        """Draws a stripe on the floor that touches nothing."""
        x, y, yaw_rad = self.find_pose(distance_m, lateral_m)
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=(x, y, 0.0),
            quat=_turn(yaw_rad),
            size=(half_length_m, half_width_m, 0.001),
            rgba=rgba,
            contype=0,
            conaffinity=0,
        )


def _advance(
    pose: tuple[float, float, float], piece: Piece, along_m: float
) -> tuple[float, float, float]:
    """Returns the pose so far along a piece that begins at a pose."""
    x, y, yaw_rad = pose
    turn_rad = piece.turn_rad * along_m / piece.length_m
    # The chord of an arc points half the turn away from where the arc begins.
    half_rad = turn_rad / 2
    chord_m = along_m * (math.sin(half_rad) / half_rad if half_rad else 1.0)
    return (
        x + chord_m * math.cos(yaw_rad + half_rad),
        y + chord_m * math.sin(yaw_rad + half_rad),
        yaw_rad + turn_rad,
    )


def _turn(yaw_rad: float) -> tuple[float, float, float, float]:
    """The quaternion of a turn about the vertical."""
    return math.cos(yaw_rad / 2), 0.0, 0.0, math.sin(yaw_rad / 2)
