"""How a chunk of predicted actions becomes one action per step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

import numpy as np

from robolearn.errors import RobolearnError
from robolearn.specs import Array

Predict = Callable[[], Array]


class ChunkExecution(ABC):
    """Takes one action per step out of chunks, and decides when to ask for a new one."""

    @abstractmethod
    def reset(self) -> None:
        """Begins an episode."""

    @abstractmethod
    def next_action(self, predict: Predict) -> Array:
        """Returns the action of this step.

        Args:
            predict: gives the chunk from this step on, shape (prediction_horizon, channels); costs
                a forward pass, so it is called only where needed.
        """


class RecedingHorizon(ChunkExecution):
    """Carries out the first `action_horizon` actions of a chunk, then predicts anew."""

    def __init__(self, action_horizon: int, prediction_horizon: int) -> None:
        """Checks that a chunk is long enough."""
        if not 1 <= action_horizon <= prediction_horizon:
            raise RobolearnError(
                f"action_horizon must lie in 1..{prediction_horizon} (the prediction horizon),"
                f" got {action_horizon}"
            )
        self._action_horizon = action_horizon
        self.reset()

    def reset(self) -> None:
        """Drops what is left of the chunk."""
        self._pending: deque[Array] = deque()

    def next_action(self, predict: Predict) -> Array:
        """See `ChunkExecution.next_action`."""
        if not self._pending:
            self._pending.extend(predict()[: self._action_horizon])
        return self._pending.popleft()


class TemporalEnsemble(ChunkExecution):
    """Predicts at every step and averages what all chunks so far say about it.

    The weight of a prediction is exp(-decay * i), i = 0 for the oldest chunk that reaches this
    step (as in Zhao et al. 2023, "Learning Fine-Grained Bimanual Manipulation with Low-Cost
    Hardware"): a decay above 0 trusts older predictions more, which keeps the motion steady.
    """

    def __init__(self, decay: float, prediction_horizon: int) -> None:
        """Prepares for chunks of `prediction_horizon` actions."""
        self._decay = decay
        self._prediction_horizon = prediction_horizon
        self.reset()

    def reset(self) -> None:
        """Forgets the chunks."""
        self._chunks: deque[Array] = deque(maxlen=self._prediction_horizon)

    def next_action(self, predict: Predict) -> Array:
        """See `ChunkExecution.next_action`."""
        self._chunks.append(predict())
        newest = len(self._chunks) - 1
        opinions = [chunk[newest - i] for i, chunk in enumerate(self._chunks)]
        weights = np.exp(-self._decay * np.arange(len(opinions)))
        return np.asarray(np.average(opinions, axis=0, weights=weights))
