from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from robolearn.errors import RobolearnError
from robolearn.metrics import success_interval, summarize
from robolearn.rollout import EpisodeResult


@pytest.mark.parametrize(
    ("successes", "episodes", "low", "high"),
    [
        # 0 of 10 and 10 of 10 have the closed form z²/(n + z²) = 3.8415/13.8415.
        (0, 10, 0.0, 0.27753),
        (10, 10, 0.72247, 1.0),
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (score, no correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_interval_has_the_published_values(successes, episodes, low, high):
    assert success_interval(successes, episodes) == pytest.approx((low, high), abs=6e-5)


def test_swapping_success_and_failure_mirrors_the_interval():
    for episodes in (1, 7, 50):
        for successes in range(episodes + 1):
            low, high = success_interval(successes, episodes)
            mirrored = success_interval(episodes - successes, episodes)
            assert mirrored == pytest.approx((1 - high, 1 - low))


def test_interval_lies_within_zero_and_one_and_holds_the_rate():
    for episodes, confidence in itertools.product((1, 2, 50, 1000), (0.5, 0.95, 0.999)):
        for successes in {0, 1, episodes // 2, episodes}:
            low, high = success_interval(successes, episodes, confidence)
            assert 0.0 <= low <= successes / episodes <= high <= 1.0


def test_interval_narrows_with_episodes_and_widens_with_confidence():
    def width(successes, episodes, confidence=0.95):
        low, high = success_interval(successes, episodes, confidence)
        return high - low

    assert width(9, 10) > width(90, 100) > width(900, 1000)
    assert width(9, 10, 0.8) < width(9, 10, 0.95) < width(9, 10, 0.99)


@pytest.mark.parametrize("rate", [0.5, 0.9, 0.97])
def test_about_95_of_100_intervals_hold_the_true_rate(rate):
    drawn = np.random.default_rng(0).binomial(50, rate, size=4000)
    intervals = {k: success_interval(int(k), 50) for k in np.unique(drawn)}
    held = np.mean([intervals[k][0] <= rate <= intervals[k][1] for k in drawn])
    assert 0.92 <= held <= 0.985  # successes are whole numbers, so it cannot be exactly 0.95


@pytest.mark.parametrize(
    ("successes", "episodes", "confidence"),
    [(0, 0, 0.95), (-1, 5, 0.95), (6, 5, 0.95), (1, 5, 1.0), (1, 5, 0.0)],
)
def test_impossible_numbers_are_refused(successes, episodes, confidence):
    with pytest.raises(RobolearnError):
        success_interval(successes, episodes, confidence)


def _make_result(seed, success, num_steps):
    return EpisodeResult("t", "do t", seed, num_steps, 0.0, success, success, not success)


def test_summary_counts_and_takes_the_median_of_successes():
    results = [_make_result(0, True, 10), _make_result(1, False, 99), _make_result(2, True, 20)]
    summary = summarize(results)
    assert (summary.episodes, summary.successes, summary.truncated) == (3, 2, 1)
    assert summary.success_rate == pytest.approx(2 / 3)
    assert (summary.success_rate_low, summary.success_rate_high) == success_interval(2, 3)
    assert summary.steps_median == 15


def test_summary_without_a_success_is_plain_json():
    data = summarize([_make_result(0, False, 99)]).to_json()
    assert data["steps_median"] is None
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_no_episodes_are_no_result():
    with pytest.raises(RobolearnError, match="at least one episode"):
        summarize([])
