import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robolearn.errors import CheckpointError, TrainingError
from robolearn.learner import Batch, Learner, Metrics
from robolearn.training import TrainingSummary, train


class SumLearner(Learner):
    """Its state is a running value that depends on the order of the batches."""

    def __init__(self) -> None:
        self.num_updates, self.value = 0, 0.0

    def update(self, batch: Batch) -> Metrics:
        self.value = 0.5 * self.value + float(batch["x"].sum())
        self.num_updates += 1
        return {"loss": self.value}

    def evaluate(self, batch: Batch) -> Metrics:
        return {"loss": float(batch["x"].mean())}

    def save(self, folder: Path) -> None:
        (folder / "state").write_text(json.dumps([self.num_updates, self.value]))

    def restore(self, folder: Path) -> None:
        self.num_updates, self.value = json.loads((folder / "state").read_text())


class Watcher:
    """Notes what it is told, and runs `action` after every update."""

    def __init__(self, action: Callable[[int], None] = lambda update: None) -> None:
        self.events: list[tuple[str, Any]] = []
        self.action = action

    def on_start(self, first_update: int, num_updates: int) -> None:
        self.events.append(("start", (first_update, num_updates)))

    def on_update(self, update: int, metrics: Metrics) -> None:
        self.events.append(("update", update))
        self.action(update)

    def on_validation(self, update: int, metrics: Metrics) -> None:
        self.events.append(("validation", (update, metrics["loss"])))

    def on_checkpoint(self, update: int, folder: Path) -> None:
        self.events.append(("checkpoint", (update, folder.name)))

    def on_end(self, summary: TrainingSummary) -> None:
        self.events.append(("end", summary.num_updates))


def batches_from(start: int) -> Iterator[Batch]:
    index = start
    while True:
        yield {"x": np.full(2, float(index % 7))}
        index += 1


def interrupt_at(update: int) -> Watcher:
    def action(done: int) -> None:
        if done == update:
            os.kill(os.getpid(), signal.SIGINT)

    return Watcher(action)


def test_observers_hear_everything_in_order(tmp_path: Path) -> None:
    watcher = Watcher()
    train(
        SumLearner(),
        batches_from,
        folder=tmp_path,
        num_updates=5,
        checkpoint_every=2,
        validation_every=3,
        make_validation_batches=lambda: [{"x": np.ones(2)}],
        observers=[watcher],
    )
    assert watcher.events == [
        ("start", (0, 5)),
        ("update", 1),
        ("update", 2),
        ("checkpoint", (2, "update_000002")),
        ("update", 3),
        ("validation", (3, 1.0)),
        ("update", 4),
        ("checkpoint", (4, "update_000004")),
        ("update", 5),
        ("validation", (5, 1.0)),
        ("checkpoint", (5, "update_000005")),
        ("end", 5),
    ]


def test_a_resumed_run_ends_as_one_that_was_never_stopped(tmp_path: Path) -> None:
    whole, first, second = SumLearner(), SumLearner(), SumLearner()
    train(whole, batches_from, folder=tmp_path / "a", num_updates=20)
    train(first, batches_from, folder=tmp_path / "b", num_updates=11)
    summary = train(second, batches_from, folder=tmp_path / "b", num_updates=20, resume=True)
    assert second.value == whole.value
    assert summary.num_updates == 20


def test_an_interrupt_saves_and_is_reported(tmp_path: Path) -> None:
    learner = SumLearner()
    summary = train(
        learner, batches_from, folder=tmp_path, num_updates=100, observers=[interrupt_at(7)]
    )
    assert summary.interrupted
    assert summary.num_updates == learner.num_updates == 7
    assert summary.checkpoint is not None
    assert summary.checkpoint.name == "update_000007"
    resumed, whole = SumLearner(), SumLearner()
    assert not train(
        resumed, batches_from, folder=tmp_path, num_updates=30, resume=True
    ).interrupted
    train(whole, batches_from, folder=tmp_path / "whole", num_updates=30)
    assert resumed.value == whole.value


def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    def action(update: int) -> None:
        if update == 3:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(
            SumLearner(),
            batches_from,
            folder=tmp_path,
            num_updates=9,
            checkpoint_every=2,
            observers=[Watcher(action)],
        )
    assert signal.getsignal(signal.SIGINT) is before
    assert (tmp_path / "checkpoints" / "last").resolve().name == "update_000002"


def test_training_works_outside_the_main_thread(tmp_path: Path) -> None:
    learner = SumLearner()
    thread = threading.Thread(
        target=train, args=(learner, batches_from), kwargs={"folder": tmp_path, "num_updates": 3}
    )
    thread.start()
    thread.join()
    assert learner.num_updates == 3


def test_a_loss_that_is_not_finite_names_the_update_and_is_not_saved(tmp_path: Path) -> None:
    def broken_from(start: int) -> Iterator[Batch]:
        for index, batch in enumerate(batches_from(start), start):
            yield {"x": np.full(2, np.nan)} if index == 4 else batch

    with pytest.raises(TrainingError, match="update 5: loss is nan"):
        train(SumLearner(), broken_from, folder=tmp_path, num_updates=9, checkpoint_every=2)
    assert (tmp_path / "checkpoints" / "last").resolve().name == "update_000004"


def test_data_that_ends_too_early_is_an_error(tmp_path: Path) -> None:
    def three_from(start: int) -> Iterator[Batch]:
        return iter([{"x": np.ones(2)}] * 3)

    with pytest.raises(TrainingError, match="ended after update 3"):
        train(SumLearner(), three_from, folder=tmp_path, num_updates=9)


def test_a_folder_with_a_run_is_not_overwritten(tmp_path: Path) -> None:
    train(SumLearner(), batches_from, folder=tmp_path, num_updates=2)
    with pytest.raises(CheckpointError, match="already holds a run"):
        train(SumLearner(), batches_from, folder=tmp_path, num_updates=2)


def test_resuming_without_a_checkpoint_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint to resume"):
        train(SumLearner(), batches_from, folder=tmp_path, num_updates=2, resume=True)


def test_resuming_a_finished_run_does_nothing(tmp_path: Path) -> None:
    train(SumLearner(), batches_from, folder=tmp_path, num_updates=4)
    summary = train(SumLearner(), batches_from, folder=tmp_path, num_updates=4, resume=True)
    assert (summary.num_updates, summary.checkpoint) == (4, None)


def test_metrics_hold_means_and_survive_a_resume_without_doubles(tmp_path: Path) -> None:
    train(SumLearner(), batches_from, folder=tmp_path, num_updates=4, log_every=2)
    path = tmp_path / "metrics.jsonl"
    path.write_text(  # as a killed run leaves it: one record after the checkpoint, one cut off
        path.read_text() + '{"update": 6, "split": "train", "loss": 9}\n{"update": 8, "sp'
    )
    summary = train(
        SumLearner(), batches_from, folder=tmp_path, num_updates=8, log_every=2, resume=True
    )
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert records == summary.history
    assert [record["update"] for record in records] == [2, 4, 6, 8]
    assert records[0]["loss"] == pytest.approx((0.0 + 2.0) / 2)  # after batches of 0 and of 1


def test_validation_weighs_samples_not_batches(tmp_path: Path) -> None:
    watcher = Watcher()
    train(
        SumLearner(),
        batches_from,
        folder=tmp_path,
        num_updates=1,
        make_validation_batches=lambda: [{"x": np.zeros(3)}, {"x": np.ones(1)}],
        observers=[watcher],
    )
    assert ("validation", (1, 0.25)) in watcher.events


def test_waiting_for_data_is_measured_and_the_loader_is_closed(tmp_path: Path) -> None:
    closed = []

    def slow_from(start: int) -> Iterator[Batch]:
        try:
            for batch in batches_from(start):
                time.sleep(0.01)
                yield batch
        finally:
            closed.append(True)

    summary = train(SumLearner(), slow_from, folder=tmp_path, num_updates=20)
    assert summary.seconds >= 0.2
    assert summary.data_wait_fraction >= 0.2 / summary.seconds
    assert summary.data_wait_fraction <= 1
    assert closed == [True]


@pytest.mark.parametrize("name", ["checkpoint_every", "validation_every", "log_every"])
def test_a_period_below_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainingError, match=f"{name} must be at least 1"):
        train(SumLearner(), batches_from, folder=tmp_path, num_updates=1, **{name: 0})
