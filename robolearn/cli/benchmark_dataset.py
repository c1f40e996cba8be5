"""`robolearn benchmark dataset`: our store beside HDF5 and ReplayBuffer layouts."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from robolearn.cli.assemble import build
from robolearn.cli.figures import print_figures, write_figures


def run(config: DictConfig, folder: Path) -> None:
    """Measures, prints a table and writes the figures where `json` says."""
    with Console(stderr=True).status("measuring, for a minute: leave the machine alone"):
        figures = build(config.measure)
    print_figures("Random windows from disk", figures)
    write_figures(config.json, figures)
