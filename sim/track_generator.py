"""Draws closed race tracks: polygons whose corners are rounded with arcs.

A rounded polygon closes exactly, whatever is drawn. The corners lie round the middle in the order
of their angles, so the polygon never crosses itself; what else can go wrong is checked.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from robolearn.embodiments.rc_car import MAX_STEERING_ANGLE_RAD, compute_turning_radius
from robolearn.errors import RobolearnError
from robolearn.sim.track import WALL_THICKNESS_M, Piece, Track
from robolearn.specs import Array

HALF_SIZE_M = (5.5, 4.2)  # the corners lie in this ellipse
NUM_CORNERS = (7, 11)
CORNER_SPREAD = 0.38  # how far a corner strays from its even share of the round
NEAREST_CORNER = 0.25  # share of the ellipse's radius
# The car must be able to steer back to the line in the tightest bend.
MIN_RADIUS_M = 1.3 * compute_turning_radius(MAX_STEERING_ANGLE_RAD)
MAX_RADIUS_M = 2.5
# All bends together, those to the left and those to the right: a circle has one turn.
MIN_TURNS = 1.4
MIN_INNER_WALL_RADIUS_M = 0.25
WALL_GAP_M = 0.1  # between the walls of two parts of the lane
RUN_UP_M, RUN_OUT_M = 0.9, 0.3  # straight before and behind the start line
CHECKPOINT_SPACING_M = 2.0  # about
HALF_WIDTHS_M = (0.3, 0.7)  # narrower the car hardly fits through, wider no bend fits the floor
MAX_CANDIDATES = 2000

TIGHT, NO_STRAIGHT = "a bend is too tight", "no straight is long enough for the start"
ROUND, CLOSE = "it bends too little", "two parts of the lane are too close"


@dataclass(frozen=True)
class DrawnTrack:
    """A track and what was drawn in vain before it.

    Attributes:
        track: its start line lies on its longest straight.
        rejections: how many candidates were rejected, by reason.
    """

    track: Track
    rejections: Counter[str]


class _RejectedError(Exception):
    """A candidate will not do; says why."""


def draw_track(seed: int, half_width_m: float = 0.45, is_clockwise: bool = False) -> DrawnTrack:
    """Draws a track for the RC car; the same one for the same arguments.

    Args:
        seed: all randomness comes from it.
        half_width_m: from the centre line to either wall [m].
        is_clockwise: which way round it is driven, seen from above.

    Raises:
        RobolearnError: if the seed is negative, the lane too narrow or too wide, or no candidate
            will do.
    """
    narrowest_m, widest_m = HALF_WIDTHS_M
    if not narrowest_m <= half_width_m <= widest_m:
        raise RobolearnError(
            f"half_width_m must lie between {narrowest_m} and {widest_m}, got {half_width_m}"
        )
    if seed < 0:
        raise RobolearnError(f"the seed of a track must not be negative, got {seed}")
    rng = np.random.default_rng(seed)
    rejections: Counter[str] = Counter()
    while rejections.total() < MAX_CANDIDATES:
        corners = _draw_corners(rng, is_clockwise)
        try:
            return DrawnTrack(_lay_out(corners, half_width_m, rng), rejections)
        except _RejectedError as reason:
            rejections[str(reason)] += 1
    reasons = ", ".join(f"{reason} ({count})" for reason, count in rejections.most_common())
    raise RobolearnError(
        f"seed {seed} gives no track {2 * half_width_m} m wide within {MAX_CANDIDATES} candidates:"
        f" {reasons}; take another seed or a narrower lane"
    )


def find_min_radius(half_width_m: float) -> float:
    """Returns the smallest radius of a bend of the centre line in a lane of this width [m]."""
    return max(MIN_RADIUS_M, half_width_m + WALL_THICKNESS_M + MIN_INNER_WALL_RADIUS_M)


def measure_clearance(points: Array, spacing_m: float, apart_m: float) -> float:
    """Returns the least distance of two points of a closed line that lie so far apart along it.

    Args:
        points: evenly spaced along the line, shape (num_points, 2) [m].
        spacing_m: from one to the next, along the line [m].
        apart_m: pairs nearer than this along the line are left out [m].
    """
    num_points = len(points)
    first, last = math.ceil(apart_m / spacing_m), num_points // 2
    return min(
        float(np.hypot(*(points - np.roll(points, -shift, axis=0)).T).min())
        for shift in range(first, last + 1)
    )


def _draw_corners(rng: np.random.Generator, is_clockwise: bool) -> Array:
    """Draws a simple polygon round the origin, shape (num_corners, 2) [m]."""
    num_corners = int(rng.integers(NUM_CORNERS[0], NUM_CORNERS[1], endpoint=True))
    strays = rng.uniform(-CORNER_SPREAD, CORNER_SPREAD, num_corners)
    angles_rad = 2 * math.pi * (np.arange(num_corners) + strays) / num_corners
    radii = rng.uniform(NEAREST_CORNER, 1.0, num_corners)
    way = -1 if is_clockwise else 1
    unit = np.column_stack((np.cos(angles_rad), way * np.sin(angles_rad)))
    return np.asarray(unit * radii[:, None] * HALF_SIZE_M)


def _lay_out(corners: Array, half_width_m: float, rng: np.random.Generator) -> Track:
    """Rounds the corners and puts the start line on the longest straight."""
    sides = np.roll(corners, -1, axis=0) - corners  # side i leads from corner i to the next
    sides_m = np.hypot(sides[:, 0], sides[:, 1])
    headings_rad = np.arctan2(sides[:, 1], sides[:, 0])
    turns_rad = np.remainder(headings_rad - np.roll(headings_rad, 1) + math.pi, 2 * math.pi)
    turns_rad -= math.pi
    if np.abs(turns_rad).sum() < MIN_TURNS * 2 * math.pi:
        raise _RejectedError(ROUND)
    # An arc begins and ends so far from its corner: no further than half of either side.
    halves = np.tan(np.abs(turns_rad) / 2)
    most_m = np.minimum(np.minimum(sides_m, np.roll(sides_m, 1)) / 2 / halves, MAX_RADIUS_M)
    least_m = find_min_radius(half_width_m)
    if (most_m < least_m).any():
        raise _RejectedError(TIGHT)
    radii_m = rng.uniform(least_m, most_m)
    cut_m = radii_m * halves
    straights_m = sides_m - cut_m - np.roll(cut_m, -1)
    start = int(straights_m.argmax())
    if straights_m[start] < RUN_UP_M + RUN_OUT_M:
        raise _RejectedError(NO_STRAIGHT)
    pieces = [Piece(float(straights_m[start]) - RUN_UP_M)]
    for index in (np.arange(start + 1, start + len(corners)) % len(corners)).tolist():
        pieces += [_make_arc(radii_m[index], turns_rad[index]), Piece(float(straights_m[index]))]
    pieces += [_make_arc(radii_m[start], turns_rad[start]), Piece(RUN_UP_M)]
    pieces = [piece for piece in pieces if piece.length_m > 1e-9]
    x, y = (corners[start] + sides[start] / sides_m[start] * (cut_m[start] + RUN_UP_M)).tolist()
    length_m = sum(piece.length_m for piece in pieces)
    num_checkpoints = round(length_m / CHECKPOINT_SPACING_M)
    heading_rad = float(headings_rad[start])
    track = Track((x, y), pieces, half_width_m, num_checkpoints, heading_rad)
    if not _is_clear(track):
        raise _RejectedError(CLOSE)
    return track


def _make_arc(radius_m: float, turn_rad: float) -> Piece:
    return Piece(float(radius_m * abs(turn_rad)), float(turn_rad))


def _is_clear(track: Track) -> bool:
    """Says whether no two parts of the lane come too close.

    A line that never bends tighter than a circle of diameter c is nowhere nearer to itself than c,
    from pi c / 2 along it on, unless it comes back: what is nearer than that along it is the same
    part of the lane (Schur's comparison theorem).
    """
    least_m = 2 * (track.half_width_m + WALL_THICKNESS_M) + WALL_GAP_M
    num_points = math.ceil(track.length_m / 0.1)
    spacing_m = track.length_m / num_points
    points = np.array([track.find_pose(index * spacing_m)[:2] for index in range(num_points)])
    return measure_clearance(points, spacing_m, math.pi / 2 * least_m) >= least_m
