"""`robolearn suite show`: what a task is, with a picture of one start."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import load_environment
from robolearn.cli.contact_sheet import draw_start, write_picture
from robolearn.environment import Environment


def run(config: DictConfig, folder: Path) -> None:
    """Prints the task, and draws its start where `output` says."""
    environment = load_environment(config.name, config.body)
    try:
        Console().print(_tabulate(environment))
        if config.output is not None:
            picture = draw_start(environment, config.seed, config.camera)
            write_picture(picture, Path(config.output))
    finally:
        environment.close()


def _tabulate(environment: Environment) -> Table:
    task = environment.task
    table = Table(title=escape(task.name), title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("instruction", escape(task.instruction))
    table.add_row("time limit", f"{task.time_limit_s:g} s")
    table.add_row("robot", environment.robot.embodiment.name)
    for key, spec in task.observation_spec.items():
        table.add_row(key, escape(", ".join(spec.channels or ())))
    return table
