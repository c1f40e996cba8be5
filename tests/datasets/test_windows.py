from __future__ import annotations

import numpy as np
import pytest

from robolearn.datasets.windows import Windows
from robolearn.errors import RobolearnError


def test_windows_repeat_the_border_step_and_mark_padded_actions():
    window = Windows([3, 2], observation_horizon=2, prediction_horizon=3).locate(np.arange(5))
    assert window.observation_steps.tolist() == [[0, 0], [0, 1], [1, 2], [3, 3], [3, 4]]
    assert window.action_steps.tolist() == [[0, 1, 2], [1, 2, 2], [2, 2, 2], [3, 4, 4], [4, 4, 4]]
    assert window.action_is_pad.tolist() == [
        [False, False, False],
        [False, False, True],
        [False, True, True],
        [False, False, True],
        [False, True, True],
    ]


def test_a_window_never_reaches_into_another_episode():
    lengths = np.random.default_rng(0).integers(1, 30, 50)
    windows = Windows(lengths.tolist(), observation_horizon=4, prediction_horizon=16)
    owner = np.repeat(np.arange(50), lengths)
    window = windows.locate(np.arange(windows.num_steps))
    assert (owner[window.observation_steps] == owner[:, None]).all()
    assert (owner[window.action_steps] == owner[:, None]).all()


def test_steps_of_some_episodes_are_listed_in_order():
    windows = Windows([3, 2, 4], 1, 1)
    assert windows.list_steps(np.array([0, 2])).tolist() == [0, 1, 2, 5, 6, 7, 8]
    assert windows.list_steps(np.array([], np.int64)).tolist() == []


@pytest.mark.parametrize(
    ("lengths", "horizons", "message"),
    [([3, 0], (1, 1), "at least one step"), ([3], (0, 1), "horizons"), ([3], (1, 0), "horizons")],
)
def test_impossible_windows_are_refused(lengths, horizons, message):
    with pytest.raises(RobolearnError, match=message):
        Windows(lengths, *horizons)
