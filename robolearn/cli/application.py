"""Runs a command under Hydra: checks the line, composes the configuration, calls `run`."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from robolearn.cli.choices import CONFIG_PACKAGE, add_usual_task, check_complete, check_overrides
from robolearn.cli.commands import Command
from robolearn.cli.suite_tasks import expand_suite_task
from robolearn.cli.twin import expand_twin
from robolearn.errors import RobolearnError

# Being told to end, and a terminal that is gone (a dropped SSH line), which Windows has not.
ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def run_command(name: str, command: Command, words: Sequence[str]) -> int:
    """Runs a command on overrides and Hydra flags.

    The command's module has `run(config, folder)`: `folder` is the run's output folder, one per
    job of a sweep. What it raises as RobolearnError becomes one sentence and exit status 2.
    """
    completed = add_usual_task(command.config_name, words)
    completed = expand_suite_task(completed, command.config_name)
    with exit_on_signals(), expand_twin(completed, command.config_name) as expanded:
        return _run_expanded(name, command, words, expanded)


def _run_expanded(name: str, command: Command, typed: Sequence[str], words: Sequence[str]) -> int:
    """Runs a command on `words`; `typed` is the line that reports show."""
    check_overrides(command.config_name, _drop_flags(words))
    module = importlib.import_module(command.module)

    def task(config: DictConfig) -> None:
        try:
            check_complete(name, config)
            sys.argv = [f"robolearn {name}", *typed]
            module.run(config, shorten(Path(HydraConfig.get().runtime.output_dir)))
        except RobolearnError as error:
            print(f"robolearn: {error}", file=sys.stderr)
            sys.exit(2)

    # Hydra reads the line itself: it also serves `-m` and its other flags.
    sys.argv = [f"robolearn {name}", *words]
    decorate = hydra.main(f"pkg://{CONFIG_PACKAGE}", command.config_name, version_base="1.3")
    try:
        decorate(task)()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 0


@contextmanager
def exit_on_signals() -> Iterator[None]:
    """Turns `ENDING_SIGNALS` into SystemExit: what is open is closed, an arm is put down.

    What is ignored, as below `nohup`, stays so. Outside the main thread, where no signal arrives,
    it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    own_process_id = os.getpid()

    def leave(number: int, frame: FrameType | None) -> None:
        if os.getpid() != own_process_id:
            # A forked child has nothing of ours to close: it dies as it would have.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        raise SystemExit(128 + number)

    heard = [number for number in ENDING_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def shorten(folder: Path) -> Path:
    """Returns the folder as a person would type it: relative where it lies below this one."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _drop_flags(words: Sequence[str]) -> list[str]:
    """Keeps the overrides of a line, without Hydra's flags and their values."""
    return [word for word in words if (not word.startswith("-") and "=" in word) or word[:1] == "~"]
