"""`robolearn train`: a policy from a store of demonstrations."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures
from robolearn.cli.progress import TrainingProgress
from robolearn.cli.provenance import collect_provenance
from robolearn.cli.tracking import TensorBoardObserver
from robolearn.errors import RobolearnError
from robolearn.training import TrainingSummary, train
from robolearn.worker_process import count_cores

CONFIG_FILE = "config.yaml"
PROVENANCE_FILE = "provenance.json"
SUMMARY_FILE = "training.json"


def run(config: DictConfig, folder: Path) -> None:
    """Trains into `folder` and says how it went."""
    summary = train_policy(config, folder)
    word = "interrupted" if summary.interrupted else "done"
    Console(stderr=True).print(
        f"{word} after {summary.num_updates} updates ({summary.seconds:.1f} s,"
        f" {summary.data_wait_fraction:.1%} of it waiting for data): {summary.checkpoint}",
        highlight=False,
    )


def train_policy(config: DictConfig, folder: Path) -> TrainingSummary:
    """Trains a policy; the folder gets checkpoints, metrics, configuration and provenance.

    Raises:
        RobolearnError: as the dataset, the learner or the loop raises.
    """
    # Read by torch when it is first imported, which building the learner does.
    os.environ.setdefault("OMP_NUM_THREADS", str(config.threads or count_cores()))
    dataset = build(config.data)
    learner = build(
        config.policy,
        observation_spec=dataset.observation_spec,
        action_spec=dataset.action_spec,
        statistics=dataset.statistics,
        trained_on=dataset.trained_on,
        total_updates=config.updates,
        seed=config.seed,
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_origin(config, folder)
    make_validation_batches = None
    if dataset.validation_episodes:
        make_validation_batches = lambda: dataset.make_validation_batches(256)  # noqa: E731
    progress = TrainingProgress()
    tracking = TensorBoardObserver(folder / "tensorboard")
    with closing(progress), closing(tracking):
        summary = train(
            learner,
            lambda start: dataset.make_batches(config.batch_size, config.seed, start),
            folder=folder,
            num_updates=config.updates,
            checkpoint_every=config.checkpoint_every,
            validation_every=config.validate_every,
            make_validation_batches=make_validation_batches,
            observers=[progress, tracking],
            resume=config.resume,
        )
    write_figures(folder / SUMMARY_FILE, _describe(summary, dataset))
    return summary


def write_origin(config: DictConfig, folder: Path) -> None:
    """Writes the resolved configuration and where the run came from beside its results."""
    (folder / CONFIG_FILE).write_text(OmegaConf.to_yaml(config, resolve=True), "utf-8")
    write_figures(folder / PROVENANCE_FILE, collect_provenance())


def read_summary(folder: Path) -> dict[str, Any]:
    """Reads the figures a finished training run left in its folder.

    Raises:
        RobolearnError: if they are there but cannot be read; an absent file gives nothing.
    """
    path = folder / SUMMARY_FILE
    if not path.is_file():
        return {}
    try:
        figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise RobolearnError(f"{path} is not JSON: {error}") from error
    return figures


def _describe(summary: TrainingSummary, dataset: Any) -> dict[str, Any]:
    return {
        "updates": summary.num_updates,
        "training_seconds": round(summary.seconds, 2),
        "data_wait_fraction": summary.data_wait_fraction,
        "demonstrations": len(dataset.train_episodes) + len(dataset.validation_episodes),
        "interrupted": summary.interrupted,
    }
