from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from robolearn.cli.frames import CameraSource, FilmStrip, RenderSource, write_strip
from robolearn.errors import UnknownNameError


def test_unknown_camera_names_those_that_exist(play_episode):
    strip = FilmStrip(CameraSource("fornt"))
    with pytest.raises(UnknownNameError, match="'front'"):
        play_episode(strip, 1)


@pytest.mark.parametrize("num_steps", [1, 5, 8, 15, 16, 17, 63, 200, 1000])
def test_film_strip_is_evenly_spread_and_holds_both_ends(num_steps, play_episode):
    rendered = []

    def render():
        rendered.append(1)
        return np.zeros((2, 2, 3), np.uint8)

    strip = FilmStrip(RenderSource(render), num_frames=8)
    play_episode(strip, num_steps)
    frames = strip.get_frames()
    assert len(frames) == min(8, num_steps + 1) == len(strip.indices) == len(set(strip.indices))
    assert strip.indices[0] == 0
    assert strip.indices[-1] == num_steps
    gaps = np.diff(strip.indices)
    assert gaps.max() <= 2.5 * max(1, num_steps / 7)
    assert len(rendered) <= min(num_steps + 1, 16 + 8 * max(1, np.log2(num_steps / 8)))


def test_film_strip_forgets_the_episode_before(play_episode):
    strip = FilmStrip(CameraSource("front"), num_frames=4)
    play_episode(strip, 100)
    play_episode(strip, 3)
    assert len(strip.get_frames()) == 3


def test_a_strip_is_written_from_left_to_right(tmp_path):
    frames = [np.full((30, 40, 3), value, np.uint8) for value in (0, 100, 200)]
    write_strip(frames, tmp_path / "deep" / "strip.png", frame_width_px=20)
    picture = np.asarray(Image.open(tmp_path / "deep" / "strip.png"))
    assert picture.shape == (15, 60, 3)
    assert picture[7, [10, 30, 50], 0].tolist() == [0, 100, 200]


def test_observers_that_share_a_source_draw_each_moment_once():
    numbers = iter(range(100))
    source = RenderSource(lambda: np.array(next(numbers)))
    first, second = {"observation.state": np.zeros(1)}, {"observation.state": np.zeros(1)}
    seen = [source.at_start(first), source.at_start(first)]
    seen += [source.at_step(first), source.at_step(first), source.at_step(second)]
    assert [int(frame) for frame in seen] == [0, 0, 1, 1, 2]
    assert int(source.at_start(second)) == 3
