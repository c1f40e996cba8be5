"""`robolearn benchmark cloning`: behaviour cloning on the first tasks of each suite.

Each task gets demonstrations of its expert and a policy of its own, which is evaluated on the
suite's stored starts: as they are, and perturbed along one axis after the other.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli import evaluate, record, train
from robolearn.cli.assemble import build
from robolearn.cli.choices import compose_config
from robolearn.cli.figures import write_figures
from robolearn.cli.provenance import collect_provenance
from robolearn.cli.suite_tasks import SUITES, expand_suite_task
from robolearn.errors import IncompatibleError, RobolearnError
from robolearn.metrics import summarize
from robolearn.worker_process import count_cores

PLAIN = "plain"
RESULT_FILE = "cloning.json"


def run(config: DictConfig, folder: Path) -> None:
    """Goes through the tasks, prints a line for each, and writes the figures."""
    names = config.suites or list(build({"_target_": f"{SUITES}.list_suites"}))
    suites = [build({"_target_": f"{SUITES}.get_suite"}, name=name) for name in names]
    tasks = [
        (f"{suite.name}/{task_id}", suite.robot)
        for suite in suites
        for task_id in suite.task_ids[: config.tasks]
    ]
    rows = []
    for number, (task, robot) in enumerate(tasks, start=1):
        Console(stderr=True).print(f"\n[bold]{number} of {len(tasks)}: {task}[/bold]")
        rows.append(_clone(config, task, robot, Path(config.output) / task))
        write_figures(config.json, {"cloning": rows, "provenance": collect_provenance()})
    Console().print(make_table(rows, [PLAIN, *config.perturbations]))


def _clone(config: DictConfig, task: str, robot: str, folder: Path) -> dict[str, Any]:
    """Records, trains and evaluates; a task that was finished before is read."""
    finished = folder / RESULT_FILE
    if finished.is_file():
        row: dict[str, Any] = json.loads(finished.read_text("utf-8"))
        return row
    began_s = time.monotonic()
    workers = config.workers or count_cores()
    if not (folder / "train" / train.SUMMARY_FILE).is_file():
        _record(config, task, config.recorded_on.get(robot, robot), folder, workers)
        words = [
            f"policy={config.policy_of.get(robot, config.policy)}",
            f"dataset={folder / 'data'}",
            f"output={folder / 'train'}",
            f"updates={config.updates}",
            f"batch_size={config.batch_size}",
            f"seed={config.seed}",
            f"resume={(folder / 'train' / 'checkpoints').is_dir()}",
        ]
        if train.train_policy(compose_config("train", words), folder / "train").interrupted:
            raise KeyboardInterrupt
    rates = {
        way: _evaluate(config, task, folder, way, workers) for way in (PLAIN, *config.perturbations)
    }
    row = {"task": task, "seconds": round(time.monotonic() - began_s, 1), **rates}
    write_figures(finished, row)
    return row


def _record(config: DictConfig, task: str, robot: str, folder: Path, workers: int) -> None:
    missing = config.demonstrations - _count_episodes(folder / "data")
    if missing <= 0:
        return
    words = [
        f"task={task}",
        f"robot={robot}",
        f"dataset={folder / 'data'}",
        f"episodes={missing}",
        f"workers={workers}",
    ]
    expanded = expand_suite_task(words, "record")
    if record.record(compose_config("record", expanded)).kept < missing:
        raise KeyboardInterrupt


def _count_episodes(store: Path) -> int:
    if not store.is_dir():
        return 0
    inspect = {"_target_": "robolearn.datasets.info.summarize_store"}
    count: int = build(inspect, path=str(store)).to_json()["num_episodes"]
    return count


def _evaluate(
    config: DictConfig, task: str, folder: Path, way: str, workers: int
) -> dict[str, Any] | None:
    """Returns the success rate with its interval; None where an axis has no meaning for a body."""
    words = [
        f"task={task}",
        "task.starts=stored",
        "seed=0",
        f"episodes={config.episodes}",
        f"workers={workers}",
        "filmed=0",
        f"checkpoint={folder / 'train'}",
        f"output={folder / way}",
    ]
    if way != PLAIN:
        words.append(f"perturb.{way}={config.strength}")
    try:
        expanded = expand_suite_task(words, "evaluate")
        report = evaluate.evaluate(compose_config("evaluate", expanded), folder / way)
    except IncompatibleError as error:
        if way == PLAIN:
            raise
        Console(stderr=True).print(f"{task} is not perturbed by {way}: {error}", highlight=False)
        return None
    if len(report.results) < config.episodes:
        raise RobolearnError(f"{task}, {way}: interrupted")
    return dataclasses.asdict(summarize(report.results))


def make_table(rows: Sequence[dict[str, Any]], ways: Sequence[str]) -> Table:
    """Returns a table with a line for each task: rate and interval for each way, in percent."""
    title = "Behaviour cloning on stored starts: success in %, with its 95 % interval"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("task", overflow="fold")
    for way in ways:
        table.add_column(way, justify="right")
    for row in rows:
        table.add_row(escape(row["task"]), *(_describe(row[way]) for way in ways))
    return table


def _describe(summary: dict[str, Any] | None) -> str:
    if summary is None:
        return "none"
    ends = ("success_rate", "success_rate_low", "success_rate_high")
    rate, low, high = (round(100 * summary[end]) for end in ends)
    return f"{rate} ({low} to {high})"
