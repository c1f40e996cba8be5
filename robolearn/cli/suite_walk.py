"""A walk over tasks: each is loaded, reset many times, and tried by its expert."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from robolearn import keys
from robolearn.cli.assemble import load_environment
from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.rollout import EpisodeResult, EpisodeStart, Step, run_episode
from robolearn.specs import Array

MAX_HOLD_STEPS = 8  # more than any task asks its goal to hold


@dataclass(frozen=True)
class Stop:
    """A task to walk by.

    Attributes:
        suite: whose it is.
        task: as `load_environment` takes it.
        robot: a choice of `configs/robot/`.
        options: of the task, as `load_environment` takes them.
    """

    suite: str
    task: str
    robot: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Visit:
    """How a task was found.

    Attributes:
        suite: whose it is.
        task: its name.
        loaded: its world was built.
        resets: how often it was reset.
        resets_ok: of these, those that left a start where the goal is still to be reached.
        episodes: of the expert.
        successes: of them.
        num_steps: control steps of all episodes.
        duration_s: wall-clock time of all episodes, the expert's planning included [s].
        env_steps_per_s: of the environment alone: the last episode's actions over again.
        failed_seeds: of the episodes that were no success.
        failed_skills: for each of those, the last skill that did not succeed.
        error: what went wrong with the task itself; empty if nothing did.
    """

    suite: str
    task: str
    loaded: bool = False
    resets: int = 0
    resets_ok: int = 0
    episodes: int = 0
    successes: int = 0
    num_steps: int = 0
    duration_s: float = 0.0
    env_steps_per_s: float = 0.0
    failed_seeds: tuple[int, ...] = ()
    failed_skills: tuple[str, ...] = ()
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns plain data."""
        return asdict(self)


class TaskWalker:
    """Visits one task after the other, by their numbers; see `worker_process.Worker`."""

    def __init__(self, stops: Sequence[Stop], episodes: int, resets: int, seed: int) -> None:
        self._stops, self._episodes, self._resets, self._seed = stops, episodes, resets, seed

    def __call__(self, number: int) -> Visit:
        """Visits a task; what is wrong with it is part of the result."""
        stop = self._stops[number]
        try:
            environment = load_environment(stop.task, stop.robot, **dict(stop.options))
        except RobolearnError as error:
            return Visit(stop.suite, stop.task, error=str(error))
        try:
            return self._visit(stop, environment)
        except RobolearnError as error:
            return Visit(stop.suite, stop.task, loaded=True, error=str(error))
        finally:
            environment.close()

    def close(self) -> None:
        """Nothing to do: each environment was closed after its visit."""

    def _visit(self, stop: Stop, environment: Environment) -> Visit:
        resets_ok = 0
        for seed in range(self._seed, self._seed + self._resets):
            resets_ok += not _begins_done(environment, seed)
        seeds = range(self._seed, self._seed + self._episodes)
        if not seeds:
            return Visit(stop.suite, stop.task, True, self._resets, resets_ok)
        expert, actions = environment.task.make_expert(), ActionLog()
        began_s = time.perf_counter()
        results = [run_episode(environment, expert, [actions], seed=seed) for seed in seeds]
        duration_s = time.perf_counter() - began_s
        failures = [result for result in results if not result.success]
        return Visit(
            suite=stop.suite,
            task=stop.task,
            loaded=True,
            resets=self._resets,
            resets_ok=resets_ok,
            episodes=len(results),
            successes=len(results) - len(failures),
            num_steps=sum(result.num_steps for result in results),
            duration_s=duration_s,
            env_steps_per_s=_measure_speed(environment, seeds[-1], actions.actions),
            failed_seeds=tuple(result.seed for result in failures),
            failed_skills=tuple(_find_failed_skill(result.segments) for result in failures),
        )


class ActionLog:
    """Notes the actions of an episode; see `EpisodeObserver`.

    Attributes:
        actions: of the last episode.
    """

    def __init__(self) -> None:
        self.actions: list[Array] = []

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Forgets the episode before."""
        del start
        self.actions = []

    def on_step(self, step: Step) -> None:
        """Notes an action."""
        self.actions.append(step.action)

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Nothing to do."""

    def on_episode_abort(self, error: BaseException) -> None:
        """Nothing to do."""


def _measure_speed(environment: Environment, seed: int, actions: Sequence[Array]) -> float:
    """Returns how many steps a second the environment makes while nobody thinks."""
    environment.reset(seed=seed)
    began_s = time.perf_counter()
    for action in actions:
        environment.step(action)
    return len(actions) / (time.perf_counter() - began_s)


def _begins_done(environment: Environment, seed: int) -> bool:
    """Says whether a start's goal holds already, for a body that only stays where it is."""
    observation, _ = environment.reset(seed=seed)
    stay = environment.robot.embodiment.make_present_action(observation[keys.STATE])
    return any(environment.step(stay)[4]["is_success"] for _ in range(MAX_HOLD_STEPS))


def _find_failed_skill(segments: Sequence[Any]) -> str:
    for segment in reversed(segments):
        if not segment.succeeded:
            return " ".join((segment.skill, *segment.arguments))
    return "none failed"
