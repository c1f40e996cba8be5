"""`robolearn benchmark metaworld`: its tasks through our interface beside its own loop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures
from robolearn.cli.progress import ProgressBar
from robolearn.cli.provenance import collect_provenance, count_cores

NUM_TASKS = 50


def run(config: DictConfig, folder: Path) -> None:
    """Measures, prints a table and writes the figures where `json` says."""
    num_tasks = NUM_TASKS if config.tasks is None else len(config.tasks)
    with ProgressBar("metaworld", num_tasks, "tasks") as bar:
        rows = build(
            config.measure,
            workers=config.workers or count_cores(),
            on_task=lambda name: bar.advance(1, name),
        )
    Console().print(make_table(rows))
    write_figures(config.json, {"metaworld": rows, "provenance": collect_provenance()})


def make_table(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """Returns a table with a line for each task and one for all."""
    title = "Meta-World's scripted policies through our interface, and through its own loop"
    table = Table(title=title, title_justify="left")
    table.add_column("task", overflow="fold")
    for heading in ("succeeded\nours", "\nown", "same\nreturn", "steps/s\nours", "\nown"):
        table.add_column(heading, justify="right")
    for name, row in rows.items():
        if name == "total":
            table.add_section()
        episodes = row["episodes"]
        table.add_row(
            name,
            f"{row['successes']} of {episodes}",
            f"{row['own_successes']} of {episodes}",
            f"{row['same_returns']} of {episodes}",
            f"{row['steps_per_s']:.0f}",
            f"{row['own_steps_per_s']:.0f}",
        )
    return table
