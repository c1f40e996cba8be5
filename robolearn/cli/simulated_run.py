"""Evaluation in simulation: many worlds at once, and a film of some episodes run again."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robolearn.cli.assemble import PlainConfig, build, make_environment
from robolearn.cli.frames import FilmStrip, RenderSource
from robolearn.cli.progress import ProgressBar
from robolearn.cli.report import Strip
from robolearn.cli.video import VideoObserver, VideoWriter
from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.evaluation import EpisodeWorker, SeedResults, run_seeds
from robolearn.policy import Policy, TrainedPolicy
from robolearn.rollout import EpisodeObserver, EpisodeResult, run_episode
from robolearn.worker_process import WorkerError, count_cores

EXPERT = "expert"
FRAMES_PER_STRIP = 8


@dataclass(frozen=True)
class Outcome:
    """What a run over held-out starts brought.

    Attributes:
        results: of every finished episode.
        strips: a few frames of the filmed ones.
        real_time: figures of a run on a real clock; empty in simulation.
        failure: what ended the run early, or None; the results are those from before.
    """

    results: Sequence[EpisodeResult]
    strips: Sequence[Strip] = ()
    real_time: Mapping[str, Any] = field(default_factory=dict)
    failure: WorkerError | None = None


@dataclass(frozen=True)
class Film:
    """What a filmed episode leaves beside the video.

    Attributes:
        result: how it went.
        strip: a few of its frames.
    """

    result: EpisodeResult
    strip: Strip


def run_in_simulation(config: PlainConfig, seeds: Sequence[int], video: Path) -> Outcome:
    """Runs the starts over worker processes and films some of them.

    Raises:
        RobolearnError: as a worker raises.
    """
    done = run_workers(config, seeds)
    results = list(done.results.values())
    films = [] if done.interrupted else film(config, results, config["filmed"], video)
    return Outcome(results, [made.strip for made in films])


def run_workers(config: PlainConfig, seeds: Sequence[int]) -> SeedResults[EpisodeResult]:
    """Runs the starts over worker processes, with a progress bar."""
    num_successes = 0
    with ProgressBar("evaluate", len(seeds), "episodes") as bar:

        def count(seed: int, result: EpisodeResult) -> None:
            nonlocal num_successes
            num_successes += result.success
            bar.advance(1, f"{num_successes} succeeded")

        make_worker = functools.partial(make_evaluation_worker, config)
        return run_seeds(make_worker, seeds, config["workers"] or count_cores(), count)


def make_evaluation_worker(config: PlainConfig) -> EpisodeWorker:
    """Builds a worker with an environment and a policy of its own."""
    return EpisodeWorker(*make_pair(config))


def make_pair(config: PlainConfig) -> tuple[Environment, Policy]:
    """Builds the environment and the policy that acts in it.

    Raises:
        IncompatibleError: if they do not fit.
    """
    environment = make_environment(config)
    return environment, make_policy(config, environment)


def make_policy(config: PlainConfig, environment: Environment) -> Policy:
    """Builds the policy that acts in an environment.

    Raises:
        IncompatibleError: if they do not fit.
    """
    if config["checkpoint"] == EXPERT:
        return environment.task.make_expert()
    policy: TrainedPolicy = build(config["policy"])
    check_fit(policy, environment)
    return policy


def check_fit(policy: TrainedPolicy, environment: Environment) -> None:
    """Checks that a policy can act in an environment.

    Raises:
        IncompatibleError: if not; names the differing fields.
    """
    policy.check_compatible(
        environment.observation_spec, environment.action_spec, environment.robot.control_period_s
    )


class FilmingWorker:
    """Runs the same episodes again, all into one video: same seed, same trajectory."""

    def __init__(self, config: PlainConfig, path: Path) -> None:
        """Opens the video at `path`; it is complete when the worker is closed."""
        self._environment, self._policy = make_pair(config)
        self._period_s = self._environment.robot.control_period_s
        self._source = RenderSource(self._environment.robot.render)
        self._writer = VideoWriter(path, 1 / self._period_s)

    def __call__(self, seed: int, /) -> Film:
        """Runs and films the episode of a seed."""
        strip = FilmStrip(self._source, FRAMES_PER_STRIP)
        observers: list[EpisodeObserver] = [
            strip,
            VideoObserver(self._writer, self._source, self._period_s),
        ]
        result = run_episode(self._environment, self._policy, observers, seed=seed)
        return Film(result, make_strip(seed, strip, self._period_s))

    def close(self) -> None:
        """Completes the video and releases the environment."""
        self._writer.close()
        self._environment.close()


def make_strip(seed: int, strip: FilmStrip, control_period_s: float) -> Strip:
    """Returns what a strip has gathered, with the time of each frame."""
    frames = strip.get_frames()
    return Strip(seed, frames, [index * control_period_s for index in strip.indices])


def film(
    config: PlainConfig, results: Sequence[EpisodeResult], count: int, path: Path
) -> list[Film]:
    """Films the first successes and failures, `count` each, by running them again.

    Raises:
        RobolearnError: if a filmed episode went otherwise than the evaluated one.
    """
    chosen = [r for r in results if r.success][:count] + [r for r in results if not r.success][
        :count
    ]
    if not chosen:
        return []
    by_seed = {result.seed: result for result in chosen}
    with ProgressBar("film", len(chosen), "episodes") as bar:
        make_worker = functools.partial(FilmingWorker, config, path)
        done = run_seeds(make_worker, list(by_seed), 1, lambda *_: bar.advance())
    films = list(done.results.values())
    for made in films:
        if made.result != by_seed[made.result.seed]:
            raise RobolearnError(
                f"seed {made.result.seed} went otherwise when it was filmed: {made.result} instead"
                f" of {by_seed[made.result.seed]}; the policy or the robot is not deterministic"
            )
    return films
