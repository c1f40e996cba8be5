"""What a person who steers or watches gets to see in the terminal."""

from __future__ import annotations

import sys

from rich.console import Console

from robolearn.cli.frames import find_frame_source
from robolearn.cli.live_line import LiveLine, LiveStatus
from robolearn.cli.real_time import RealTimeObserver
from robolearn.cli.terminal_view import TerminalView
from robolearn.environment import Environment
from robolearn.robot import Robot
from robolearn.rollout import EpisodeObserver
from robolearn.teleoperator import Teleoperator
from robolearn.timing import MONOTONIC


def attend(
    environment: Environment,
    teleoperator: Teleoperator,
    console: Console,
    has_policy: bool = False,
) -> list[EpisodeObserver]:
    """Returns the observers that hold a simulation to real time and show how it goes.

    The scene is drawn in the terminal, unless the device shows it or there is nothing to film with.
    """
    status = LiveStatus(environment, says_actor=has_policy)
    observers: list[EpisodeObserver] = [RealTimeObserver(environment.robot), status]
    if not console.is_terminal:
        return observers
    source = None if teleoperator.shows_scene else find_frame_source(environment.robot)
    if source is None:
        observers.append(LiveLine(status, console))
    else:
        observers.append(TerminalView(source, sys.stderr, lambda: status.text))
    return observers


def print_health(robot: Robot, console: Console) -> None:
    """Says how the devices of a physical robot have fared."""
    if robot.clock.kind == MONOTONIC:
        console.print(f"devices: {robot.get_health().describe()}", highlight=False, markup=False)
