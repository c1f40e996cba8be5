"""`Learner`: what improves a policy from batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from robolearn.specs import Array

Batch = Mapping[str, Array]
Metrics = dict[str, float]


class Learner(ABC):
    """Trains a policy.

    A batch maps keys to numpy arrays whose first axis is the batch. A learner owns everything that
    changes in training, its random state included, so that `save` and `restore` are exact: a run
    that was stopped and resumed gives the same weights as one that was not.

    Attributes:
        num_updates: how many updates have been made.
    """

    num_updates: int

    @abstractmethod
    def update(self, batch: Batch) -> Metrics:
        """Makes one update and returns its metrics, e.g. `{"loss": 0.1}`."""

    @abstractmethod
    def evaluate(self, batch: Batch) -> Metrics:
        """Returns the metrics of a batch without learning from it."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes the policy and the training state into an existing empty folder."""

    @abstractmethod
    def restore(self, folder: Path) -> None:
        """Takes up the state that `save` wrote.

        Raises:
            CheckpointError: if the folder does not hold a whole checkpoint of this learner.
        """
