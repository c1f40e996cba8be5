from __future__ import annotations

import re

import numpy as np

from robolearn.cli.charts import Curve, describe_curves, draw_curves, make_curves

HISTORY = [
    {"update": 10, "split": "train", "loss": 1.0, "learning_rate": 1e-3},
    {"update": 20, "split": "train", "loss": 0.5, "learning_rate": 1e-3},
    {"update": 20, "split": "validation", "loss": 0.7},
]


def _read_points(svg, colour):
    """The corners of the line drawn in a colour, as an array (n, 2)."""
    pattern = rf'<path d="([^"]+)" clip-path[^>]*stroke: var\({colour}\)'
    (path,) = re.findall(pattern, svg)
    numbers = [float(number) for number in re.findall(r"[-\d.]+", path)]
    return np.reshape(numbers, (-1, 2))


def test_curves_are_split_by_training_and_validation():
    assert make_curves(HISTORY, "loss") == [
        Curve("train", [10, 20], [1.0, 0.5]),
        Curve("validation", [20], [0.7]),
    ]
    assert [curve.label for curve in make_curves(HISTORY, "learning_rate")] == ["train"]
    assert make_curves(HISTORY, "accuracy") == []


def test_line_goes_through_the_values():
    updates, values = np.arange(0, 50, 5), np.linspace(3, 1, 10)
    points = _read_points(draw_curves([Curve("train", updates, values)], "a"), "--series-1")
    assert np.corrcoef(points[:, 0], updates)[0, 1] > 0.999999
    assert np.corrcoef(points[:, 1], values)[0, 1] < -0.999999  # SVG counts downwards


def test_a_wide_range_gets_a_logarithmic_axis():
    values = np.geomspace(1, 1e-3, 10)
    points = _read_points(draw_curves([Curve("train", range(10), values)], "a"), "--series-1")
    assert np.corrcoef(points[:, 1], np.log(values))[0, 1] < -0.999999


def test_colours_come_from_the_page_and_drawing_is_repeatable():
    curves = make_curves(HISTORY, "loss")
    svg = draw_curves(curves, "a")
    assert svg == draw_curves(curves, "a")
    assert "var(--series-1)" in svg
    assert "var(--series-2)" in svg
    assert not re.search(r"#[0-9a-f]{6}\b", svg)
    assert "<style" not in svg


def test_zero_and_single_values_can_be_drawn():
    assert "<svg" in draw_curves([Curve("train", [5], [0.0])], "a")
    assert "<svg" in draw_curves([Curve("train", [5, 6], [0.0, 0.0])], "a")


def test_description_names_first_last_and_lowest():
    text = describe_curves("loss", [Curve("train", [1, 2, 3], [0.9, 0.1, 0.2])])
    assert text == "loss over updates: train from 0.9 to 0.2, lowest 0.1 at update 2"
