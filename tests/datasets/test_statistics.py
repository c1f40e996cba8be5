from __future__ import annotations

import numpy as np
import pytest

from robolearn.datasets.statistics import RunningStatistics
from robolearn.errors import RobolearnError


def compute(pieces):
    running = RunningStatistics()
    for piece in pieces:
        running.add(piece)
    return running.finish()


def test_statistics_are_those_of_all_steps_together():
    values = np.random.default_rng(0).normal([1e6, -3, 0], [1e-2, 5, 1], (1000, 3))
    statistics = compute(np.split(values, [1, 10, 500]))
    assert statistics.count == 1000
    np.testing.assert_allclose(statistics.mean, values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(statistics.std, values.std(axis=0), rtol=1e-7)
    assert np.array_equal(statistics.minimum, values.min(axis=0))
    assert np.array_equal(statistics.maximum, values.max(axis=0))


def test_a_constant_channel_has_no_spread():
    statistics = compute([np.full((10, 1), 0.1, np.float32), np.full((7, 1), 0.1, np.float32)])
    assert statistics.std.tolist() == [0.0]


def test_statistics_of_nothing_or_of_nan_are_refused():
    with pytest.raises(RobolearnError, match="no steps"):
        compute([])
    with pytest.raises(RobolearnError, match="not finite"):
        compute([np.array([[1.0], [np.nan]])])
