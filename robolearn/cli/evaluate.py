"""`robolearn evaluate`: a policy on held-out starts, with its interval, a film and a report."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from robolearn import keys
from robolearn.checkpoints import find_checkpoint
from robolearn.cli.assemble import PlainConfig, build, to_plain
from robolearn.cli.frames import write_strip
from robolearn.cli.provenance import collect_provenance
from robolearn.cli.real_time_run import run_in_real_time
from robolearn.cli.report import Report, write_report
from robolearn.cli.simulated_run import EXPERT, make_pair, run_in_simulation
from robolearn.cli.train import read_summary
from robolearn.errors import RobolearnError
from robolearn.judge import Judge
from robolearn.metrics import summarize
from robolearn.policy import ChunkPolicy, TrainedPolicy
from robolearn.robot import Robot
from robolearn.supervised_task import SupervisedTask
from robolearn.teleoperator import Teleoperator
from robolearn.timing import MONOTONIC

VIDEO_FILE = "film.mp4"
STRIP_FILE = "strip.png"  # of the first filmed episode


class EndedEarlyError(RobolearnError):
    """An episode failed, and with it the evaluation: by the robot, never by the policy.

    Attributes:
        report: on the episodes before it.
    """

    def __init__(self, message: str, report: Report) -> None:
        """Keeps the report beside the sentence."""
        super().__init__(message)
        self.report = report


def run(config: DictConfig, folder: Path) -> None:
    """Evaluates into `folder` and says the rate."""
    try:
        report = evaluate(config, folder)
    except EndedEarlyError as error:
        write_report(error.report, folder)
        raise
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
    """Runs the held-out starts, in worker processes or on the one real robot, and films some.

    Raises:
        RobolearnError: if the policy does not fit the robot, or as an episode raises.
        EndedEarlyError: if an episode on a real robot failed after others were finished.
    """
    plain = prepare(config)
    seeds = range(config.seed, config.seed + config.episodes)
    video = folder / VIDEO_FILE
    if plain["is_real_time"]:
        outcome = run_in_real_time(plain, seeds, video, functools.partial(make_judge, config))
    else:
        outcome = run_in_simulation(plain, seeds, video)
    results = outcome.results
    if not results:
        raise outcome.failure or RobolearnError("interrupted before any episode was finished")
    if outcome.strips:
        write_strip(outcome.strips[0].frames, folder / STRIP_FILE)
    run_folder = find_run_folder(config.checkpoint)
    report = Report(
        title=f"{results[0].task} from {plain['observation']}",
        results=results,
        control_period_s=plain["control_period_s"],
        figures=collect_figures(plain, run_folder),
        real_time=outcome.real_time,
        history=read_history(run_folder),
        strips=outcome.strips,
        video=video if outcome.strips else None,
        provenance=collect_provenance(),
        config=OmegaConf.to_yaml(config, resolve=True),
        notices=describe_gaps(len(results), len(seeds), outcome.failure),
    )
    if outcome.failure is not None:
        raise EndedEarlyError(str(outcome.failure), report) from outcome.failure
    return report


def describe_gaps(finished: int, asked: int, failure: Exception | None) -> list[str]:
    """Says what must be known before the figures are read."""
    if finished == asked:
        return []
    reason = "Interrupted" if failure is None else f"Ended early, as {failure}"
    return [f"{reason}: {asked - finished} of {asked} episodes are missing."]


def prepare(config: DictConfig) -> PlainConfig:
    """Checks that robot, task and policy fit, in this process, and switches on the cameras.

    Returns:
        The configuration for the workers, with what they and the report must know of the policy
        and the robot.

    Raises:
        IncompatibleError: if the policy does not fit the robot; names the differing fields.
    """
    if config.episodes < 1:
        raise RobolearnError(f"episodes must be at least 1, got {config.episodes}")
    plain = to_plain(config)
    plain["observation"], plain["predicts_chunks"] = "privileged state", False
    if config.checkpoint != EXPERT:
        plain["policy"]["folder"] = str(find_checkpoint(Path(config.checkpoint)))
        policy: TrainedPolicy = build(plain["policy"])
        needed = [keys.camera_of(k) for k in policy.observation_spec if keys.is_image_key(k)]
        config = config.copy()
        config.cameras = sorted({*config.cameras, *needed})
        plain = {**to_plain(config), "policy": plain["policy"]}
        plain["observation"] = "images" if needed else "state"
        plain["predicts_chunks"] = isinstance(policy, ChunkPolicy)
    environment, _ = make_pair(plain)
    robot = environment.robot
    plain["control_period_s"] = robot.control_period_s
    plain["embodiment"] = robot.embodiment.name
    plain["is_real_time"] = robot.clock.kind == MONOTONIC
    # Only a simulated scene has a privileged state.
    plain["has_simulated_scene"] = keys.ENVIRONMENT_STATE in environment.observation_spec
    environment.close()
    if isinstance(environment.task, SupervisedTask) and config.teleop.get("_target_") is None:
        raise RobolearnError(
            "nobody would judge the episodes: only a person sees what becomes of this scene; say"
            " how they tell, as teleop=terminal"
        )
    return plain


def make_judge(config: DictConfig, robot: Robot) -> Teleoperator | None:
    """Returns the device by which a person judges the episodes of a robot, if one is chosen."""
    if config.teleop.get("_target_") is None:
        return None
    return Judge(build(config.teleop, robot=robot))


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
