"""`robolearn doctor`: what this machine can do, and what to install."""

from __future__ import annotations

import importlib
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.diagnostics import Finding, Status

STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.MISSING: "red"}


def run(config: DictConfig, folder: Path) -> None:
    """Prints one table of findings, room by room."""
    table = Table(title="What this machine can do", title_justify="left", show_lines=False)
    for column in ("room", "what", "", "found", "to do"):
        table.add_column(column, overflow="fold")
    for room, target in config.checks.items():
        for finding in _diagnose(str(room), target):
            style = STYLES[finding.status]
            status = f"[{style}]{finding.status.value}[/]"
            texts = (escape(text) for text in (finding.detail, finding.remedy))
            table.add_row(str(room), finding.name, status, *texts)
    Console().print(table)


def _diagnose(room: str, target: str) -> list[Finding]:
    """Asks one room; a room whose packages are not installed is itself a finding."""
    try:
        module, _, function = target.rpartition(".")
        findings: list[Finding] = getattr(importlib.import_module(module), function)()
    except ImportError as error:
        remedy = f"pip install 'robolearn[{room}]'"
        return [Finding(room, Status.MISSING, str(error), remedy)]
    return findings
