"""`robolearn suite write`: the files of our suites, written anew from the scenes in the package."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from robolearn.cli.assemble import build
from robolearn.cli.suite_tasks import SUITES


def run(config: DictConfig, folder: Path) -> None:
    """Writes one suite, or all of them, and says where."""
    names = build({"_target_": f"{SUITES}.authored.list_authored"})
    below = {} if config.output is None else {"below": Path(config.output)}
    for name in [config.suite] if config.suite else names:
        target = build({"_target_": f"{SUITES}.authored.write_suite"}, suite=name, **below)
        Console(stderr=True).print(f"written: {target}", highlight=False)
