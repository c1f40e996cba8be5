"""`robolearn dataset check`: looks for damage in a store, and repairs it on request."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures
from robolearn.cli.progress import ProgressBar
from robolearn.errors import StoreError


def run(config: DictConfig, folder: Path) -> None:
    """Prints what is wrong and what was done about it.

    Raises:
        StoreError: if something broken is still in its place, so that scripts notice.
    """
    with ProgressBar("check", 0, "episodes") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.advance()

        report = build(config.inspect, on_episode=show)
    write_figures(config.json, report.to_json())
    console = Console()
    if report.is_clean:
        console.print(f"{report.num_episodes} episodes, nothing wrong", highlight=False)
        return
    table = Table(title=escape(str(report.path)), title_justify="left")
    for column in ("where", "what", "", "found"):
        table.add_column(column, overflow="fold")
    for finding in report.findings:
        weight = "[red]broken[/red]" if finding.is_broken else "[yellow]look[/yellow]"
        table.add_row(finding.place, finding.kind, weight, escape(finding.message))
    console.print(table)
    for old, new in report.moved.items():
        console.print(f"moved {old} to {new}", highlight=False, markup=False)
    broken = sum(finding.is_broken for finding in report.findings) - len(report.moved)
    if broken > 0:
        raise StoreError(
            f"{broken} broken episode(s) in {report.path}: `robolearn dataset check {report.path}"
            " repair=true` moves them to quarantine"
        )
