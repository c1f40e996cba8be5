"""`robolearn calibrate`: find out by hand which servo steps are which joint positions."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.live import Live
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.errors import RobolearnError
from robolearn.supervised_task import wait_for_enter

READ_PERIOD_S = 0.02  # a joint swung at 10 rad/s is caught within 0.2 rad


def run(config: DictConfig, folder: Path) -> None:
    """Calibrates the arm on `port`, with a person to move it."""
    if not sys.stdin.isatty():
        raise RobolearnError("calibrate needs a terminal and a person who moves the arm")
    procedure = build(config.procedure, robot=build(config.robot))
    calibrate(procedure, wait_for_enter, _is_enter_pressed)


def calibrate(
    procedure: Any,
    ask: Callable[[str], None],
    is_done: Callable[[], bool],
    console: Console | None = None,
) -> None:
    """Leads a person through a calibration.

    Args:
        procedure: with the methods of `CalibrationProcedure`.
        ask: shows what to do, and returns when it is done.
        is_done: asked after every reading whether the joints have been moved as shown.
        console: where to show the ranges.

    Raises:
        RobotError: if what was found is not plausible.
    """
    console = console or Console(stderr=True)
    with closing(procedure):
        ask("take hold of the arm, as its torque goes off")
        procedure.start()
        ask(f"put the arm into its middle pose ({procedure.middle_pose})")
        procedure.take_middle()
        turn = f"turn every joint somewhat in its positive direction ({procedure.positive_pose})"
        _show_ranges(procedure, turn, is_done, console)
        procedure.take_directions()
        _show_ranges(procedure, "move every joint from stop to stop", is_done, console)
        calibration = procedure.finish()
    console.print(
        f"calibrated: {procedure.path} (sha256 {calibration.digest[:8]}…)",
        highlight=False,
        soft_wrap=True,
    )


def _show_ranges(procedure: Any, text: str, is_done: Callable[[], bool], console: Console) -> None:
    """Shows what to do, and where the joints have been, until it is done."""
    console.print(f"{text}, then press Enter", highlight=False, markup=False)
    with Live(console=console, refresh_per_second=10) as live:
        while True:
            live.update(_make_table(procedure.update()))
            if is_done():
                break
            time.sleep(READ_PERIOD_S)


def _make_table(ranges: Sequence[Any]) -> Table:
    table = Table()
    for column in ("joint", "lowest", "now", "highest", r"moved \[rad]"):
        table.add_column(column, justify="left" if column == "joint" else "right")
    for joint in ranges:
        numbers = (str(joint.lower), str(joint.now), str(joint.upper), f"{joint.span_rad:.2f}")
        table.add_row(joint.channel, *numbers)
    return table


def _is_enter_pressed() -> bool:
    if not select.select([sys.stdin], [], [], 0)[0]:
        return False
    sys.stdin.readline()
    return True
