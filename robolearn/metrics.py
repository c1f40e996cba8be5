"""What is said about a set of episodes: success rate, its confidence interval, lengths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist

import numpy as np

from robolearn.errors import RobolearnError
from robolearn.rollout import EpisodeResult


def success_interval(
    successes: int, episodes: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Returns the Wilson score interval of a success rate.

    Unlike rate ± z·σ it stays within [0, 1] and does not shrink to nothing at 0 or at all
    successes, which is where a good policy is.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212; recommended for small
    numbers by L. D. Brown, T. T. Cai and A. DasGupta, "Interval estimation for a binomial
    proportion", Statistical Science 16 (2001), 101-133.

    Args:
        successes: episodes that reached the goal.
        episodes: all episodes, at least 1.
        confidence: share of such intervals that hold the true rate, within (0, 1).

    Returns:
        The lowest and the highest rate, each within [0, 1].

    Raises:
        RobolearnError: if there was no episode, or a number lies outside what is meant.
    """
    if episodes < 1 or not 0 <= successes <= episodes:
        raise RobolearnError(
            f"a success rate needs 0 <= successes <= episodes and at least one episode,"
            f" got {successes} of {episodes}"
        )
    if not 0.0 < confidence < 1.0:
        raise RobolearnError(f"confidence must lie between 0 and 1, got {confidence}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate, shrink = successes / episodes, 1 + z * z / episodes
    center = (rate + z * z / (2 * episodes)) / shrink
    spread = rate * (1 - rate) / episodes + z * z / (4 * episodes * episodes)
    half_width = z * math.sqrt(spread) / shrink
    low = 0.0 if successes == 0 else max(0.0, center - half_width)
    high = 1.0 if successes == episodes else min(1.0, center + half_width)
    return low, high


@dataclass(frozen=True)
class EvaluationSummary:
    """The figures of an evaluation.

    Attributes:
        episodes: how many were run.
        successes: how many reached the goal.
        success_rate: their share.
        success_rate_low: lower end of the 95% Wilson interval.
        success_rate_high: upper end of it.
        steps_median: median steps of the successful episodes; NaN where there is none.
        truncated: how many were ended by the time limit.
    """

    episodes: int
    successes: int
    success_rate: float
    success_rate_low: float
    success_rate_high: float
    steps_median: float
    truncated: int

    def to_json(self) -> dict[str, float | None]:
        """Returns plain data for a report; a median that does not exist is None."""
        return {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in asdict(self).items()
        }


def summarize(results: Sequence[EpisodeResult]) -> EvaluationSummary:
    """Sums up evaluated episodes.

    Raises:
        RobolearnError: if there are none.
    """
    successes = sum(result.success for result in results)
    low, high = success_interval(successes, len(results))
    steps = [result.num_steps for result in results if result.success]
    return EvaluationSummary(
        episodes=len(results),
        successes=successes,
        success_rate=successes / len(results),
        success_rate_low=low,
        success_rate_high=high,
        steps_median=float(np.median(steps)) if steps else math.nan,
        truncated=sum(result.truncated for result in results),
    )
