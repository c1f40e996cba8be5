"""`robolearn suite store`: start states of every task of a suite, for everybody to begin from."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from robolearn.cli.assemble import build, load_environment
from robolearn.cli.progress import ProgressBar
from robolearn.cli.suite_tasks import SUITES


def run(config: DictConfig, folder: Path) -> None:
    """Draws the starts from seeds of their own, and says where they are stored."""
    suite = build({"_target_": f"{SUITES}.get_suite"}, name=config.suite)
    collect = {"_target_": f"{SUITES}.starts.collect_starts"}
    stored = []
    with ProgressBar("store", len(suite.task_ids), "tasks") as bar:
        for task_id in suite.task_ids:
            environment = load_environment(f"{suite.name}/{task_id}")
            seeds = range(config.seed, config.seed + config.starts)
            stored.append(build(collect, environment=environment, seeds=seeds))
            environment.close()
            bar.advance(1, task_id)
    save = {"_target_": f"{SUITES}.starts.save_starts"}
    arguments = {} if config.folder is None else {"folder": Path(config.folder)}
    path = build(save, suite=suite.name, version=suite.version, starts=stored, **arguments)
    Console(stderr=True).print(f"stored: {path}", highlight=False)
