"""Simulated episodes at the speed of real time, for people who watch or steer."""

from __future__ import annotations

from robolearn.robot import Robot
from robolearn.rollout import EpisodeResult, EpisodeStart, Step
from robolearn.timing import MONOTONIC, MonotonicClock, Pacer


class RealTimeObserver:
    """An `EpisodeObserver` that holds a simulated episode back to real time.

    A robot on a real clock already keeps its own time, and is left alone.
    """

    def __init__(self, robot: Robot) -> None:
        self._is_needed = robot.clock.kind != MONOTONIC
        self._pacer = Pacer(MonotonicClock(), robot.control_period_s)

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Starts the deadlines."""
        self._pacer.start()

    def on_step(self, step: Step) -> None:
        """Waits for the step's deadline."""
        if self._is_needed:
            self._pacer.wait()

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Nothing to do."""

    def on_episode_abort(self, error: BaseException) -> None:
        """Nothing to do."""
