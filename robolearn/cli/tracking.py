"""Training curves for TensorBoard, written with its own package (no torch, no TensorFlow)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robolearn.errors import MissingDependencyError
from robolearn.learner import Metrics


class TensorBoardObserver:
    """A training observer that writes scalars: `train/<metric>` and `validation/<metric>`."""

    def __init__(self, folder: Path, log_every: int = 10) -> None:
        """Writes event files below `folder`, training metrics at every `log_every`-th update.

        Raises:
            MissingDependencyError: if the `tensorboard` package is missing.
        """
        try:
            from tensorboard.summary import Writer
        except ImportError as error:
            raise MissingDependencyError(
                "TensorBoard logs need its package: pip install 'robolearn[report]'"
            ) from error
        self._writer: Any = Writer(str(folder))
        self._log_every = log_every

    def on_start(self, first_update: int, num_updates: int) -> None:
        """Nothing to write."""

    def on_update(self, update: int, metrics: Metrics) -> None:
        """Writes the training metrics of every `log_every`-th update."""
        if update % self._log_every == 0:
            self._write("train", update, metrics)

    def on_validation(self, update: int, metrics: Metrics) -> None:
        """Writes the validation metrics, and what came before to disk."""
        self._write("validation", update, metrics)
        self._writer.flush()

    def on_checkpoint(self, update: int, folder: Path) -> None:
        """Brings to disk what belongs to the checkpoint."""
        self._writer.flush()

    def on_end(self, summary: object) -> None:
        """Brings everything to disk."""
        self._writer.flush()

    def close(self) -> None:
        """Completes the files; whoever trains calls it once, also after an error."""
        self._writer.close()

    def _write(self, split: str, update: int, metrics: Metrics) -> None:
        for name, value in metrics.items():
            self._writer.add_scalar(f"{split}/{name}", value, update)
