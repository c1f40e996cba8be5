"""`robolearn suite list`: the suites there are, or the tasks of one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures
from robolearn.cli.suite_tasks import SUITES


def run(config: DictConfig, folder: Path) -> None:
    """Prints a table, and writes the same as JSON where `json` says."""
    if config.suite is None:
        suites = build({"_target_": f"{SUITES}.list_suites"}).values()
        Console().print(_tabulate_suites(suites))
        figures: Any = [
            {
                "name": suite.name,
                "version": suite.version,
                "robot": suite.robot,
                "summary": suite.summary,
                "tasks": list(suite.task_ids),
            }
            for suite in suites
        ]
    else:
        suite = build({"_target_": f"{SUITES}.get_suite"}, name=config.suite)
        tasks = [suite.describe(task_id) for task_id in suite.task_ids]
        Console().print(_tabulate_tasks(suite, tasks))
        figures = [asdict(task) for task in tasks]
    write_figures(config.json, {"suites" if config.suite is None else "tasks": figures})


def _tabulate_suites(suites: Any) -> Table:
    table = Table(title="Suites", title_justify="left")
    table.add_column("suite", no_wrap=True)
    table.add_column("version", justify="right")
    table.add_column("tasks", justify="right")
    table.add_column("robot", no_wrap=True)
    table.add_column("what its tasks have in common", overflow="fold")
    for suite in suites:
        counts = (str(suite.version), str(len(suite.task_ids)))
        table.add_row(suite.name, *counts, suite.robot, escape(suite.summary))
    return table


def _tabulate_tasks(suite: Any, tasks: list[Any]) -> Table:
    title = f"{suite.name}, version {suite.version}: {suite.summary}"
    table = Table(title=escape(title), title_justify="left")
    table.add_column("task=", overflow="fold")
    table.add_column("instruction", overflow="fold")
    table.add_column("goal", overflow="fold")
    for task in tasks:
        table.add_row(escape(task.name), escape(task.instruction), escape("\n".join(task.goal)))
    return table
