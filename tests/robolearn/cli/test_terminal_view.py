import io
import threading

import numpy as np
import pytest

from robolearn.cli import terminal_view
from robolearn.cli.frames import CameraSource, RenderSource
from robolearn.cli.terminal_view import UPPER_HALF_BLOCK, TerminalView, draw_half_blocks


def test_two_pixels_share_a_character():
    image = np.zeros((2, 1, 3), np.uint8)
    image[0, 0], image[1, 0] = (1, 2, 3), (4, 5, 6)
    assert draw_half_blocks(image, 1) == f"\x1b[38;2;1;2;3;48;2;4;5;6m{UPPER_HALF_BLOCK}\x1b[0m"


def test_the_picture_keeps_its_shape():
    lines = draw_half_blocks(np.zeros((360, 480, 3), np.uint8), 72).split("\n")
    assert len(lines) == 27  # 54 rows of pixels, as 72 x 54 is 4 to 3
    assert all(line.count(UPPER_HALF_BLOCK) == 72 for line in lines)


def make_view(stream, **options):
    source = RenderSource(lambda: np.zeros((4, 4, 3), np.uint8))
    return TerminalView(source, stream, columns=4, **options)


def test_each_picture_is_drawn_over_the_one_before():
    stream = io.StringIO()
    view = make_view(stream, describe=lambda: "all is well")
    view._draw(np.zeros((4, 4, 3), np.uint8))
    first = stream.getvalue()
    assert "\x1b[3A" not in first
    assert first.count("\n") == 3
    assert first.endswith("all is well\n")
    view._draw(np.zeros((4, 4, 3), np.uint8))
    assert stream.getvalue().removeprefix(first).startswith("\x1b[3A")


def test_words_that_are_too_long_for_the_terminal_are_cut(monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")
    stream = io.StringIO()
    make_view(stream, describe=lambda: "0123456789abc")._draw(np.zeros((4, 4, 3), np.uint8))
    assert stream.getvalue().endswith("\x1b[2K012345678\n")


@pytest.mark.parametrize("source", [None, CameraSource("front")])
def test_an_episode_leaves_a_picture_and_no_thread(play_episode, source):
    stream = io.StringIO()
    view = TerminalView(source, stream, columns=4) if source else make_view(stream)
    for _ in range(2):
        drawn = len(stream.getvalue())
        play_episode(view, 5)
        assert UPPER_HALF_BLOCK in stream.getvalue()[drawn:]
    assert not [t for t in threading.enumerate() if t.name == "terminal-view"]


class StuckTerminal(io.StringIO):
    """Takes nothing until it is released, like one that was stopped with Ctrl-S."""

    def __init__(self):
        super().__init__()
        self.released = threading.Event()

    def write(self, text):
        self.released.wait(10.0)
        return super().write(text)


def test_a_terminal_that_stands_still_does_not_hold_the_loop(play_episode, monkeypatch):
    monkeypatch.setattr(terminal_view, "LONGEST_DRAWING_S", 0.05)
    stream = StuckTerminal()
    view = make_view(stream)
    play_episode(view, 100)
    assert stream.getvalue() == ""
    stream.released.set()
