"""`robolearn suite …` and `robolearn benchmark suites`, as a person types them."""

import dataclasses
import json

import numpy as np
import pytest

from robolearn.cli.benchmark_suites import list_problems
from robolearn.cli.main import main
from robolearn.cli.suite_walk import Visit
from robolearn.datasets.store import EpisodeStore

BDDL = """(define (problem Desk) (:domain robosuite) (:language lift the can)
  (:regions (left (:target main_table) (:ranges ((-0.1 0.1 0.0 0.2)))))
  (:fixtures main_table - table) (:objects can_1 - CATEGORY)
  (:init (On can_1 main_table_left)) (:goal (Up can_1)))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_suites_and_their_tasks_are_listed(folder, capsys):
    assert main(["suite", "list", "json=suites.json"]) == 0
    suites = json.loads((folder / "suites.json").read_text())["suites"]
    assert {"spatial", "tracks"} <= {suite["name"] for suite in suites}
    assert main(["suite", "list", "tracks", "json=tracks.json"]) == 0
    tasks = json.loads((folder / "tracks.json").read_text())["tasks"]
    assert len(tasks) == 10
    assert tasks[0]["instruction"] == "Drive two laps anticlockwise round the asphalt track."
    assert "Drive two laps" in capsys.readouterr().out


def test_an_unknown_suite_is_refused_with_the_nearest(folder, capsys):
    assert main(["suite", "list", "trakcs"]) == 2
    assert "Did you mean 'tracks'" in capsys.readouterr().err


def test_other_peoples_files_are_walked_and_what_is_wrong_is_told(folder, capsys):
    for name, category in (("good", "alphabet_soup"), ("bad", "alphabet_sop")):
        (folder / "theirs").mkdir(exist_ok=True)
        (folder / "theirs" / f"{name}.bddl").write_text(BDDL.replace("CATEGORY", category))
    line = ["benchmark", "suites", "libero_bddl=theirs", "body=so101_sim", "episodes=0", "resets=3"]
    assert main([*line, "workers=1", "json=walk.json"]) == 0
    (suite,) = json.loads((folder / "walk.json").read_text())["suites"]
    assert (suite["name"], suite["tasks"], suite["loaded"]) == ("theirs", 2, 1)
    assert suite["resets_ok"] == 1
    errors = [task["error"] for task in suite["by_task"]]
    assert sum("bad.bddl:3:" in error and "alphabet_soup" in error for error in errors) == 1
    assert "bad.bddl:3:" in capsys.readouterr().out


def test_a_task_that_its_expert_fails_is_named_with_what_failed():
    tried = Visit("goal", "goal/open", loaded=True, episodes=3, successes=1)
    failed = dataclasses.replace(tried, failed_skills=("open drawer", "open drawer"))
    assert list_problems([failed, dataclasses.replace(tried, successes=3)]) == [
        "goal/open: 1 of 3 solved, failed: open drawer"
    ]


def test_a_start_that_needs_nothing_done_is_no_good_start(folder):
    (folder / "theirs").mkdir()
    text = BDDL.replace("CATEGORY", "alphabet_soup").replace(
        "(Up can_1)", "(On can_1 main_table_left)"
    )
    (folder / "theirs" / "done.bddl").write_text(text)
    line = ["benchmark", "suites", "libero_bddl=theirs", "body=so101_sim", "episodes=0", "resets=3"]
    assert main([*line, "workers=1", "json=walk.json"]) == 0
    (suite,) = json.loads((folder / "walk.json").read_text())["suites"]
    assert suite["by_task"][0]["resets_ok"] == 0


def test_a_folder_without_files_is_refused(folder, capsys):
    assert main(["benchmark", "suites", "libero_bddl=."]) == 2
    assert "no *.bddl file" in capsys.readouterr().err


@pytest.mark.gl
def test_a_task_is_shown_with_a_picture(folder, capsys):
    (folder / "task.bddl").write_text(BDDL.replace("CATEGORY", "alphabet_soup"))
    assert main(["suite", "show", "task.bddl", "body=so101_sim", "output=start.png"]) == 0
    assert "lift the can" in capsys.readouterr().out
    assert (folder / "start.png").stat().st_size > 2000
    assert main(["suite", "show", "task.bddl", "body=so101_sim", "output=start.xyz"]) == 2
    assert "start.xyz cannot be written" in capsys.readouterr().err


@pytest.mark.gl
def test_a_sheet_shows_every_task(folder):
    from PIL import Image

    line = ["suite", "render", "tracks", "output=sheet.png", "columns=5", "width_px=120"]
    assert main(line) == 0
    with Image.open(folder / "sheet.png") as sheet:
        width, height = sheet.size
    assert width == pytest.approx(5 * 126, abs=10)
    assert height > 2 * 90


def test_starts_are_stored_where_asked(folder):
    assert main(["suite", "store", "tracks", "starts=2", "folder=starts"]) == 0
    assert (folder / "starts" / "tracks.npz").is_file()


def test_generated_tasks_are_written_and_counted_the_same_each_time(folder, capsys):
    line = ["suite", "generate", "count=3", "seed=5", "tries=1"]
    assert main([*line, "output=one", "json=one.json", "workers=1"]) == 0
    assert main([*line, "output=two", "json=two.json", "workers=2"]) == 0
    one, two = ({p.name: p.read_text() for p in (folder / f).iterdir()} for f in ("one", "two"))
    assert len(one) == 3
    assert one == two
    figures = json.loads((folder / "one.json").read_text())
    assert figures["candidates"] == figures["kept"] + sum(figures["rejected"].values())
    assert "drawn" in capsys.readouterr().out
    assert main([*line, "output=one"]) == 2
    assert "not empty" in capsys.readouterr().err


def test_a_suite_is_written_anew(folder):
    assert main(["suite", "write", "object", "output=files"]) == 0
    assert len(list((folder / "files" / "object").glob("*.bddl"))) == 10


def test_cloning_is_measured_task_by_task_and_what_is_finished_is_not_done_again(folder, capsys):
    line = [
        *("benchmark", "cloning", "suites=[tracks]", "tasks=1", "demonstrations=2", "updates=4"),
        *("episodes=1", "perturbations=[positions,start_pose]", "workers=1", "json=cloning.json"),
    ]
    assert main(line) == 0
    (row,) = json.loads((folder / "cloning.json").read_text())["cloning"]
    assert row["task"] == "tracks/asphalt_anticlockwise"
    assert row["plain"]["episodes"] == 1
    assert row["positions"] is row["start_pose"] is None  # no loose things, and no posture
    assert "rc_car is no arm" in capsys.readouterr().err
    began = (folder / "runs" / "cloning" / row["task"] / "cloning.json").stat().st_mtime
    assert main(line) == 0
    assert (folder / "runs" / "cloning" / row["task"] / "cloning.json").stat().st_mtime == began


def test_cloning_records_on_a_body_that_is_pushed_about(folder):
    line = [
        *("benchmark", "cloning", "suites=[desk]", "tasks=1", "demonstrations=1", "updates=2"),
        *("episodes=1", "perturbations=[]", "workers=1"),
    ]
    assert main(line) == 0
    (data,) = (folder / "runs" / "cloning" / "desk").glob("*/data")
    episode = next(EpisodeStore(data).iterate_episodes())
    asked, applied = episode.read_column("action"), episode.read_column("action_applied")
    assert np.abs(asked - applied)[:, :-1].max() > 0.001
