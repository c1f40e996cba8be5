import json

import numpy as np
import pytest

from robolearn.errors import RobolearnError
from robolearn.normalization import MINIMUM_SPREAD, Normalizer, Statistics

DATA = np.random.default_rng(0).normal([0.0, 5.0, -300.0], [1.0, 0.01, 40.0], (500, 3))


def make_statistics(data=DATA):
    return Statistics(data.mean(0), data.std(0), data.min(0), data.max(0), len(data))


@pytest.mark.parametrize("mode", ["standard", "range"])
@pytest.mark.parametrize("shape", [(3,), (7, 3), (2, 5, 3)])
def test_undo_is_the_inverse_of_apply(mode, shape):
    normalizer = Normalizer(make_statistics(), mode)
    value = np.random.default_rng(1).uniform(-400, 400, shape).astype(np.float32)
    np.testing.assert_allclose(
        normalizer.undo(normalizer.apply(value)), value, rtol=1e-5, atol=1e-3
    )
    np.testing.assert_allclose(normalizer.apply(normalizer.undo(value)), value, rtol=1e-3, atol=0.1)


def test_standard_gives_zero_mean_and_unit_variance():
    normalised = Normalizer(make_statistics(), "standard").apply(DATA)
    assert normalised.dtype == np.float32
    np.testing.assert_allclose(normalised.mean(0), 0.0, atol=1e-3)
    np.testing.assert_allclose(normalised.std(0), 1.0, atol=1e-3)


def test_range_gives_minus_one_to_one():
    normalised = Normalizer(make_statistics(), "range").apply(DATA)
    np.testing.assert_allclose(normalised.min(0), -1.0, atol=1e-3)
    np.testing.assert_allclose(normalised.max(0), 1.0, atol=1e-3)


@pytest.mark.parametrize("mode", ["standard", "range"])
def test_a_channel_that_hardly_moves_is_centred_and_not_blown_up(mode):
    data = np.zeros((10, 3))
    data[:, 1] = 2.0
    data[0, 2] = MINIMUM_SPREAD / 10
    normalizer = Normalizer(make_statistics(data), mode)
    normalised = normalizer.apply(np.array([0.0, 2.5, 0.0], np.float32))
    np.testing.assert_allclose(normalised, [0.0, 0.5, 0.0], atol=1e-4)


def test_statistics_survive_json_exactly():
    statistics = make_statistics()
    again = Statistics.from_json(json.loads(json.dumps(statistics.to_json())))
    for name in ("mean", "std", "minimum", "maximum"):
        np.testing.assert_array_equal(getattr(again, name), getattr(statistics, name))
    assert again.count == statistics.count


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": None}, "mean is not finite"),
        ({"std": [1.0, float("nan"), 1.0]}, "std is not finite"),
        ({"std": [1.0, 1.0]}, "the fields differ in shape"),
        ({"count": "many"}, "not statistics"),
        ({"maximum": "high"}, "not statistics"),
    ],
)
def test_broken_statistics_are_refused(change, message):
    with pytest.raises(RobolearnError, match=message):
        Statistics.from_json({**make_statistics().to_json(), **change})


def test_missing_statistics_are_refused():
    with pytest.raises(RobolearnError, match="not statistics: KeyError"):
        Statistics.from_json({"mean": [0.0]})


def test_an_unknown_mode_is_refused():
    with pytest.raises(RobolearnError, match="unknown normalisation 'z'; known: standard, range"):
        Normalizer(make_statistics(), "z")
