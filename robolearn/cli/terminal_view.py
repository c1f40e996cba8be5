"""The scene as coloured half-blocks in a terminal: for steering without a window, also over SSH."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from typing import IO

import numpy as np

from robolearn.cli.frames import FrameSource
from robolearn.rollout import EpisodeResult, EpisodeStart, Step
from robolearn.specs import Array

UPPER_HALF_BLOCK = "\u2580"
RESET = "\x1b[0m"
LONGEST_DRAWING_S = 1.0  # the end of an episode waits so long for its last picture


def draw_half_blocks(image: Array, columns: int) -> str:
    """Returns an image as lines of text, two pixels a character: one above, one below.

    Args:
        image: uint8, HWC, RGB.
        columns: width in characters; the height follows from the image's shape.
    """
    height, width = image.shape[:2]
    rows = max(2, round(columns * height / width) // 2 * 2)
    small = image[np.linspace(0, height - 1, rows).astype(int)]
    small = small[:, np.linspace(0, width - 1, columns).astype(int)]
    lines = []
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        cells = [
            f"\x1b[38;2;{a[0]};{a[1]};{a[2]};48;2;{b[0]};{b[1]};{b[2]}m{UPPER_HALF_BLOCK}"
            for a, b in zip(upper.tolist(), lower.tolist(), strict=True)
        ]
        lines.append("".join(cells) + RESET)
    return "\n".join(lines)


class TerminalView:
    """An `EpisodeObserver` that keeps drawing the scene in the same place.

    A thread draws the newest frame there is: a terminal that stands still must not hold a robot.
    """

    def __init__(
        self,
        source: FrameSource,
        stream: IO[str],
        describe: Callable[[], str] = str,
        columns: int = 72,
        every: int = 2,
    ) -> None:
        """Prepares the view.

        Args:
            source: gives the frames.
            stream: the terminal.
            describe: returns the words below the picture.
            columns: width of the picture in characters, where the terminal has room for it.
            every: draw at every so-manieth step.
        """
        self._source, self._stream, self._describe = source, stream, describe
        self._columns, self._every = columns, every
        self._lines_drawn = 0
        self._newest: Array | None = None
        self._is_over = False
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Draws the start below what was printed before."""
        self._lines_drawn, self._is_over = 0, False
        self._thread = threading.Thread(target=self._run, name="terminal-view", daemon=True)
        self._thread.start()
        self._show(self._source.at_start(start.observation))

    def on_step(self, step: Step) -> None:
        """Draws over the picture before."""
        if step.index % self._every == 0:
            self._show(self._source.at_step(step.observation))

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Leaves the last picture."""
        self._finish()

    def on_episode_abort(self, error: BaseException) -> None:
        """Leaves the last picture."""
        self._finish()

    def _show(self, frame: Array | None) -> None:
        self._newest = frame
        self._wake.set()

    def _finish(self) -> None:
        self._is_over = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(LONGEST_DRAWING_S)
        self._thread = None

    def _run(self) -> None:
        while not (self._is_over and self._newest is None):
            self._wake.wait()
            self._wake.clear()
            frame, self._newest = self._newest, None
            if frame is not None:
                self._draw(frame)

    def _draw(self, frame: Array) -> None:
        # What does not fit cannot be drawn over.
        columns, lines = shutil.get_terminal_size()
        height, width = frame.shape[:2]
        fitting = min(columns - 1, 2 * (lines - 3) * width // height)
        picture = draw_half_blocks(frame, max(2, min(self._columns, fitting)))
        up = f"\x1b[{self._lines_drawn}A" if self._lines_drawn else ""
        self._lines_drawn = picture.count("\n") + 2
        # A line that the terminal breaks in two would shift the next picture.
        words = self._describe()[: columns - 1]
        self._stream.write(f"{up}\r{picture}\n\x1b[2K{words}\n")
        self._stream.flush()
