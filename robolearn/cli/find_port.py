"""`robolearn find-port`: which serial ports there are, and which of them is the arm."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.supervised_task import wait_for_enter


def run(config: DictConfig, folder: Path) -> None:
    """Lists the ports; at a terminal also finds the one whose cable is pulled."""
    ask = wait_for_enter if config.unplug and sys.stdin.isatty() else None
    find_port(build(config.finder), ask, Console())


def find_port(finder: Any, ask: Callable[[str], None] | None, console: Console) -> None:
    """Shows the ports, and which of them vanishes.

    Args:
        finder: with the attributes of `PortFinder`.
        ask: has a person pull the cable, and returns when it is done; None to only list.
        console: where to show them.
    """
    if not finder.before:
        console.print("no serial port: plug in the arm or the car, and switch its power on")
        return
    table = Table()
    for column in ("port", "device", "what it says it is"):
        table.add_column(column, overflow="fold")
    for port in finder.before:
        table.add_row(escape(port.name), escape(port.device), escape(port.description))
    console.print(table)
    if ask is None:
        return
    ask("unplug the one you look for")
    vanished = finder.find_vanished()
    for port in vanished:
        console.print(f"it is port={port.name}", highlight=False, soft_wrap=True, markup=False)
    if not vanished:
        console.print("all ports are still there: it is none of these, or not unplugged yet")
