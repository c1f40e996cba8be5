"""`robolearn teleoperate`: a person steers a robot, and nothing is recorded."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from robolearn.cli.assemble import build, make_environment
from robolearn.cli.attendance import attend, print_health
from robolearn.errors import RobolearnError
from robolearn.rollout import run_episode
from robolearn.teleoperator import Event


def run(config: DictConfig, folder: Path) -> None:
    """Lets a person steer, episode after episode, until they say stop or press Ctrl-C.

    Raises:
        RobolearnError: if there is no device, or as robot or device raises.
    """
    if config.teleop.get("_target_") is None:
        raise RobolearnError("teleoperate needs a device, e.g. teleop=terminal or teleop=gamepad")
    environment = make_environment(config)
    console = Console(stderr=True)
    with ExitStack() as stack:
        stack.callback(environment.close)
        teleoperator = stack.enter_context(build(config.teleop, robot=environment.robot))
        observers = attend(environment, teleoperator, console)
        console.print(teleoperator.describe(), highlight=False, markup=False)
        seed, event = int(config.seed), None
        while event is not Event.STOP:
            result = run_episode(environment, None, observers, seed=seed, teleoperator=teleoperator)
            event = result.event
            seed += event is not Event.REDO
            console.print(f"{result.num_steps} steps", highlight=False)
        print_health(environment.robot, console)
