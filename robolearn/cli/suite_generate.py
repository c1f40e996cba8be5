"""`robolearn suite generate`: tasks drawn from seeds; those are kept that an expert can solve."""

from __future__ import annotations

import functools
import re
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from robolearn.cli.assemble import build
from robolearn.cli.figures import write_figures
from robolearn.cli.progress import ProgressBar
from robolearn.cli.provenance import collect_provenance, count_cores
from robolearn.cli.suite_walk import Stop, TaskWalker, Visit
from robolearn.errors import RobolearnError
from robolearn.evaluation import run_seeds

GENERATE = "robolearn.sim.suites.generator.generate_text"
MAX_CANDIDATES = 10  # for each task asked for: a generator that fails so often is broken


@dataclass(frozen=True)
class Candidate:
    """A task as it was drawn and tried.

    Attributes:
        seed: it was drawn from.
        text: of its file.
        rejection: why it is not kept; empty if it is.
    """

    seed: int
    text: str
    rejection: str


class CandidateTester:
    """Draws the task of a seed and tries it; see `worker_process.Worker`."""

    def __init__(self, robot: str, tries: int, start_seed: int) -> None:
        self._robot, self._tries, self._start_seed = robot, tries, start_seed
        self._folder = tempfile.TemporaryDirectory()

    def __call__(self, seed: int) -> Candidate:
        """Returns the task, and why it is rejected if it is."""
        text: str = build({"_target_": GENERATE}, seed=seed)
        path = Path(self._folder.name) / "task.bddl"
        path.write_text(text, "utf-8")
        stop = Stop("generated", str(path), self._robot)
        visit = TaskWalker([stop], self._tries, self._tries, self._start_seed)(0)
        return Candidate(seed, text, find_rejection(visit, self._tries))

    def close(self) -> None:
        """Removes what was written for the trials."""
        self._folder.cleanup()


def run(config: DictConfig, folder: Path) -> None:
    """Tries tasks until enough are kept; writes them, and says what was rejected, and why."""
    if config.count < 1 or config.tries < 1 or config.seed < 0:
        raise RobolearnError("count and tries must be 1 or more, and seed 0 or more")
    output = Path(config.output)
    if output.exists() and any(output.iterdir()):
        raise RobolearnError(f"{output} is not empty: name a new folder for the tasks")
    candidates = draw_candidates(config)
    output.mkdir(parents=True, exist_ok=True)
    for candidate in candidates:
        if not candidate.rejection:
            (output / f"task_{candidate.seed:06d}.bddl").write_text(candidate.text, "utf-8")
    rejections = count_rejections(candidates)
    Console().print(make_table(len(candidates), rejections))
    figures = {"candidates": len(candidates), "kept": config.count, "rejected": rejections}
    write_figures(config.json, {**figures, "provenance": collect_provenance()})


def draw_candidates(config: DictConfig) -> list[Candidate]:
    """Tries seed after seed until as many are kept as asked for, in parallel.

    For each that is rejected the next seed is tried: which seeds are tried does not depend on how
    many workers there are.

    Raises:
        RobolearnError: if far too many are rejected, or Ctrl-C came.
    """
    seeds = range(config.seed, config.seed + config.count)
    following = iter(range(seeds.stop, config.seed + MAX_CANDIDATES * config.count))
    make = functools.partial(CandidateTester, config.body, config.tries, config.start_seed)
    with ProgressBar("generate", config.count, "tasks") as bar:

        def note(seed: int, candidate: Candidate) -> int | None:
            if not candidate.rejection:
                bar.advance(1, f"seed {seed}")
                return None
            further = next(following, None)
            if further is None:
                raise RobolearnError(
                    f"{MAX_CANDIDATES * config.count} seeds gave fewer than {config.count} tasks;"
                    f" the last was rejected because it {candidate.rejection}"
                )
            return further

        done = run_seeds(make, seeds, config.workers or count_cores(), note)
    if done.interrupted:
        raise RobolearnError("interrupted: nothing was written")
    return [done.results[seed] for seed in sorted(done.results)]


def find_rejection(visit: Visit, tries: int) -> str:
    """Returns why a task is not kept, without names or numbers, for counting; empty if it is."""
    if visit.error:
        reason = re.sub(r"^\S+:\d+:\d+: ", "", visit.error)
        reason = re.sub(r"'[^']*'", "…", re.sub(r"\d+(\.\d+)?", "#", reason))
        return f"{'cannot be used' if visit.loaded else 'does not load'}: {reason}"
    if visit.resets_ok < tries:
        return "begins with its goal reached"
    if not visit.successes:
        return f"is not solved by the expert: {visit.failed_skills[-1].split()[0]} fails"
    return ""


def count_rejections(candidates: Iterable[Candidate]) -> dict[str, int]:
    """Returns how often each reason came, the most frequent first."""
    return dict(Counter(c.rejection for c in candidates if c.rejection).most_common())


def make_table(num_candidates: int, rejections: dict[str, int]) -> Table:
    """Returns a table of what was drawn, rejected and kept."""
    table = Table(title="Generated tasks", title_justify="left", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    rows: list[tuple[str, Any]] = [("drawn", num_candidates)]
    rows += [(f"rejected: {reason}", count) for reason, count in rejections.items()]
    rows.append(("kept", num_candidates - sum(rejections.values())))
    for name, count in rows:
        table.add_row(escape(name), str(count))
    return table
