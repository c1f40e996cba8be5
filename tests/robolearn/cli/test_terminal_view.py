import io

import numpy as np

from robolearn.cli.terminal_view import UPPER_HALF_BLOCK, TerminalView, draw_half_blocks


def test_two_pixels_share_a_character():
    image = np.zeros((2, 1, 3), np.uint8)
    image[0, 0], image[1, 0] = (1, 2, 3), (4, 5, 6)
    assert draw_half_blocks(image, 1) == f"\x1b[38;2;1;2;3;48;2;4;5;6m{UPPER_HALF_BLOCK}\x1b[0m"


def test_the_picture_keeps_its_shape():
    lines = draw_half_blocks(np.zeros((360, 480, 3), np.uint8), 72).split("\n")
    assert len(lines) == 27  # 54 rows of pixels, as 72 x 54 is 4 to 3
    assert all(line.count(UPPER_HALF_BLOCK) == 72 for line in lines)


def test_each_picture_is_drawn_over_the_one_before():
    stream = io.StringIO()
    view = TerminalView(lambda: np.zeros((4, 4, 3), np.uint8), stream, columns=4)
    view.on_episode_start(None)
    first = stream.getvalue()
    assert "\x1b[3A" not in first
    view._draw("step 1")
    assert stream.getvalue().removeprefix(first).startswith("\x1b[3A")
    assert first.count("\n") == 3
