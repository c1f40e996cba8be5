"""`task=SUITE/NAME` and `task=FILE.bddl`: turned into the options that describe such a task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robolearn.cli.assemble import build
from robolearn.cli.choices import compose_config, find_choice

DESCRIBE = {"_target_": "robolearn.sim.suites.describe_task"}


def expand_suite_task(words: Sequence[str], config_name: str) -> list[str]:
    """Writes out a task that is named by suite or file; all other lines stay as they are.

    A line that names no robot gets the one that the suite is meant for, if the command has one.

    Raises:
        UnknownNameError: if there is no such suite or task.
    """
    task = find_choice("task", words)
    if task is None:
        return list(words)
    others = [word for word in words if word.partition("=")[0] != "task"]
    if task.endswith(".bddl"):
        return [
            "task=bddl",
            f"task.file={_quote(task)}",
            f"task.name={_quote(Path(task).stem)}",
            *others,
        ]
    suite, slash, task_id = task.partition("/")
    if not slash:
        return list(words)
    description: Any = build(DESCRIBE, suite=suite, task_id=task_id)
    expanded = [
        "task=suite",
        f"task.suite={suite}",
        f"task.id={_quote(task_id)}",
        f"task.instruction={_quote(description.instruction)}",
        f"task.time_limit_s={description.time_limit_s}",
    ]
    if find_choice("robot", words) is None and "robot" in compose_config(config_name):
        expanded.insert(0, f"robot={description.robot}")
    return [*expanded, *others]


def _quote(text: str) -> str:
    """Returns a text as Hydra takes it whole."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
