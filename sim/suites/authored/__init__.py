"""What our suites of BDDL files are written from: a module for each, with `make_problems`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

from robolearn.errors import UnknownNameError
from robolearn.sim.bddl.problem import Problem
from robolearn.sim.bddl.writer import write_problem


def list_authored() -> tuple[str, ...]:
    """Returns the names of the suites that are written here."""
    return tuple(sorted(info.name for info in pkgutil.iter_modules(__path__)))


def make_problems(suite: str) -> Mapping[str, Problem]:
    """Returns the tasks of a suite, by their names within it.

    Raises:
        UnknownNameError: if no suite of that name is written here.
    """
    if suite not in list_authored():
        raise UnknownNameError("suite", suite, list_authored(), "among those written from recipes")
    module = importlib.import_module(f"{__name__}.{suite}")
    found: Mapping[str, Problem] = module.make_problems()
    return found


def write_suite(suite: str, folder: Path) -> None:
    """Writes a file for each task of a suite, and removes those of tasks that are no more.

    Raises:
        UnknownNameError: if no suite of that name is written here.
    """
    problems = make_problems(suite)
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.bddl"):
        if path.stem not in problems:
            path.unlink()
    for task_id, problem in problems.items():
        (folder / f"{task_id}.bddl").write_text(write_problem(problem), "utf-8")
