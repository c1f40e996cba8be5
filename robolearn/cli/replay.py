"""`robolearn replay`: plays a stored episode back and says how far the body strayed from it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from robolearn import keys
from robolearn.cli.assemble import build, make_environment
from robolearn.cli.figures import write_figures
from robolearn.cli.frames import RenderSource
from robolearn.cli.real_time import RealTimeObserver
from robolearn.cli.video import VideoObserver, VideoWriter
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, RobolearnError, UnknownNameError
from robolearn.rollout import EpisodeResult, EpisodeStart, Step, run_episode
from robolearn.specs import Array, ArraySpec
from robolearn.teleoperator import Command, Event, Teleoperator


class RecordedActions(Teleoperator):
    """Gives the actions of a recording one after the other, then ends the episode."""

    def __init__(self, actions: Array) -> None:
        """Takes the actions, shape (num_steps, channels)."""
        self._actions = actions

    def connect(self) -> None:
        """Nothing to connect."""

    def reset(self, observation: Mapping[str, Array]) -> None:
        """Starts from the first action."""
        self._next = 0

    def get_command(self, observation: Mapping[str, Array]) -> Command:
        """Returns the next action, or the end."""
        if self._next == len(self._actions):
            return Command(event=Event.END)
        self._next += 1
        return Command(action=self._actions[self._next - 1])

    def close(self) -> None:
        """Nothing to release."""


class DeviationObserver:
    """Compares `observation.state` with a recording, step by step.

    Attributes:
        deviations: |seen - recorded| at each step so far, each of shape (channels,).
    """

    def __init__(self, recorded_states: Array) -> None:
        """Takes the recorded states, shape (num_steps, channels)."""
        self._recorded = recorded_states
        self.deviations: list[Array] = []

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Forgets the episode before."""
        self.deviations = []

    def on_step(self, step: Step) -> None:
        """Compares what was seen before acting."""
        seen = step.observation[keys.STATE]
        self.deviations.append(np.abs(seen - self._recorded[step.index]))

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Nothing to do."""

    def on_episode_abort(self, error: BaseException) -> None:
        """Nothing to do."""


def run(config: DictConfig, folder: Path) -> None:
    """Replays one episode; writes `replay.json` and, if asked, `replay.mp4`."""
    if config.actions not in (keys.ACTION, keys.ACTION_APPLIED):
        raise UnknownNameError("actions", config.actions, [keys.ACTION, keys.ACTION_APPLIED])
    episode = _open_episode(config)
    with ExitStack() as stack:
        environment = make_environment(config)
        stack.callback(environment.close)
        _check_same_world(episode, environment)
        deviation = DeviationObserver(episode.read(keys.STATE))
        observers: list[Any] = [deviation]
        if config.real_time:
            observers.append(RealTimeObserver(environment.robot))
        if config.video:
            folder.mkdir(parents=True, exist_ok=True)
            period_s = environment.robot.control_period_s
            writer = stack.enter_context(VideoWriter(folder / "replay.mp4", 1 / period_s))
            observers.append(
                VideoObserver(writer, RenderSource(environment.robot.render), period_s)
            )
        result = run_episode(
            environment,
            observers=observers,
            seed=episode.attributes.seed,
            teleoperator=RecordedActions(episode.read(config.actions)),
        )
        state_spec = environment.observation_spec[keys.STATE]
    figures = summarize_replay(episode, result, np.array(deviation.deviations), state_spec)
    write_figures(folder / "replay.json", figures)
    _print(figures, folder)


def summarize_replay(
    episode: Any, result: EpisodeResult, deviations: Array, state_spec: ArraySpec
) -> dict[str, Any]:
    """Returns what `replay.json` holds.

    Args:
        episode: the recorded episode.
        result: how the replay went.
        deviations: |seen - recorded|, shape (num_steps, channels), in the channels' units.
        state_spec: names and units of the channels.
    """
    names = state_spec.channels or tuple(str(i) for i in range(deviations.shape[1]))
    units = state_spec.units or ("",) * len(names)
    return {
        "episode": episode.name,
        "task": result.task,
        "seed": result.seed,
        "recorded_steps": episode.num_steps,
        "replayed_steps": result.num_steps,
        "recorded_success": episode.attributes.success,
        "replayed_success": result.success,
        "deviation": {
            name: {
                "unit": unit,
                "max": float(deviations[:, channel].max()),
                "rms": float(np.sqrt(np.mean(deviations[:, channel] ** 2))),
            }
            for channel, (name, unit) in enumerate(zip(names, units, strict=True))
        },
    }


def _open_episode(config: DictConfig) -> Any:
    """Opens the asked episode of the store."""
    store = build(config.reader)
    names = store.list_episodes()
    if not 0 <= config.episode < len(names):
        raise RobolearnError(
            f"{config.dataset} has {len(names)} episodes, counted from 0;"
            f" there is no episode {config.episode}"
        )
    return store.open_episode(names[config.episode])


def _check_same_world(episode: Any, environment: Environment) -> None:
    """Refuses to move a body, or to play a task, that the recording is not of."""
    attributes = episode.attributes
    name = environment.robot.embodiment.name
    if attributes.embodiment != name:
        raise IncompatibleError(
            f"{episode.name} was recorded on {attributes.embodiment!r}, this robot is {name!r}"
        )
    if attributes.task != environment.task.name:
        raise IncompatibleError(
            f"{episode.name} was recorded on task {attributes.task!r}, not"
            f" {environment.task.name!r}: add task={attributes.task}"
        )


def _print(figures: dict[str, Any], folder: Path) -> None:
    title = (
        f"{figures['episode']}, {figures['task']}, seed {figures['seed']}:"
        f" recorded {'success' if figures['recorded_success'] else 'failure'},"
        f" replayed {'success' if figures['replayed_success'] else 'failure'}"
    )
    table = Table(title=title, title_justify="left")
    for column in ("channel", "unit", "largest deviation", "rms deviation"):
        table.add_column(column, justify="left" if column in ("channel", "unit") else "right")
    for name, row in figures["deviation"].items():
        table.add_row(name, row["unit"], f"{row['max']:.2g}", f"{row['rms']:.2g}")
    console = Console()
    console.print(table)
    console.print(f"written to {folder}", highlight=False)
