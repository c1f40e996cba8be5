"""`robolearn evaluate`: a policy on held-out starts, with its interval, a film and a report."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from robolearn import keys
from robolearn.checkpoints import find_checkpoint
from robolearn.cli.assemble import PlainConfig, build, make_environment, to_plain
from robolearn.cli.frames import FilmStrip, RenderSource, write_strip
from robolearn.cli.progress import ProgressBar
from robolearn.cli.provenance import collect_provenance, count_cores
from robolearn.cli.report import Report, Strip, write_report
from robolearn.cli.train import read_summary
from robolearn.cli.video import VideoObserver, VideoWriter
from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.evaluation import EpisodeWorker, run_seeds
from robolearn.metrics import summarize
from robolearn.policy import Policy, TrainedPolicy
from robolearn.rollout import EpisodeObserver, EpisodeResult, run_episode

EXPERT = "expert"
FRAMES_PER_STRIP = 8
VIDEO_FILE = "film.mp4"
STRIP_FILE = "strip.png"  # of the first filmed episode


@dataclass(frozen=True)
class Film:
    """What a filmed episode leaves beside the video.

    Attributes:
        result: how it went.
        strip: a few of its frames.
    """

    result: EpisodeResult
    strip: Strip


def make_evaluation_worker(config: PlainConfig) -> EpisodeWorker:
    """Builds a worker with an environment and a policy of its own."""
    return EpisodeWorker(*make_pair(config))


class FilmingWorker:
    """Runs the same episodes again, all into one video: same seed, same trajectory."""

    def __init__(self, config: PlainConfig, path: Path) -> None:
        """Opens the video at `path`; it is complete when the worker is closed."""
        self._environment, self._policy = make_pair(config)
        self._period_s = self._environment.robot.control_period_s
        self._source = RenderSource(self._environment.robot.render)
        self._writer = VideoWriter(path, 1 / self._period_s)

    def __call__(self, seed: int) -> Film:
        """Runs and films the episode of a seed."""
        strip = FilmStrip(self._source, FRAMES_PER_STRIP)
        observers: list[EpisodeObserver] = [
            strip,
            VideoObserver(self._writer, self._source, self._period_s),
        ]
        result = run_episode(self._environment, self._policy, observers, seed=seed)
        frames = strip.get_frames()
        return Film(result, Strip(seed, frames, [i * self._period_s for i in strip.indices]))

    def close(self) -> None:
        """Completes the video and releases the environment."""
        self._writer.close()
        self._environment.close()


def run(config: DictConfig, folder: Path) -> None:
    """Evaluates into `folder` and says the rate."""
    report = evaluate(config, folder)
    print_summary(report, write_report(report, folder))


def print_summary(report: Report, path: Path) -> None:
    """Says the success rate in one line, and where the report is."""
    summary = summarize(report.results)
    Console(stderr=True).print(
        f"{summary.successes} of {summary.episodes} succeeded"
        f" ({summary.success_rate:.0%}, 95% interval {summary.success_rate_low:.0%} to"
        f" {summary.success_rate_high:.0%}): {path}",
        highlight=False,
    )


def evaluate(config: DictConfig, folder: Path) -> Report:
    """Runs the held-out starts over worker processes and films some of them.

    Raises:
        RobolearnError: if the policy does not fit the robot, or as a worker raises.
    """
    plain = prepare(config)
    seeds = range(config.seed, config.seed + config.episodes)
    workers = config.workers or count_cores()
    num_successes = 0
    with ProgressBar("evaluate", len(seeds), "episodes") as bar:

        def count(seed: int, result: EpisodeResult) -> None:
            nonlocal num_successes
            num_successes += result.success
            bar.advance(1, f"{num_successes} succeeded")

        make_worker = functools.partial(make_evaluation_worker, plain)
        done = run_seeds(make_worker, seeds, workers, count)
    results = list(done.results.values())
    if not results:
        raise RobolearnError("interrupted before any episode was finished")
    video = folder / VIDEO_FILE
    films = [] if done.interrupted else film(plain, results, config.filmed, video)
    if films:
        write_strip(films[0].strip.frames, folder / STRIP_FILE)
    run_folder = find_run_folder(config.checkpoint)
    return Report(
        title=f"{results[0].task} from {plain['observation']}",
        results=results,
        control_period_s=plain["control_period_s"],
        figures=collect_figures(plain, run_folder),
        history=read_history(run_folder),
        strips=[made.strip for made in films],
        video=video if films else None,
        provenance=collect_provenance(),
        config=OmegaConf.to_yaml(config, resolve=True),
        notices=describe_gaps(len(results), len(seeds)),
    )


def describe_gaps(finished: int, asked: int) -> list[str]:
    """Says what must be known before the figures are read."""
    if finished == asked:
        return []
    return [f"Interrupted: {asked - finished} of {asked} episodes were not run."]


def prepare(config: DictConfig) -> PlainConfig:
    """Checks that robot, task and policy fit, in this process, and switches on the cameras.

    Returns:
        The configuration for the workers, with what the report says of the policy.

    Raises:
        IncompatibleError: if the policy does not fit the robot; names the differing fields.
    """
    if config.episodes < 1:
        raise RobolearnError(f"episodes must be at least 1, got {config.episodes}")
    plain = to_plain(config)
    plain["observation"] = "privileged state"
    if config.checkpoint != EXPERT:
        plain["policy"]["folder"] = str(find_checkpoint(Path(config.checkpoint)))
        policy: TrainedPolicy = build(plain["policy"])
        needed = [keys.camera_of(k) for k in policy.observation_spec if keys.is_image_key(k)]
        config = config.copy()
        config.cameras = sorted({*config.cameras, *needed})
        plain = {**to_plain(config), "policy": plain["policy"]}
        plain["observation"] = "images" if needed else "state"
    environment, _ = make_pair(plain)
    plain["control_period_s"] = environment.robot.control_period_s
    environment.close()
    return plain


def make_pair(config: PlainConfig) -> tuple[Environment, Policy]:
    """Builds the environment and the policy that acts in it.

    Raises:
        IncompatibleError: if they do not fit.
    """
    environment = make_environment(config)
    if config["checkpoint"] == EXPERT:
        return environment, environment.task.make_expert()
    policy: TrainedPolicy = build(config["policy"])
    policy.check_compatible(
        environment.observation_spec, environment.action_spec, environment.robot.control_period_s
    )
    return environment, policy


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


def find_run_folder(checkpoint: str) -> Path | None:
    """Returns the training run a checkpoint belongs to, if it lies in one."""
    if checkpoint == EXPERT:
        return None
    folder = find_checkpoint(Path(checkpoint)).resolve().parent.parent
    return folder if (folder / "metrics.jsonl").is_file() else None


def collect_figures(config: PlainConfig, run_folder: Path | None) -> dict[str, Any]:
    """Returns the headline figures beside the results."""
    figures: dict[str, Any] = {"observation": config["observation"]}
    if run_folder is not None:
        figures.update(read_summary(run_folder))
    return figures


def read_history(run_folder: Path | None) -> list[dict[str, Any]]:
    """Reads the training records of a run."""
    if run_folder is None:
        return []
    lines = (run_folder / "metrics.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]
