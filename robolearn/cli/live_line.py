"""One line that says, while an episode runs, how robot, link and cameras are doing."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from rich.console import Console

from robolearn import keys
from robolearn.environment import Environment
from robolearn.rollout import Actor, EpisodeResult, EpisodeStart, Step
from robolearn.timing import MONOTONIC

REFRESH_RATE_HZ = 4.0
RATE_WINDOW_S = 2.0  # the rate is that of about the last two seconds


class LiveStatus:
    """An `EpisodeObserver` that puts into words how an episode is going.

    Attributes:
        text: the newest words; may be read by any thread.
    """

    def __init__(
        self,
        environment: Environment,
        says_actor: bool = False,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watches a robot.

        Args:
            environment: where the episodes happen.
            says_actor: say whether policy or person acts.
            now_s: real time [s].
        """
        self.text = ""
        self._environment, self._says_actor, self._now_s = environment, says_actor, now_s
        self._is_physical = environment.robot.clock.kind == MONOTONIC
        self._rate_hz = 1.0 / environment.robot.control_period_s
        self._steps_s: deque[float] = deque(maxlen=max(2, round(RATE_WINDOW_S * self._rate_hz)))
        self._told_s = 0.0

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Forgets the episode before."""
        self.text = ""
        self._steps_s.clear()
        self._told_s = 0.0

    def on_step(self, step: Step) -> None:
        """Counts the step, and finds new words now and then."""
        now_s = self._now_s()
        self._steps_s.append(now_s)
        if now_s - self._told_s >= 1.0 / REFRESH_RATE_HZ:
            self._told_s = now_s
            self.text = self._describe(step)

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Leaves the last words."""

    def on_episode_abort(self, error: BaseException) -> None:
        """Leaves the last words."""

    def _describe(self, step: Step) -> str:
        parts = [f"step {step.index + 1}"]
        if len(self._steps_s) > 1 and self._steps_s[-1] > self._steps_s[0]:
            achieved_hz = (len(self._steps_s) - 1) / (self._steps_s[-1] - self._steps_s[0])
            parts.append(f"{achieved_hz:.1f} of {self._rate_hz:g} Hz")
        if self._says_actor:
            parts.append("you" if step.actor is Actor.PERSON else "policy")
        if self._is_physical:
            parts += self._describe_devices(step)
        if step.reward:
            parts.append(f"reward {step.reward:g}")
        return ", ".join(parts)

    def _describe_devices(self, step: Step) -> list[str]:
        health = self._environment.robot.get_health()
        return [
            f"overruns {self._environment.pacer.report().overruns}",
            f"bus errors {health.bus_errors}",
            *(
                f"{keys.camera_of(key)} {1e3 * (step.sent_s - captured_s):.0f} ms old"
                for key, captured_s in step.captured_s.items()
                if keys.is_image_key(key)
            ),
        ]


class LiveLine:
    """An `EpisodeObserver` that keeps the words of a `LiveStatus` on one line of the terminal.

    A thread of rich does the writing: a terminal that stands still must not hold a robot.
    """

    def __init__(self, status: LiveStatus, console: Console) -> None:
        """Shows `status`, which is told about the episode before this."""
        self._status, self._console = status, console
        self._live: Any = None

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Opens the line."""
        from rich.live import Live
        from rich.text import Text

        self._live = Live(
            get_renderable=lambda: Text(self._status.text, overflow="ellipsis", no_wrap=True),
            console=self._console,
            refresh_per_second=REFRESH_RATE_HZ,
            transient=True,
        )
        self._live.start()

    def on_step(self, step: Step) -> None:
        """Nothing to do: the thread looks by itself."""

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Takes the line away."""
        self._close()

    def on_episode_abort(self, error: BaseException) -> None:
        """Takes the line away."""
        self._close()

    def _close(self) -> None:
        if self._live is not None:
            self._live.stop()
        self._live = None
