"""The scene as coloured half-blocks in a terminal: for steering without a window, also over SSH."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

import numpy as np

from robolearn.rollout import EpisodeResult, EpisodeStart, Step
from robolearn.specs import Array

UPPER_HALF_BLOCK = "\u2580"
RESET = "\x1b[0m"


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
    """An `EpisodeObserver` that keeps drawing the scene in the same place."""

    def __init__(
        self, render: Callable[[], Array], stream: IO[str], columns: int = 72, every: int = 2
    ) -> None:
        """Prepares the view.

        Args:
            render: returns the scene as it is.
            stream: the terminal.
            columns: width of the picture in characters.
            every: draw at every so-manieth step.
        """
        self._render, self._stream = render, stream
        self._columns, self._every = columns, every
        self._lines_drawn = 0

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Draws the start below what was printed before."""
        self._lines_drawn = 0
        self._draw("")

    def on_step(self, step: Step) -> None:
        """Draws over the picture before."""
        if step.index % self._every == 0:
            self._draw(f"step {step.index + 1}, reward {step.reward:g}")

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Leaves the last picture."""

    def on_episode_abort(self, error: BaseException) -> None:
        """Leaves the last picture."""

    def _draw(self, status: str) -> None:
        picture = draw_half_blocks(self._render(), self._columns)
        up = f"\x1b[{self._lines_drawn}A" if self._lines_drawn else ""
        self._lines_drawn = picture.count("\n") + 2
        self._stream.write(f"{up}\r{picture}\n\x1b[2K{status}\n")
        self._stream.flush()
