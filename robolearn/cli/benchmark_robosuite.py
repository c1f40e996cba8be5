"""`robolearn benchmark robosuite`: every task and arm of robosuite behind our interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures
from robolearn.cli.provenance import collect_provenance
from robolearn.errors import RobolearnError

COLUMNS = {
    "task": "task",
    "arm": "arm",
    "env_steps_per_s": "steps/s",
    "own_steps_per_s": "own loop",
    "camera_steps_per_s": "cameras",
    "reset_ms": "reset ms",
    "problem": "problem",
}


def run(config: DictConfig, folder: Path) -> None:
    """Tries them, prints a table and writes the figures where `json` says.

    Raises:
        RobolearnError: if any of them has a problem; names them, after everything was tried.
    """
    with Console(stderr=True).status("trying every task and arm, for minutes"):
        rows: list[dict[str, Any]] = build(config.walk)
    print_rows(rows)
    write_figures(config.json, {"robosuite": rows, "provenance": collect_provenance()})
    wrong = [f"{row['task']} with {row['arm']}: {row['problem']}" for row in rows if row["problem"]]
    if wrong:
        raise RobolearnError(f"{len(wrong)} of {len(rows)} have a problem: {'; '.join(wrong)}")


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Prints one line for each task and arm."""
    table = Table(title="robosuite behind our interface", title_justify="left")
    for heading in COLUMNS.values():
        table.add_column(heading)
    for row in rows:
        table.add_row(*(escape(_format(row.get(name))) for name in COLUMNS))
    Console().print(table)


def _format(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
