"""`robolearn benchmark control`: the rate a control loop reaches on a robot, and how evenly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures
from robolearn.cli.progress import ProgressBar
from robolearn.control_benchmark import count_turns, measure_control
from robolearn.errors import RobolearnError
from robolearn.robot import Robot

_COLUMNS = {
    "asked": "Hz",
    "loop": "",
    "reached": "Hz",
    "p50": "ms",
    "p99": "ms",
    "error p99": "ms",
    "overruns": "",
    "bus errors": "",
}


def run(config: DictConfig, folder: Path) -> None:
    """Measures, prints a table and writes the figures where `json` says."""
    rates_hz = [float(rate_hz) for rate_hz in config.rates_hz]
    if not rates_hz or min(rates_hz) <= 0 or config.seconds <= 0:
        raise RobolearnError(
            f"rates_hz and seconds must be above 0, got {rates_hz} and {config.seconds}"
        )
    robot: Robot = build(config.robot)
    with robot, ProgressBar("control", count_turns(rates_hz), "turns") as bar:
        rows = measure_control(robot, rates_hz, config.seconds, bar.advance)
    cameras = ", ".join(robot.cameras) or "none"
    Console().print(make_table(f"Control loop of {rows[0]['robot']}, cameras: {cameras}", rows))
    write_figures(config.json, {"control": rows})


def make_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Returns a table with a line for each rate and loop."""
    table = Table(title=title, title_justify="left")
    for heading, unit in _COLUMNS.items():
        justify: Literal["left", "right"] = "left" if heading == "loop" else "right"
        table.add_column(f"{heading}\n{unit}", justify=justify)
    for row in rows:
        table.add_row(
            f"{row['rate_hz']:g}",
            row["loop"],
            f"{row['achieved_hz']:.2f}",
            f"{row['period_p50_ms']:.2f}",
            f"{row['period_p99_ms']:.2f}",
            f"{row['error_p99_ms']:.2f}",
            str(row["overruns"]),
            str(row["bus_errors"]),
        )
    return table
