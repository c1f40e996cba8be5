"""`robolearn record`: demonstrations into a store, by the scripted expert or by a person."""

from __future__ import annotations

import functools
import itertools
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from robolearn.cli.assemble import PlainConfig, build, make_environment, to_plain
from robolearn.cli.attendance import attend, print_health
from robolearn.cli.evaluate import prepare
from robolearn.cli.progress import ProgressBar
from robolearn.cli.real_time_run import acting
from robolearn.errors import RobolearnError
from robolearn.evaluation import run_seeds
from robolearn.rollout import EpisodeResult, run_episode
from robolearn.take_over import TakeOver
from robolearn.teleoperator import Event, Teleoperator
from robolearn.timing import MONOTONIC

MAX_TRIES_PER_EPISODE = 20  # a demonstrator that fails more often than this is not one


class ExpertWorker:
    """Records the scripted expert, one episode per seed; see `worker_process.Worker`."""

    def __init__(self, config: PlainConfig) -> None:
        """Builds the environment, its expert and a recorder of its own on the shared store."""
        self._environment = make_environment(config)
        self._expert = self._environment.task.make_expert()
        self._recorder = build(config["recorder"], environment=self._environment, source="expert")

    def __call__(self, seed: int) -> EpisodeResult:
        """Runs and records the episode of a seed."""
        return run_episode(self._environment, self._expert, [self._recorder], seed=seed)

    def close(self) -> None:
        """Waits until everything is written; raises if an episode was lost."""
        try:
            self._recorder.close()
        finally:
            self._environment.close()


@dataclass(frozen=True)
class Recording:
    """What came of a recording.

    Attributes:
        kept: episodes that were kept.
        tried: episodes that were performed.
    """

    kept: int
    tried: int


def run(config: DictConfig, folder: Path) -> None:
    """Records until `episodes` are kept, Ctrl-C, or a person stops; says how many there are."""
    record(config)


def record(config: DictConfig) -> Recording:
    """Records, and says how many episodes there are; Ctrl-C ends it with those there are by then.

    Raises:
        RobolearnError: as the environment, the demonstrator or the store raises.
    """
    if config.episodes < 1:
        raise RobolearnError(f"episodes must be at least 1, got {config.episodes}")
    started_s = time.monotonic()
    person = config.teleop.get("_target_") is not None
    if config.checkpoint is not None and not person:
        raise RobolearnError(
            "a checkpoint is recorded with a person beside it who corrects it: add teleop=…"
            " (`robolearn evaluate` runs one alone)"
        )
    recording = _record_person(config) if person else _record_expert(config)
    Console(stderr=True).print(
        f"kept {recording.kept} of {recording.tried} episodes in {config.dataset}"
        f" ({time.monotonic() - started_s:.1f} s)",
        highlight=False,
    )
    return recording


def _record_expert(config: DictConfig) -> Recording:
    """Runs the expert over seeds until enough episodes are kept; a real robot in this process."""
    plain = to_plain(config)
    environment = make_environment(plain)  # what is wrong with the configuration is said at once
    environment.close()
    num_workers = 0 if environment.robot.clock.kind == MONOTONIC else config.workers
    only_successes = config.keep == "success"
    seeds = range(config.seed, config.seed + config.episodes)
    further_seeds = itertools.count(seeds.stop)
    with ProgressBar("record", config.episodes, "episodes") as bar:
        tried = 0

        def count(seed: int, result: EpisodeResult) -> int | None:
            nonlocal tried
            tried += 1
            failed = only_successes and not result.success
            bar.advance(0 if failed else 1, f"{tried} tried")
            if not failed:
                return None
            if tried >= MAX_TRIES_PER_EPISODE * config.episodes:
                raise RobolearnError(
                    f"only {bar.completed} of {tried} tries succeeded: the demonstrator does not"
                    f" master {result.task} as configured"
                )
            return next(further_seeds)

        worker = functools.partial(ExpertWorker, plain)
        run_seeds(worker, seeds, num_workers, count)
        return Recording(bar.completed, tried)


def _record_person(config: DictConfig) -> Recording:
    """Lets a person steer, or correct a policy, until enough episodes are kept or they stop."""
    plain = to_plain(config) if config.checkpoint is None else prepare(config)
    environment = make_environment(plain)
    console = Console(stderr=True)
    kept = tried = 0
    with ExitStack() as stack:
        stack.callback(environment.close)
        corrects = config.checkpoint is not None
        policy = stack.enter_context(acting(plain, environment)) if corrects else None
        device: Teleoperator = build(config.teleop, robot=environment.robot)
        teleoperator = stack.enter_context(TakeOver(device) if corrects else device)
        source = "policy" if corrects else "person"
        recorder = stack.enter_context(
            build(config.recorder, environment=environment, source=source)
        )
        observers = [recorder, *attend(environment, teleoperator, console, corrects)]
        console.print(teleoperator.describe(), highlight=False, markup=False)
        seed = int(config.seed)
        while kept < config.episodes:
            console.print(
                f"episode {kept + 1} of {config.episodes}: {environment.task.instruction}"
            )
            result = run_episode(
                environment, policy, observers, seed=seed, teleoperator=teleoperator
            )
            tried += 1
            if result.event is Event.STOP:
                break
            kept += is_kept(result, config.keep)
            seed += result.event is not Event.REDO
            console.print(_describe(result))
        print_health(environment.robot, console)
    return Recording(kept, tried)


def is_kept(result: EpisodeResult, keep: str) -> bool:
    """Says whether an episode counts as recorded, by the rule that the recorder keeps it."""
    thrown_away = result.event in (Event.DISCARD, Event.REDO)
    return not thrown_away and (keep == "all" or result.success)


def _describe(result: EpisodeResult) -> str:
    if result.event is Event.DISCARD:
        return "  discarded"
    if result.event is Event.REDO:
        return "  again"
    return f"  {'success' if result.success else 'no success'} after {result.num_steps} steps"
