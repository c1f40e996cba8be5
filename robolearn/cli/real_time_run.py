"""Evaluation on a robot whose time is real: one process drives it, another one infers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from robolearn.asynchronous_policy import AsynchronousPolicy, summarize_latencies
from robolearn.cli.assemble import PlainConfig, build, make_environment, to_plain
from robolearn.cli.choices import compose_config, list_groups
from robolearn.cli.frames import CameraSource, FilmStrip
from robolearn.cli.live_line import LiveLine, LiveStatus
from robolearn.cli.report import Strip
from robolearn.cli.simulated_run import (
    FRAMES_PER_STRIP,
    Outcome,
    check_fit,
    make_policy,
    make_strip,
    run_workers,
)
from robolearn.cli.video import VideoObserver, VideoWriter
from robolearn.deployment import DeploymentMeter
from robolearn.environment import Environment
from robolearn.evaluation import run_seeds
from robolearn.metrics import summarize
from robolearn.policy import Policy
from robolearn.robot import Robot
from robolearn.rollout import EpisodeObserver, EpisodeResult, EpisodeStart, Step, run_episode
from robolearn.teleoperator import Event, Teleoperator
from robolearn.timing import MONOTONIC
from robolearn.worker_process import WorkerError


def run_in_real_time(
    config: PlainConfig,
    seeds: Sequence[int],
    video: Path,
    make_judge: Callable[[Robot], Teleoperator | None],
) -> Outcome:
    """Runs the starts one after the other on the robot, and where it can in simulation too.

    Args:
        config: as `evaluate.prepare` returns it.
        seeds: of the starts.
        video: where the film goes.
        make_judge: returns the device of the person who watches, if there is one.

    Returns:
        What came of it; if an episode failed, the robot was stopped and the run ended there.

    Raises:
        RobolearnError: if robot, scene and policy cannot be set up.
    """
    console = Console(stderr=True)
    results: list[EpisodeResult] = []

    def describe(seed: int, result: EpisodeResult) -> None:
        results.append(result)
        verdict = "success" if result.success else "no success"
        seconds = result.num_steps * config["control_period_s"]
        console.print(f"seed {seed}: {verdict} after {seconds:.1f} s", highlight=False)

    worker = RealTimeWorker(config, video, make_judge)
    failure: WorkerError | None = None
    try:
        run_seeds(lambda: worker, seeds, num_workers=0, on_result=describe)
    except WorkerError as error:
        failure = error
    figures = worker.get_figures()
    figures.update(_simulate(config, seeds, results))
    return Outcome(results, worker.strips, figures, failure)


def _simulate(
    config: PlainConfig, seeds: Sequence[int], results: Sequence[EpisodeResult]
) -> dict[str, float]:
    """Runs the same starts in simulation where that says something; returns how they went."""
    twin = find_simulated_twin(config)
    if twin is None or len(results) < len(seeds):
        return {}
    simulated = run_workers(twin, seeds)
    if simulated.interrupted:
        return {}
    summary = summarize(list(simulated.results.values()))
    return {
        "simulated_success_rate": summary.success_rate,
        "simulated_steps_median": summary.steps_median,
    }


def find_simulated_twin(config: PlainConfig) -> PlainConfig | None:
    """Returns the configuration with the robot's simulated twin in its place.

    None where there is no configuration `<embodiment>_sim`, where the comparison is switched off,
    or where the scene is not simulated, so that a seed alone does not say how it is set out.
    """
    if not (config["compare"] and config["has_simulated_scene"]):
        return None
    name = f"{config['embodiment']}_sim"
    if name not in list_groups()["robot"]:
        return None
    cameras = ",".join(config["cameras"])
    composed = compose_config("environment", [f"robot={name}", f"cameras=[{cameras}]"])
    return {**config, "robot": to_plain(composed)["robot"]}


class RealTimeWorker:
    """Runs episodes on the robot, measures them, and films some; see `worker_process.Worker`.

    Filming disturbs nothing: the pictures are the cameras' observations, kept in memory, and
    become a film between two episodes.

    Attributes:
        strips: a few frames of each filmed episode.
    """

    def __init__(
        self,
        config: PlainConfig,
        video: Path,
        make_judge: Callable[[Robot], Teleoperator | None],
    ) -> None:
        """Builds everything; the robot is connected by the first episode, after the inference."""
        self._stack = ExitStack()
        self._environment = make_environment(config)
        self._stack.callback(self._environment.close)
        period_s = self._environment.robot.control_period_s
        self._cameras = list(self._environment.robot.cameras)
        self._meter = DeploymentMeter(self._environment)
        self._tape = EpisodeTape()
        self._writer = VideoWriter(video, 1 / period_s)
        self._stack.callback(self._writer.close)
        self._period_s = period_s
        self._num_filmed = {True: 0, False: 0}
        self._max_filmed = int(config["filmed"])
        self._observers: list[EpisodeObserver] = [self._meter, self._tape]
        self.strips: list[Strip] = []
        try:
            self._judge = make_judge(self._environment.robot)
            if self._judge is not None:
                self._stack.enter_context(self._judge)
                self._observers += watch(self._environment, self._judge)
            self._policy = self._stack.enter_context(acting(config, self._environment))
        except BaseException:
            self._stack.close()
            raise

    def __call__(self, seed: int, /) -> EpisodeResult:
        """Runs the episode of a seed.

        Raises:
            KeyboardInterrupt: if the person says stop, which ends the evaluation as Ctrl-C does.
        """
        result = run_episode(
            self._environment,
            self._policy,
            self._observers,
            seed=seed,
            teleoperator=self._judge,
        )
        if result.event is Event.STOP:
            raise KeyboardInterrupt
        if self._cameras and self._num_filmed[result.success] < self._max_filmed:
            self._num_filmed[result.success] += 1
            self._film(seed)
        return result

    def close(self) -> None:
        """Ends the inference, stops and releases the robot, completes the film."""
        self._stack.close()

    def get_figures(self) -> dict[str, Any]:
        """Returns what was measured, also after `close`."""
        figures = self._meter.get_figures()
        if isinstance(self._policy, AsynchronousPolicy):
            figures["starved_steps"] = self._policy.starved_steps
            figures.update(summarize_latencies(self._policy.latencies_s))
        return figures

    def _film(self, seed: int) -> None:
        source = CameraSource(self._cameras[0])
        strip = FilmStrip(source, FRAMES_PER_STRIP)
        self._tape.play([strip, VideoObserver(self._writer, source, self._period_s)])
        self.strips.append(make_strip(seed, strip, self._period_s))


def watch(environment: Environment, judge: Teleoperator) -> list[EpisodeObserver]:
    """Tells the person how they judge; returns the observers that show them how it goes."""
    console = Console(stderr=True)
    console.print(judge.describe(), highlight=False, markup=False)
    status = LiveStatus(environment)
    return [status, LiveLine(status, console)] if console.is_terminal else []


class EpisodeTape:
    """An `EpisodeObserver` that keeps the last episode, to show it to other observers later."""

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Forgets the episode before."""
        self._start, self._steps = start, list[Step]()

    def on_step(self, step: Step) -> None:
        """Keeps the step."""
        self._steps.append(step)

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Keeps the result."""
        self._result = result

    def on_episode_abort(self, error: BaseException) -> None:
        """Nothing to do."""

    def play(self, observers: Sequence[EpisodeObserver]) -> None:
        """Tells observers about the episode, as if it happened now."""
        for observer in observers:
            observer.on_episode_start(self._start)
            for step in self._steps:
                observer.on_step(step)
            observer.on_episode_end(self._result)


@contextmanager
def acting(config: PlainConfig, environment: Environment) -> Iterator[Policy]:
    """Gives the policy that acts: in a process of its own where it must not hold a real robot up.

    That takes a policy that predicts chunks; any other one answers within the control loop, so it
    has to be fast.

    Raises:
        IncompatibleError: if policy and robot do not fit.
    """
    robot = environment.robot
    if robot.clock.kind != MONOTONIC or not config["predicts_chunks"]:
        yield make_policy(config, environment)
        return
    make = functools.partial(build, config["policy"])
    with AsynchronousPolicy(make, robot.embodiment, robot.clock, **config["inference"]) as policy:
        check_fit(policy, environment)
        yield policy
