"""`robolearn demo`: record, train, evaluate, deploy and report, from nothing, in minutes."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from robolearn.cli import evaluate, record, train
from robolearn.cli.choices import compose_config
from robolearn.cli.report import Report, write_report
from robolearn.cli.twin import expand_twin
from robolearn.errors import RobolearnError
from robolearn.worker_process import count_cores

EVALUATION, DEPLOYMENT = "evaluate", "deployment"  # the stages that evaluate


@dataclass(frozen=True)
class Stage:
    """One stage of the demo: a command with its options.

    Attributes:
        name: of the stage, and of its folder.
        command: what is run.
        words: its options, as on the command line.
        run: runs it; returns a `Report` where it evaluates.
    """

    name: str
    command: str
    words: list[str]
    run: Callable[[DictConfig, Path], Any]

    def describe(self) -> str:
        """Returns the command line that does the same by itself."""
        return f"robolearn {self.command} {shlex.join(self.words)}"


def run(config: DictConfig, folder: Path) -> None:
    """Runs the stages in turn, into an emptied folder, and writes the report."""
    started_s = time.monotonic()
    console = Console(stderr=True)
    clear_folder(folder)
    stages = make_stages(config, folder)
    stages_s: dict[str, float] = {}
    outcomes: dict[str, Any] = {}
    for stage in stages:
        console.print(f"\n[bold]{stage.describe()}[/bold]", highlight=False)
        stage_started_s = time.monotonic()
        with expand_twin(stage.words, stage.command) as words:
            config = compose_config(stage.command, words)
            outcomes[stage.name] = stage.run(config, folder / stage.name)
        stages_s[stage.name] = round(time.monotonic() - stage_started_s, 2)
    report: Report = outcomes[EVALUATION]
    deployment: Report | None = outcomes.get(DEPLOYMENT)
    report = replace(
        report,
        figures={**report.figures, "seconds_total": round(time.monotonic() - started_s, 2)},
        deployment=deployment,
        stages_s=stages_s,
        commands=[stage.describe() for stage in stages],
    )
    path = write_report(report, folder)
    evaluate.print_summary(report, path)
    if deployment is not None:
        console.print("in real time, through the motors' own protocol:", end=" ")
        evaluate.print_summary(deployment, path)


def make_stages(config: DictConfig, folder: Path) -> list[Stage]:
    """Returns the stages with everything they are told."""
    workers = config.workers or count_cores()
    data, run_folder = folder / "data", folder / "train"
    stages = [
        Stage(
            "record",
            "record",
            [
                *config.record,
                f"dataset={data}",
                f"episodes={config.demonstrations}",
                f"workers={workers}",
            ],
            _record_to_the_end,
        ),
        Stage(
            "train",
            "train",
            [
                *config.train,
                f"dataset={data}",
                f"output={run_folder}",
                f"updates={config.updates}",
                f"seed={config.seed}",
            ],
            _train_to_the_end,
        ),
        Stage(
            EVALUATION,
            "evaluate",
            [
                *config.evaluate,
                f"checkpoint={run_folder}",
                f"output={folder / 'evaluate'}",
                f"episodes={config.episodes}",
                f"workers={workers}",
            ],
            evaluate.evaluate,
        ),
    ]
    if config.deployment_episodes:
        deployment = [
            *config.deployment,
            f"checkpoint={run_folder}",
            f"output={folder / DEPLOYMENT}",
            f"episodes={config.deployment_episodes}",
            f"workers={workers}",
        ]
        stages.append(Stage(DEPLOYMENT, "evaluate", deployment, evaluate.evaluate))
    return stages


def clear_folder(folder: Path) -> None:
    """Removes what an earlier demo left in its own subfolders, and nothing else.

    Raises:
        RobolearnError: if the folder holds something a demo does not make.
    """
    folders = {"data", "record", "train", EVALUATION, DEPLOYMENT}
    ours = {*folders, "report.html", "report.json", "multirun.yaml"}
    strangers = sorted({p.name for p in folder.iterdir()} - ours) if folder.is_dir() else []
    if strangers:
        raise RobolearnError(
            f"{folder} holds {', '.join(strangers)}, which no demo made: choose another output"
        )
    for name in ours:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _record_to_the_end(config: DictConfig, folder: Path) -> None:
    """Records; an interrupted recording ends the demo."""
    if record.record(config).kept < config.episodes:
        raise KeyboardInterrupt


def _train_to_the_end(config: DictConfig, folder: Path) -> None:
    """Trains; an interrupted training ends the demo."""
    if train.train_policy(config, folder).interrupted:
        raise KeyboardInterrupt
