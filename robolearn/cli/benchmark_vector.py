"""`robolearn benchmark vector`: many worlds at once, beside the physics alone and beside others."""

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

# Heading of a column, and where its figure is.
_STATE_COLUMNS = {
    "ours\nsteps/s": "env_steps_per_s",
    "physics\nsteps/s": "physics_limit_steps_per_s",
    "share of\nphysics": "share_of_physics_limit",
    "Async\nsteps/s": "async_vector_env_steps_per_s",
    "times\nAsync": "times_async_vector_env",
    "EnvPool\nsteps/s": "envpool_metaworld_steps_per_s",
}
_CAMERA_COLUMNS = {
    "ours\nsteps/s": "env_steps_per_s",
    "one world,\none core\nsteps/s": "single_world_steps_per_s",
    "share of\ncores x that": "share_of_cores",
}
_GPU_COLUMNS = {
    "ours\nsteps/s": "env_steps_per_s",
    "the GPU's part\nsteps/s": "gpu_physics_steps_per_s",
    "the CPU\nsteps/s": "cpu_env_steps_per_s",
    "times\nthe CPU": "times_cpu",
}
_TABLES = (
    ("state", "state only", _STATE_COLUMNS),
    ("cameras", "two cameras", _CAMERA_COLUMNS),
    ("gpu", "physics on a GPU", _GPU_COLUMNS),
)


def run(config: DictConfig, folder: Path) -> None:
    """Measures, prints tables and writes the figures where `json` says."""
    sizes = (config.num_worlds, config.camera_num_worlds, config.gpu_num_worlds)
    num_rounds = config.repeats * sum(len(numbers) for numbers in sizes)
    with ProgressBar("many worlds", num_rounds, "rounds") as bar:
        figures: dict[str, Any] = build(config.measure, on_round=bar.advance)
    title = f"{figures['task']}, {figures['cores']} cores"
    console = Console()
    for name, words, columns in _TABLES:
        if figures[name]:
            console.print(_make_table(f"{title}, {words}", figures[name], columns))
    console.print("Meta-World itself, one world:", _format(figures["metaworld_steps_per_s"]))
    write_figures(config.json, figures)


def _make_table(
    title: str, rows: Mapping[str, Mapping[str, Any]], columns: Mapping[str, str]
) -> Table:
    """Returns a table with a line for each number of worlds."""
    table = Table(title=title, title_justify="left")
    for heading in ("worlds\n", *columns):
        table.add_column(heading, justify="right")
    for num_worlds, row in rows.items():
        table.add_row(num_worlds, *(_format(row.get(name, "")) for name in columns.values()))
    return table


def _format(figure: Any) -> str:
    """Writes a speed, a ratio with its spread, or why there is none."""
    if isinstance(figure, Mapping):
        return f"{figure['median']:.2f}\n{figure['lowest']:.2f}-{figure['highest']:.2f}"
    return f"{figure:.0f}" if isinstance(figure, float) else str(figure)
