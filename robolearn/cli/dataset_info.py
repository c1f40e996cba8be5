"""`robolearn dataset info`: what a store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures

MIB = 2**20
LONGEST_VALUE = 40  # characters of a robot's setting that are shown


def run(config: DictConfig, folder: Path) -> None:
    """Prints three tables: the store, its tasks, its features."""
    figures = build(config.inspect).to_json()
    write_figures(config.json, figures)
    console = Console()
    for table in (_describe_store(figures), _describe_tasks(figures), _describe_features(figures)):
        console.print(table)
    for name, reason in figures["unreadable"].items():
        console.print(f"[red]{name} cannot be read:[/red] {escape(reason)}")


def _describe_store(figures: dict[str, Any]) -> Table:
    table = Table(title=escape(figures["path"]), title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    sources = ", ".join(f"{count} by {name}" for name, count in figures["sources"].items())
    rows = {
        "body": f"{figures['embodiment']}, store format {figures['format_version']}",
        "episodes": f"{figures['num_episodes']} ({sources or 'none'})",
        "successes": f"{figures['num_successes']}",
        "aborted": f"{figures['num_aborted']}",
        "with skills": f"{figures['num_with_segments']} episodes say which skill acted when",
        "steps": f"{figures['num_steps']:,}, {figures['duration_h'] * 60:.1f} minutes",
        "by a person": f"{figures['num_person_steps']:,} steps",
        "rate": f"{figures['achieved_rate_hz']:.2f} Hz kept of {figures['control_rate_hz']:g} Hz",
        "on disk": f"{figures['size_bytes'] / MIB:.1f} MiB",
    }
    for count, text in (
        (figures["num_unfinished"], "cut off while being recorded"),
        (figures["num_quarantined"], "moved to quarantine by a repair"),
    ):
        if count:
            rows[text] = str(count)
    for name, counts in figures["settings"].items():
        # Enough of a hash to tell two apart; the JSON file has it whole.
        rows[name.replace("_", " ")] = ", ".join(
            f"{value if len(value) <= LONGEST_VALUE else value[:12] + '…'} ({count} episodes)"
            for value, count in counts.items()
        )
    for name, text in rows.items():
        table.add_row(name, escape(text))
    return table


def _describe_tasks(figures: dict[str, Any]) -> Table:
    table = Table(title="Tasks", title_justify="left")
    table.add_column("task")
    for column in ("episodes", "successes", "steps"):
        table.add_column(column, justify="right")
    for name, task in figures["tasks"].items():
        counts = (task["num_episodes"], task["num_successes"], task["num_steps"])
        table.add_row(escape(name), *(f"{count:,}" for count in counts))
    return table


def _describe_features(figures: dict[str, Any]) -> Table:
    table = Table(title="Features, per step", title_justify="left")
    table.add_column("key", overflow="fold")
    for column in ("shape", "dtype", "codec"):
        table.add_column(column, no_wrap=True)
    for column in ("MiB", "of raw"):
        table.add_column(column, justify="right", no_wrap=True)
    for feature in figures["features"]:
        shape = " x ".join(map(str, feature["shape"])) or "scalar"
        share = feature["size_bytes"] / feature["raw_bytes"] if feature["raw_bytes"] else 0.0
        size = f"{feature['size_bytes'] / MIB:.2f}"
        texts = (feature["key"], shape, feature["dtype"], feature["codec"], size, f"{share:.0%}")
        table.add_row(*map(escape, texts))
    return table
