"""`train`: the offline loop. It knows a `Learner` and an iterator of batches, nothing else."""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Protocol

import numpy as np

from robolearn.checkpoints import CheckpointStore
from robolearn.errors import CheckpointError, TrainingError
from robolearn.learner import Batch, Learner, Metrics

METRICS_FILE = "metrics.jsonl"
Record = dict[str, Any]


@dataclass(frozen=True)
class TrainingSummary:
    """How a training run went.

    Attributes:
        num_updates: updates the learner has behind it, those before a resume included.
        seconds: wall-clock time of this call [s].
        data_wait_fraction: share of it spent waiting for the next batch.
        interrupted: a person stopped it (Ctrl-C); everything up to `num_updates` is saved.
        checkpoint: the last checkpoint, or None if nothing was to be done.
        history: the records of `metrics.jsonl`: `update`, `split` (`train`: mean since the record
            before; `validation`), `seconds` into the call that wrote it, and the metrics.
    """

    num_updates: int
    seconds: float
    data_wait_fraction: float
    interrupted: bool
    checkpoint: Path | None
    history: list[Record]


class TrainingObserver(Protocol):
    """Watches training: a progress bar, a logger."""

    def on_start(self, first_update: int, num_updates: int) -> None:
        """Called once; `first_update` is 0 unless the run was resumed."""
        ...

    def on_update(self, update: int, metrics: Metrics) -> None:
        """Called after every update; `update` counts from 1."""
        ...

    def on_validation(self, update: int, metrics: Metrics) -> None:
        """Called after every validation with its mean metrics."""
        ...

    def on_checkpoint(self, update: int, folder: Path) -> None:
        """Called after a checkpoint is complete."""
        ...

    def on_end(self, summary: TrainingSummary) -> None:
        """Called once at the end, also after an interrupt; not when an error ended training."""
        ...


def train(
    learner: Learner,
    batches_from: Callable[[int], Iterator[Batch]],
    *,
    folder: Path,
    num_updates: int,
    checkpoint_every: int = 1000,
    validation_every: int = 500,
    log_every: int = 50,
    make_validation_batches: Callable[[], Iterable[Batch]] | None = None,
    observers: Sequence[TrainingObserver] = (),
    keep_last: int = 3,
    resume: bool = False,
) -> TrainingSummary:
    """Updates the learner until it has made `num_updates`, and saves it as it goes.

    The first Ctrl-C ends training after the update in progress, with a checkpoint; the second ends
    it at once. A run stopped either way, or killed, goes on from its last checkpoint with
    `resume=True` and ends with the weights of a run that was never stopped, as long as batch `i`
    of `batches_from` depends on `i` alone.

    Args:
        learner: what is trained.
        batches_from: gives the batches of updates `start`, `start + 1` and so on.
        folder: the run's folder; gets `checkpoints/` and `metrics.jsonl`.
        num_updates: updates in all, those before a resume included.
        checkpoint_every: updates between two checkpoints; one more is written at the end.
        validation_every: updates between two validations; one more is made at the end.
        log_every: updates between two records of the training metrics.
        make_validation_batches: gives one pass over the validation data; None for none.
        observers: watch it.
        keep_last: how many checkpoints to keep.
        resume: go on from `folder/checkpoints/last`.

    Returns:
        How it went.

    Raises:
        TrainingError: if a metric is not finite (names the update) or the data ends too early.
        CheckpointError: if there is nothing to resume, or a run to overwrite.
    """
    periods = (("checkpoint", checkpoint_every), ("validation", validation_every))
    for name, value in (*periods, ("log", log_every)):
        if value < 1:
            raise TrainingError(f"{name}_every must be at least 1, got {value}")
    store = CheckpointStore(folder, keep_last)
    if resume:
        learner.restore(store.get_last())
    elif store.find_all():
        raise CheckpointError(
            f"{folder} already holds a run: resume it, or train into another folder"
        )
    log = _MetricsLog(folder / METRICS_FILE, learner.num_updates, log_every)
    loop = _Loop(learner, store, log, observers, make_validation_batches)
    for observer in observers:
        observer.on_start(learner.num_updates, num_updates)
    with _InterruptFlag() as interrupt:
        loop.run(batches_from, num_updates, checkpoint_every, validation_every, interrupt)
    summary = TrainingSummary(
        num_updates=learner.num_updates,
        seconds=log.seconds(),
        data_wait_fraction=loop.waited_s / max(log.seconds(), 1e-9),
        interrupted=interrupt.is_set,
        checkpoint=loop.checkpoint,
        history=log.history,
    )
    for observer in observers:
        observer.on_end(summary)
    return summary


class _Loop:
    """The loop itself, with what it counts."""

    def __init__(
        self,
        learner: Learner,
        store: CheckpointStore,
        log: _MetricsLog,
        observers: Sequence[TrainingObserver],
        make_validation_batches: Callable[[], Iterable[Batch]] | None,
    ) -> None:
        self.learner, self.store, self.log, self.observers = learner, store, log, observers
        self.make_validation_batches = make_validation_batches
        self.waited_s = 0.0
        self.checkpoint: Path | None = None
        self._validated_at = -1

    def run(
        self,
        batches_from: Callable[[int], Iterator[Batch]],
        num_updates: int,
        checkpoint_every: int,
        validation_every: int,
        interrupt: _InterruptFlag,
    ) -> None:
        """Updates until done or interrupted, then saves what is not saved yet."""
        learner = self.learner
        first = saved_at = learner.num_updates
        if first >= num_updates:
            return
        batches = batches_from(first)
        try:
            while learner.num_updates < num_updates and not interrupt.is_set:
                self._update(batches)
                if learner.num_updates % validation_every == 0:
                    self._validate()
                if learner.num_updates % checkpoint_every == 0:
                    self._save()
                    saved_at = learner.num_updates
            if not interrupt.is_set:
                self._validate()
            if saved_at != learner.num_updates:
                self._save()
        finally:
            close = getattr(batches, "close", None)  # a loader may hold threads
            if close is not None:
                close()

    def _update(self, batches: Iterator[Batch]) -> None:
        started_s = time.perf_counter()
        batch = next(batches, None)
        self.waited_s += time.perf_counter() - started_s
        if batch is None:
            raise TrainingError(f"the data ended after update {self.learner.num_updates}")
        metrics = self.learner.update(batch)
        update = self.learner.num_updates
        _check_finite(metrics, f"update {update}")
        self.log.add_training(update, metrics)
        for observer in self.observers:
            observer.on_update(update, metrics)

    def _validate(self) -> None:
        update = self.learner.num_updates
        if self.make_validation_batches is None or self._validated_at == update:
            return
        self._validated_at = update
        metrics = _mean_over(self.make_validation_batches(), self.learner)
        _check_finite(metrics, f"the validation after update {update}")
        self.log.write(update, "validation", metrics)
        for observer in self.observers:
            observer.on_validation(update, metrics)

    def _save(self) -> None:
        update = self.learner.num_updates
        self.checkpoint = self.store.save(update, self.learner.save)
        for observer in self.observers:
            observer.on_checkpoint(update, self.checkpoint)


def _mean_over(batches: Iterable[Batch], learner: Learner) -> Metrics:
    """Evaluates one pass; each sample weighs the same, so the last, smaller batch weighs less."""
    rows, sizes = [], []
    for batch in batches:
        rows.append(learner.evaluate(batch))
        sizes.append(len(next(iter(batch.values()))))
    if not rows:
        raise TrainingError("there is no validation data: hold out at least one episode")
    return {name: float(np.average([row[name] for row in rows], weights=sizes)) for name in rows[0]}


def _check_finite(metrics: Metrics, where: str) -> None:
    """Stops training on NaN or infinity before it is saved."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise TrainingError(
                f"{where}: {name} is {value}: check the data for values far out of range, or lower"
                " the learning rate; the checkpoints before it are whole"
            )


class _MetricsLog:
    """Appends records to `metrics.jsonl` and keeps them as history."""

    def __init__(self, path: Path, first_update: int, log_every: int) -> None:
        """Takes up the records of a resumed run, without those after its checkpoint."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._log_every = path, log_every
        self._pending: list[Metrics] = []
        self._started_s = time.perf_counter()
        self.history: list[Record] = []
        if first_update > 0 and path.exists():
            self.history = [r for r in _read_records(path) if r["update"] <= first_update]
        temporary = path.with_suffix(".tmp")
        temporary.write_text("".join(json.dumps(record) + "\n" for record in self.history))
        temporary.replace(path)

    def seconds(self) -> float:
        """Time since the start of this call [s]."""
        return time.perf_counter() - self._started_s

    def add_training(self, update: int, metrics: Metrics) -> None:
        """Remembers the metrics of an update; writes their mean every `log_every` updates."""
        self._pending.append(metrics)
        if update % self._log_every == 0:
            names = self._pending[-1]
            mean = {name: float(np.mean([m[name] for m in self._pending])) for name in names}
            self._pending.clear()
            self.write(update, "train", mean)

    def write(self, update: int, split: str, metrics: Metrics) -> None:
        """Appends one record."""
        record = {"update": update, "split": split, "seconds": round(self.seconds(), 3), **metrics}
        self.history.append(record)
        with self._path.open("a") as file:
            file.write(json.dumps(record) + "\n")


def _read_records(path: Path) -> list[Record]:
    """Reads whole records; a kill can leave the last line cut off, and it is left out."""
    lines = path.read_text().split("\n")
    return [json.loads(line) for line in lines[:-1]]


class _InterruptFlag:
    """Turns the first Ctrl-C into a flag, so that no update is cut in half; the second raises.

    Signals reach the main thread only: in any other, Ctrl-C is left as it is.
    """

    is_set = False

    def __enter__(self) -> _InterruptFlag:
        self._is_installed = threading.current_thread() is threading.main_thread()
        if self._is_installed:
            self._previous = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_installed:
            signal.signal(signal.SIGINT, self._previous or signal.SIG_DFL)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.is_set:
            raise KeyboardInterrupt
        self.is_set = True
