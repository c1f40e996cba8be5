"""`robolearn doctor`: what this machine can do and what to install; how a robot's devices are."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.diagnostics import Finding, Status

STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.MISSING: "red"}


def run(config: DictConfig, folder: Path) -> None:
    """Prints one table of findings, room by room, then those of the robot if one is named."""
    table = Table(title="What this machine can do", title_justify="left", show_lines=False)
    for column in ("room", "what", "", "found", "to do"):
        table.add_column(column, overflow="fold")
    for room, target in config.checks.items():
        _add_rows(table, str(room), _diagnose(str(room), target))
    if config.get("robot") is not None:
        _add_rows(table, "robot", build(config.robot).diagnose())
    Console().print(table)


def _add_rows(table: Table, room: str, findings: Sequence[Finding]) -> None:
    for finding in findings:
        status = f"[{STYLES[finding.status]}]{finding.status.value}[/]"
        texts = (escape(text) for text in (finding.detail, finding.remedy))
        table.add_row(room, finding.name, status, *texts)


def _diagnose(room: str, target: str) -> list[Finding]:
    """Asks one room; a room whose packages are not installed is itself a finding."""
    try:
        module, _, function = target.rpartition(".")
        findings: list[Finding] = getattr(importlib.import_module(module), function)()
    except ImportError as error:
        remedy = f"pip install 'robolearn[{room}]'"
        return [Finding(room, Status.MISSING, str(error), remedy)]
    return findings
