"""Figures of a command: a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def print_figures(title: str, figures: Mapping[str, Any]) -> None:
    """Prints names and values as a table, nested ones by their dotted name."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _flatten(figures):
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        table.add_row(name, escape(text))
    Console().print(table)


def write_figures(path: str | Path | None, figures: Mapping[str, Any]) -> None:
    """Writes figures as JSON, whole or not at all; does nothing where no path is given."""
    if path is None:
        return
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".partial")
    temporary.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    os.replace(temporary, path)


def _flatten(figures: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in figures.items():
        if isinstance(value, Mapping):
            rows += _flatten(value, f"{prefix}{name}.")
        else:
            rows.append((prefix + name, value))
    return rows
