"""`robolearn emulate`: a robot's devices on a pseudo-terminal, with its simulated twin behind."""

from __future__ import annotations

import contextlib
import shlex
import signal
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from robolearn.cli.assemble import build, to_plain
from robolearn.cli.twin import get_emulator, make_words


def run(config: DictConfig, folder: Path) -> None:
    """Emulates until Ctrl-C; says how to drive it."""
    choices = HydraConfig.get().runtime.choices
    robot = choices["robot"]
    with build(get_emulator(to_plain(config), robot)) as found:
        description = found.to_json()
        console = Console(stderr=True)
        console.print(f"serial port  {description['port']}", highlight=False)
        for name, url in description["cameras"].items():
            console.print(f"camera       {name}: {url}", highlight=False)
        console.print(f"scene        {description['scene']}", highlight=False)
        if description["hand"]:
            console.print(f"hand         {description['hand']}", highlight=False)
        words = make_words(description)
        if description["is_leader"]:
            console.print("\nIn another terminal, after `robolearn record robot=…`:\n")
        else:
            words = [f"robot={robot}", f"task={choices['task']}", *words]
            console.print(
                "\nIn another terminal, after `robolearn teleoperate`, `record` or `evaluate`"
                " (without task and scene after `doctor` or `calibrate`):\n"
            )
        print(shlex.join(words), flush=True)
        console.print("\nCtrl-C ends it.")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
