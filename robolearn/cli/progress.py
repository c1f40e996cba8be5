"""Progress with rate and time left: a bar in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from robolearn.learner import Metrics


class ProgressBar:
    """Shows how far a job is. Use it as a context manager.

    In a terminal it is a bar of rich; where the stream is no terminal (a log, CI) it is a line
    every `interval_s` seconds and one at the end.
    """

    def __init__(
        self,
        description: str,
        total: int,
        unit: str,
        *,
        completed: int = 0,
        stream: TextIO | None = None,
        interval_s: float = 5.0,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepares the bar; it shows from `__enter__` on.

        Args:
            description: what is done, e.g. "record".
            total: units in all.
            unit: what is counted, in the plural, e.g. "episodes".
            completed: units done before this run, e.g. before a resume.
            stream: where to show it; None takes standard error.
            interval_s: time between plain lines [s].
            now_s: the clock [s].
        """
        self.description, self.total, self.unit = description, total, unit
        self.completed = self._completed_before = completed
        self.note = ""
        self._stream = sys.stderr if stream is None else stream
        self._interval_s, self._now_s = interval_s, now_s
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        self._started_s = self._shown_s = self._now_s()
        if self._stream.isatty():
            self._bar = _make_rich_bar(self._stream)
            self._task = self._bar.add_task(
                self.description, total=self.total, completed=self.completed, status=""
            )
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        else:
            self._print_line()

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Counts `amount` more units; `note` says something beside, e.g. "48 of 50 succeeded"."""
        self.completed += amount
        self.note = note or self.note
        now_s = self._now_s()
        if self._bar is not None:
            self._bar.update(
                self._task, completed=self.completed, total=self.total, status=self.describe()
            )
        elif now_s - self._shown_s >= self._interval_s:
            self._shown_s = now_s
            self._print_line()

    def describe(self) -> str:
        """Returns count, rate, time left and the note, e.g. `40/50 episodes, 2.1/s, 0:05 left`."""
        elapsed_s = self._now_s() - self._started_s
        done = self.completed - self._completed_before
        parts = [f"{self.completed}/{self.total} {self.unit}"]
        if done > 0 and elapsed_s > 0:
            rate = done / elapsed_s
            parts.append(f"{rate:.1f}/s" if rate >= 1 else f"{1 / rate:.1f} s each")
            left = self.total - self.completed
            if left > 0:
                parts.append(f"{format_duration(left / rate)} left")
            else:
                parts.append(f"took {format_duration(elapsed_s)}")
        if self.note:
            parts.append(self.note)
        return ", ".join(parts)

    def _print_line(self) -> None:
        print(f"{self.description}: {self.describe()}", file=self._stream, flush=True)


def _make_rich_bar(stream: TextIO) -> Any:
    """Returns a bar that vanishes in no case: the finished one stays as a record."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[status]}", markup=False),
        console=Console(file=stream),
    )


def format_duration(seconds: float) -> str:
    """Writes a duration, rounded to seconds, as `m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class TrainingProgress:
    """A training observer that shows a progress bar with the latest losses."""

    def __init__(self, stream: TextIO | None = None, interval_s: float = 5.0) -> None:
        """Shows as `ProgressBar` does; whoever trains calls `close`, an error skips `on_end`."""
        self._stream, self._interval_s = stream, interval_s
        self._bar: ProgressBar | None = None
        self._validation = ""

    def on_start(self, first_update: int, num_updates: int) -> None:
        """Opens the bar."""
        self._bar = ProgressBar(
            "train",
            num_updates,
            "updates",
            completed=first_update,
            stream=self._stream,
            interval_s=self._interval_s,
        )
        self._bar.__enter__()

    def on_update(self, update: int, metrics: Metrics) -> None:
        """Moves the bar."""
        if self._bar is not None:
            self._bar.advance(1, _describe_first(metrics) + self._validation)

    def on_validation(self, update: int, metrics: Metrics) -> None:
        """Remembers the validation loss."""
        self._validation = f", validation {_describe_first(metrics)}"

    def on_checkpoint(self, update: int, folder: Path) -> None:
        """Nothing to show."""

    def on_end(self, summary: object) -> None:
        """Closes the bar."""
        self.close()

    def close(self) -> None:
        """Closes the bar, also after an error; may be called twice."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def _describe_first(metrics: Metrics) -> str:
    """Returns the first metric, which is what a learner minimises, e.g. `loss 0.0123`."""
    name, value = next(iter(metrics.items()))
    return f"{name} {value:.4g}"
