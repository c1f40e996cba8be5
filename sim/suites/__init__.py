"""Suites: versioned lists of tasks. A module here lists its suites in `SUITES`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from robolearn.errors import UnknownNameError
from robolearn.sim.suites.suite import Suite, TaskDescription
from robolearn.task import Task


@functools.cache
def list_suites() -> Mapping[str, Suite]:
    """Returns every suite by name."""
    modules = sorted(info.name for info in pkgutil.iter_modules(__path__))
    found = [
        suite
        for name in modules
        for suite in getattr(importlib.import_module(f"{__name__}.{name}"), "SUITES", ())
    ]
    return {suite.name: suite for suite in found}


def get_suite(name: str) -> Suite:
    """Returns the suite of that name.

    Raises:
        UnknownNameError: if there is none.
    """
    suites = list_suites()
    if name not in suites:
        raise UnknownNameError("suite", name, suites)
    return suites[name]


def describe_task(suite: str, task_id: str) -> TaskDescription:
    """Describes a task of a suite.

    Raises:
        UnknownNameError: if there is no such suite or task.
    """
    return get_suite(suite).describe(task_id)


def make_task(
    suite: str,
    id: str,
    name: str | None = None,
    instruction: str | None = None,
    time_limit_s: float | None = None,
    starts: str = "fresh",
    options: Mapping[str, Any] | None = None,
) -> Task:
    """Builds a task of a suite, as `configs/task/suite.yaml` describes it.

    Args:
        suite: its name.
        id: of the task within the suite.
        name: of the task; by default that of suite and id.
        instruction: the goal in words; the task's own if none is given.
        time_limit_s: the task's own if none is given [s].
        starts: `fresh`, drawn from each seed, or `stored`, where the seed is the number of a start.
        options: what else the task's class takes, as `judgement: loose`.

    Raises:
        UnknownNameError: if there is no such suite, task, or kind of starts.
        RobolearnError: if the suite stores no starts.
    """
    found = get_suite(suite)
    given = {"name": name, "instruction": instruction, "time_limit_s": time_limit_s}
    given = {key: value for key, value in given.items() if value is not None}
    task = found.make_task(id, **given, **(options or {}))
    if starts not in ("fresh", "stored"):
        raise UnknownNameError("kind of starts", starts, ("fresh", "stored"))
    if starts == "stored":
        task.stored_starts = found.load_starts(id)
    return task
