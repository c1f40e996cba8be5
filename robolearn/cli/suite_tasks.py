"""`task=SUITE/NAME` and `task=FILE.bddl`: turned into the options that describe such a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robolearn.cli.assemble import build
from robolearn.cli.choices import compose_config, find_choice

SUITES = "robolearn.sim.suites"
BDDL_TASK = "robolearn.sim.tasks.bddl_task.BddlTask"


def expand_suite_task(words: Sequence[str], config_name: str) -> list[str]:
    """Writes out a task that is named by suite or file; all other lines stay as they are.

    The task's own words and time limit go into the line, where a person beside a physical robot
    needs them too. A line that names no robot gets the one that the suite is meant for.

    Raises:
        UnknownNameError: if there is no such suite or task.
        RobolearnError: if the file is no BDDL task.
    """
    task = find_choice("task", words)
    if task is None or not (task.endswith(".bddl") or "/" in task):
        return list(words)
    others = [word for word in words if word.partition("=")[0] != "task"]
    if task.endswith(".bddl"):
        found = build({"_target_": BDDL_TASK}, file=task)
        named = ["task=bddl", f"task.file={_quote(task)}"]
        return [*named, *_describe(found), *others]
    suite, _, task_id = task.partition("/")
    found = build({"_target_": f"{SUITES}.describe_task"}, suite=suite, task_id=task_id)
    named = ["task=suite", f"task.suite={suite}", f"task.id={_quote(task_id)}"]
    if find_choice("robot", words) is None and "robot" in compose_config(config_name):
        named.insert(0, f"robot={found.robot}")
    return [*named, *_describe(found), *others]


def _describe(task: Any) -> list[str]:
    return [
        f"task.name={_quote(task.name)}",
        f"task.instruction={_quote(task.instruction)}",
        f"task.time_limit_s={task.time_limit_s}",
    ]


def _quote(text: str) -> str:
    """Returns a text as Hydra takes it whole."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
