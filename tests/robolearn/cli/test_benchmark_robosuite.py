import json

import pytest

from robolearn.cli import benchmark_robosuite
from robolearn.cli.choices import compose_config
from robolearn.errors import RobolearnError

ROW = {
    "task": "Lift",
    "arm": "Panda",
    "problem": None,
    "env_steps_per_s": 250.0,
    "own_steps_per_s": 260.0,
    "camera_steps_per_s": 30.0,
    "reset_ms": 1.5,
}


def run(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark_robosuite, "build", lambda config: rows)
    path = tmp_path / "figures.json"
    benchmark_robosuite.run(compose_config("benchmark_robosuite", [f"json={path}"]), tmp_path)
    return json.loads(path.read_text())["robosuite"]


def test_rows_are_printed_and_written(tmp_path, monkeypatch, capsys):
    assert run([ROW], tmp_path, monkeypatch) == [ROW]
    assert "Lift" in capsys.readouterr().out


def test_a_problem_fails_the_command_after_everything_is_written(tmp_path, monkeypatch):
    bad = {**ROW, "task": "Door", "problem": "it lies"}
    with pytest.raises(RobolearnError, match="1 of 2 have a problem: Door with Panda: it lies"):
        run([ROW, bad], tmp_path, monkeypatch)
    assert len(json.loads((tmp_path / "figures.json").read_text())["robosuite"]) == 2
