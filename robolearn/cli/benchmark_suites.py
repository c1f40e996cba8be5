"""`robolearn benchmark suites`: every task of every suite loads, resets, and is solved."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures
from robolearn.cli.progress import ProgressBar
from robolearn.cli.provenance import collect_provenance
from robolearn.cli.suite_tasks import SUITES
from robolearn.cli.suite_walk import Stop, TaskWalker, Visit
from robolearn.errors import RobolearnError
from robolearn.evaluation import run_seeds
from robolearn.worker_process import count_cores

SOLVED_FROM = 0.5  # success rate from which a task counts as solved


def run(config: DictConfig, folder: Path) -> None:
    """Walks, prints a line for each suite, and writes the figures where `json` says."""
    if min(config.episodes, config.resets) < 0:
        raise RobolearnError("episodes and resets must be 0 or more")
    stops = list_stops(config)
    make_walker = functools.partial(TaskWalker, stops, config.episodes, config.resets, config.seed)
    visits: dict[int, Visit] = {}
    with ProgressBar("suites", len(stops), "tasks") as bar:

        def note(number: int, visit: Visit) -> None:
            visits[number] = visit
            bar.advance(1, f"{visit.task}: {visit.successes} of {visit.episodes}")

        done = run_seeds(make_walker, range(len(stops)), config.workers or count_cores(), note)
    if done.interrupted:
        raise RobolearnError(f"interrupted: {len(done.missing)} tasks are missing")
    summaries = summarize([done.results[number] for number in range(len(stops))])
    Console().print(make_table(summaries))
    for line in list_problems([done.results[number] for number in range(len(stops))]):
        Console().print(line, highlight=False, markup=False)
    write_figures(config.json, {"suites": summaries, "provenance": collect_provenance()})


def list_stops(config: DictConfig) -> list[Stop]:
    """Returns the tasks to walk by.

    Raises:
        UnknownNameError: if a suite does not exist.
        RobolearnError: if the folder holds no BDDL files.
    """
    judgement = config.judgement
    if config.libero_bddl is not None:
        find = {"_target_": f"{SUITES}.bddl_suite.find_suites"}
        suites = build(find, folder=Path(config.libero_bddl))
        return [
            Stop(
                suite.name,
                str(suite.folder / f"{task_id}.bddl"),
                config.body or suite.robot,
                (("task__judgement", judgement),),
            )
            for suite in suites
            for task_id in suite.task_ids
        ]
    names = config.suites or list(build({"_target_": f"{SUITES}.list_suites"}))
    options = () if judgement == "strict" else (("task__options", f"{{judgement: {judgement}}}"),)
    return [
        Stop(suite.name, f"{suite.name}/{task_id}", config.body or suite.robot, options)
        for suite in (build({"_target_": f"{SUITES}.get_suite"}, name=name) for name in names)
        for task_id in suite.task_ids
    ]


def list_problems(visits: Sequence[Visit]) -> list[str]:
    """Returns a line for each task that is wrong, or that the expert fails more often than not."""
    problems = []
    for visit in visits:
        if visit.error:
            problems.append(visit.error)
        elif visit.episodes and visit.successes / visit.episodes < SOLVED_FROM:
            failed = ", ".join(dict.fromkeys(visit.failed_skills))
            problems.append(
                f"{visit.task}: {visit.successes} of {visit.episodes} solved, failed: {failed}"
            )
    return problems


def summarize(visits: Sequence[Visit]) -> list[dict[str, Any]]:
    """Returns a summary for each suite, its tasks one by one within."""
    names = dict.fromkeys(visit.suite for visit in visits)
    return [_summarize(name, [v for v in visits if v.suite == name]) for name in names]


def _summarize(name: str, visits: list[Visit]) -> dict[str, Any]:
    episodes = sum(visit.episodes for visit in visits)
    rates = [visit.successes / visit.episodes for visit in visits if visit.episodes]
    speeds = [visit.env_steps_per_s for visit in visits if visit.episodes]
    return {
        "name": name,
        "tasks": len(visits),
        "loaded": sum(visit.loaded for visit in visits),
        "resets_ok": sum(visit.loaded and visit.resets_ok == visit.resets for visit in visits),
        "expert_success_rate": sum(v.successes for v in visits) / episodes if episodes else None,
        "episodes": episodes,
        "lowest_task_success_rate": min(rates, default=None),
        "tasks_solved": sum(rate >= SOLVED_FROM for rate in rates),
        "env_steps_per_s": statistics.median(speeds) if speeds else None,
        "lowest_env_steps_per_s": min(speeds, default=None),
        "by_task": [visit.to_json() for visit in visits],
    }


def make_table(summaries: Sequence[dict[str, Any]]) -> Table:
    """Returns a table with a line for each suite."""
    table = Table(
        title="Suites, each task tried by its expert",
        title_justify="left",
        box=None,  # all columns fit into a terminal of 80
        padding=(0, 1, 0, 0),
    )
    table.add_column("suite", no_wrap=True)
    columns = ("tasks", "loaded", "resets ok", "episodes", "success", "lowest task", "solved")
    for column in (*columns, "steps/s"):
        table.add_column(column, justify="right")
    for row in summaries:
        rates = (row["expert_success_rate"], row["lowest_task_success_rate"])
        table.add_row(
            escape(row["name"]),
            *(str(row[key]) for key in ("tasks", "loaded", "resets_ok", "episodes")),
            *("" if rate is None else f"{rate:.3f}" for rate in rates),
            str(row["tasks_solved"]),
            f"{row['env_steps_per_s'] or 0:.0f}",
        )
    return table
