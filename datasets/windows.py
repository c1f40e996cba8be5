"""Windows in time over episodes laid end to end: pure arithmetic on step numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robolearn.errors import RobolearnError
from robolearn.specs import Array


@dataclass(frozen=True)
class WindowSteps:
    """Where the data of a batch of windows lies.

    Attributes:
        observation_steps: global step numbers, shape (batch, observation_horizon), oldest first.
        action_steps: global step numbers, shape (batch, prediction_horizon).
        action_is_pad: True where the action lies behind the episode's end and repeats the last one,
            shape (batch, prediction_horizon).
    """

    observation_steps: Array
    action_steps: Array
    action_is_pad: Array


class Windows:
    """One window per step of every episode.

    The window at step t observes the steps t - observation_horizon + 1 to t and predicts the
    actions t to t + prediction_horizon - 1. At an episode's borders the nearest step is repeated,
    so no window ever reaches into another episode.
    """

    def __init__(
        self, lengths: Sequence[int], observation_horizon: int, prediction_horizon: int
    ) -> None:
        """Numbers the steps of all episodes through.

        Args:
            lengths: number of steps of each episode.
            observation_horizon: observed steps per window.
            prediction_horizon: predicted actions per window.

        Raises:
            RobolearnError: if a length or a horizon is not positive.
        """
        if observation_horizon < 1 or prediction_horizon < 1:
            raise RobolearnError(
                f"horizons must be at least 1, got observation_horizon {observation_horizon},"
                f" prediction_horizon {prediction_horizon}"
            )
        if any(length < 1 for length in lengths):
            raise RobolearnError(f"episodes must have at least one step, got {list(lengths)}")
        self.lengths = np.asarray(lengths, np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.int64)
        self.num_steps = int(self.lengths.sum())
        self._first = np.repeat(self.starts, self.lengths)
        self._last = np.repeat(self.starts + self.lengths - 1, self.lengths)
        self._before = np.arange(1 - observation_horizon, 1)
        self._ahead = np.arange(prediction_horizon)

    def list_steps(self, episodes: Array) -> Array:
        """Returns the global step numbers of some episodes, given by index."""
        return np.concatenate(
            [np.arange(self.lengths[e]) + self.starts[e] for e in episodes]
            or [np.zeros(0, np.int64)]
        )

    def locate(self, steps: Array) -> WindowSteps:
        """Returns where the windows at these global steps find their data."""
        column = steps[:, None]
        ahead = column + self._ahead
        last = self._last[column]
        return WindowSteps(
            observation_steps=np.maximum(column + self._before, self._first[column]),
            action_steps=np.minimum(ahead, last),
            action_is_pad=ahead > last,
        )
