"""Where things go at the start of an episode: drawn, then moved apart; it cannot fail to end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from robolearn.specs import Array

MAX_ROUNDS = 200
GAP_M = 0.002  # between things, beyond their radii


@dataclass(frozen=True)
class Spot:
    """A thing that waits to be placed on a surface.

    Attributes:
        low_xy: lower corner of where its middle may be [m].
        high_xy: upper corner [m].
        radius_m: of the circle that it keeps free.
    """

    low_xy: tuple[float, float]
    high_xy: tuple[float, float]
    radius_m: float


def draw_positions(spots: list[Spot], rng: np.random.Generator) -> Array:
    """Draws a position for each spot, and moves apart what overlaps, within the rectangles.

    Pairs that overlap are pushed apart along the line between them, each as far as its rectangle
    lets it, for a fixed number of rounds; so it always ends, and what was drawn apart stays as
    drawn. `measure_overlap` tells whether room was found for all.

    Returns:
        Shape (num_spots, 2) [m].
    """
    low = np.array([spot.low_xy for spot in spots]).reshape(-1, 2)
    high = np.array([spot.high_xy for spot in spots]).reshape(-1, 2)
    positions: Array = rng.uniform(low, high)
    for _ in range(MAX_ROUNDS):
        moved = False
        for first in range(len(spots)):
            for second in range(first):
                push = _find_push(spots[first], spots[second], positions[first], positions[second])
                if push is None:
                    continue
                moved = True
                positions[first] = np.clip(positions[first] + push, low[first], high[first])
                positions[second] = np.clip(positions[second] - push, low[second], high[second])
        if not moved:
            break
    return positions


def measure_overlap(spots: list[Spot], positions: Array) -> tuple[float, int, int]:
    """Returns the largest overlap of two circles [m], negative if none touch, and whose it is."""
    worst = (-math.inf, 0, 0)
    for first in range(len(spots)):
        for second in range(first):
            distance_m = math.dist(positions[first], positions[second])
            overlap_m = spots[first].radius_m + spots[second].radius_m - distance_m
            worst = max(worst, (overlap_m, second, first))
    return worst


def _find_push(first: Spot, second: Spot, position: Array, other: Array) -> Array | None:
    """Returns how far the first of an overlapping pair must move, the second the other way."""
    apart = position - other
    distance_m = float(np.hypot(*apart))
    missing_m = first.radius_m + second.radius_m + GAP_M - distance_m
    if missing_m <= 1e-9:
        return None
    direction = apart / distance_m if distance_m > 1e-9 else np.array([1.0, 0.0])
    # A little more than half each: rectangles may hold one of the two back.
    return np.asarray(0.6 * missing_m * direction)
