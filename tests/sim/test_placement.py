import itertools
import math

import numpy as np

from robolearn.sim.placement import Spot, draw_positions, measure_overlap


def test_things_come_to_stand_apart_within_their_rectangles():
    rng = np.random.default_rng(0)
    for _ in range(50):
        spots = [Spot((-0.2, -0.2), (0.2, 0.2), radius) for radius in rng.uniform(0.03, 0.06, 6)]
        positions = draw_positions(spots, rng)
        assert (np.abs(positions) <= 0.2).all()
        for (spot, one), (other_spot, other) in itertools.combinations(
            zip(spots, positions, strict=True), 2
        ):
            assert math.dist(one, other) >= spot.radius_m + other_spot.radius_m - 1e-9


def test_what_was_drawn_apart_stays_as_drawn():
    spots = [Spot((x, 0.0), (x + 0.1, 0.1), 0.02) for x in (0.0, 0.5, 1.0)]
    drawn = np.random.default_rng(3).uniform([s.low_xy for s in spots], [s.high_xy for s in spots])
    assert (draw_positions(spots, np.random.default_rng(3)) == drawn).all()


def test_what_cannot_be_apart_ends_all_the_same_and_is_measured():
    spots = [Spot((0.0, 0.0), (0.01, 0.01), 0.05), Spot((0.0, 0.0), (0.01, 0.01), 0.04)]
    overlap_m, one, other = measure_overlap(spots, draw_positions(spots, np.random.default_rng(0)))
    assert (one, other) == (0, 1)
    assert 0.07 < overlap_m <= 0.09


def test_two_things_drawn_at_the_same_point_part():
    spots = [Spot((0.0, 0.0), (0.0, 0.0), 0.01), Spot((0.0, 0.0), (0.1, 0.1), 0.01)]
    positions = draw_positions([spots[0], Spot((0.0, 0.0), (0.1, 0.0), 0.01)], _Lowest())
    assert math.dist(*positions) >= 0.02


class _Lowest(np.random.Generator):
    """Draws the lower bound always."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def uniform(self, low, high):
        return np.array(low, float)
