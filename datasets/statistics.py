"""Exact statistics over any number of episodes, one at a time."""

from __future__ import annotations

import numpy as np

from robolearn.errors import RobolearnError
from robolearn.normalization import Statistics
from robolearn.specs import Array


class RunningStatistics:
    """Accumulates per-channel statistics; the order and size of the pieces does not matter.

    Means and sums of squared deviations are merged pairwise (Chan, Golub and LeVeque 1979) in
    float64: plain sums of squares would lose all digits where the mean is large.
    """

    def __init__(self) -> None:
        self._count = 0

    def add(self, values: Array) -> None:
        """Adds steps, shape (num_steps, ..., channels).

        Raises:
            RobolearnError: if a value is not finite.
        """
        values = np.asarray(values, np.float64)
        values = values.reshape(-1, values.shape[-1] if values.ndim > 1 else 1)
        if not np.isfinite(values).all():
            raise RobolearnError("statistics of values that are not finite (NaN or infinity)")
        count, mean = len(values), values.mean(axis=0)
        squares = ((values - mean) ** 2).sum(axis=0)
        low, high = values.min(axis=0), values.max(axis=0)
        if not self._count:
            self._mean, self._squares, self._low, self._high = mean, squares, low, high
        else:
            total = self._count + count
            difference = mean - self._mean
            self._squares += squares + difference**2 * (self._count * count / total)
            self._mean += difference * (count / total)
            self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)
        self._count += count

    def finish(self) -> Statistics:
        """Returns the statistics of everything added.

        Raises:
            RobolearnError: if nothing was added.
        """
        if not self._count:
            raise RobolearnError("statistics of no steps at all")
        return Statistics(
            mean=self._mean.copy(),
            std=np.sqrt(self._squares / self._count),
            minimum=self._low.copy(),
            maximum=self._high.copy(),
            count=self._count,
        )
