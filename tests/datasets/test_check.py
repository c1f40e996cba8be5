from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robolearn import keys
from robolearn.datasets.check import check_store, compute_rate_hz, find_longest_run
from robolearn.datasets.recorder import EpisodeRecorder
from robolearn.datasets.store import EpisodeStore

FRONT = keys.image_key("front")


@pytest.fixture
def store(tmp_path, make_schema):
    return EpisodeStore.create(tmp_path / "store", make_schema())


def record_steps(store, play, *episodes):
    with EpisodeRecorder(store, source="expert", clock="simulated") as recorder:
        for steps in episodes:
            play(recorder, steps)


def list_kinds(report):
    return [(finding.place, finding.kind, finding.is_broken) for finding in report.findings]


def begin_and_leave(store):
    """Leaves what a recorder that died leaves: a temporary folder that nobody holds."""
    writer = store.begin_episode()
    writer._lock.close()
    return writer._folder


def test_a_good_store_is_clean(store, play, make_steps):
    record_steps(store, play, make_steps(30), make_steps(40, 1))
    progress = []
    report = check_store(store.path, repair=True, on_episode=lambda *n: progress.append(n))
    assert report.is_clean
    assert report.moved == {}
    assert progress == [(1, 2), (2, 2)]
    assert not (store.path / "quarantine").exists()


def change(steps, index, key, value):
    """Replaces one observation of one step."""
    observation = {**steps[index].observation, key: value}
    steps[index] = replace(steps[index], observation=observation)


def test_values_that_are_not_finite_are_found(store, play, make_steps):
    steps = make_steps(5)
    change(steps, 3, keys.STATE, np.array([np.nan, 1], np.float32))
    record_steps(store, play, steps)
    report = check_store(store.path)
    assert list_kinds(report) == [("episode_000000", "not_finite", True)]
    assert "observation.state is not finite at step 3: [nan" in report.findings[0].message


def test_capture_times_going_backwards_are_found(store, play, make_steps):
    steps = make_steps(5)
    steps[3] = replace(steps[3], captured_s={keys.STATE: 0.151, FRONT: 0.01})
    record_steps(store, play, steps)
    report = check_store(store.path)
    assert list_kinds(report) == [("episode_000000", "time_backwards", True)]
    assert f"{FRONT} goes back by 0.088 s at step 3" in report.findings[0].message


def test_a_missing_capture_time_is_found(store, play, make_steps):
    steps = make_steps(5)
    steps[3] = replace(steps[3], captured_s={keys.STATE: 0.151})
    record_steps(store, play, steps)
    assert list_kinds(check_store(store.path)) == [("episode_000000", "not_finite", True)]


def test_a_camera_stuck_while_the_body_moves_is_found(store, play, make_steps):
    steps = make_steps(40)
    for index in range(10, 40):
        change(steps, index, FRONT, steps[10].observation[FRONT])
    record_steps(store, play, steps)
    report = check_store(store.path)
    assert list_kinds(report) == [("episode_000000", "stuck_camera", False)]
    assert f"{FRONT} shows the same picture for 30 steps from step 10" in str(report.findings)


def test_a_still_picture_of_a_still_body_is_no_finding(store, play, make_steps):
    steps = make_steps(40)
    for index in range(10, 40):
        steps[index] = replace(steps[index], observation=steps[10].observation)
    record_steps(store, play, steps)
    assert check_store(store.path).is_clean


def test_a_stream_whose_clock_stands_still_is_found(store, play, make_steps):
    steps = make_steps(40)
    for index in range(5, 40):
        times = {keys.STATE: steps[index].captured_s[keys.STATE], FRONT: 0.2}
        steps[index] = replace(steps[index], captured_s=times)
    record_steps(store, play, steps)
    assert list_kinds(check_store(store.path)) == [("episode_000000", "stale_stream", False)]


def test_a_rate_far_from_nominal_is_found(store, play, make_steps):
    steps = [replace(step, sent_s=step.index / 17) for step in make_steps(20)]
    record_steps(store, play, steps)
    report = check_store(store.path)
    assert list_kinds(report) == [("episode_000000", "rate_off", False)]
    assert report.findings[0].message == "ran at 17.0 Hz, nominal is 20 Hz"


def test_contradicting_ends_are_found(store, play, make_steps):
    steps = make_steps(5)
    steps[2] = replace(steps[2], terminated=True, truncated=True)
    record_steps(store, play, steps)
    kinds = list_kinds(check_store(store.path))
    assert kinds == [("episode_000000", "contradiction", False)] * 2


def test_unfinished_damaged_and_foreign_places_are_found(store, play, make_steps):
    record_steps(store, play, make_steps(5), make_steps(6))
    folder = begin_and_leave(store)
    (store.path / "episodes" / "episode_000001" / "action" / "c.0.0").write_bytes(b"short")
    (store.path / "episodes" / "notes").mkdir()
    assert list_kinds(check_store(store.path)) == [
        (folder.name, "unfinished", True),
        ("notes", "foreign", False),
        ("episode_000001", "unreadable", True),
    ]


def list_content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_repair_moves_what_is_broken_and_deletes_nothing(store, play, make_steps):
    steps = make_steps(5)
    change(steps, 3, keys.STATE, np.array([np.nan, 1], np.float32))
    record_steps(store, play, make_steps(5), steps, make_steps(6))
    folder = begin_and_leave(store)
    broken = store.path / "episodes" / "episode_000001"
    content, unfinished = list_content(broken), list_content(folder)

    report = check_store(store.path, repair=True)
    assert report.moved == {
        "episodes/episode_000001": "quarantine/episode_000001",
        f"incomplete/{folder.name}": f"quarantine/{folder.name}",
    }
    quarantine = store.path / "quarantine"
    assert list_content(quarantine / "episode_000001") == content
    assert list_content(quarantine / folder.name) == unfinished
    assert "not_finite: observation.state" in (quarantine / "episode_000001.txt").read_text()
    assert store.list_episodes() == ["episode_000000", "episode_000002"]
    assert check_store(store.path).is_clean


def test_a_number_is_not_used_again_after_a_repair(store, play, make_steps):
    steps = make_steps(5)
    change(steps, 3, keys.STATE, np.array([np.nan, 1], np.float32))
    record_steps(store, play, make_steps(5), steps)
    check_store(store.path, repair=True)
    record_steps(store, play, make_steps(5))
    assert store.list_episodes() == ["episode_000000", "episode_000002"]


def test_an_episode_being_recorded_is_left_alone(store, make_steps):
    writer = store.begin_episode()
    report = check_store(store.path, repair=True)
    assert report.is_clean
    assert writer._folder.is_dir()
    writer.discard()


def test_the_longest_run_is_found():
    assert find_longest_run(np.array([False, True, True, False, True])) == (1, 2)
    assert find_longest_run(np.array([False, False])) == (0, 0)
    assert find_longest_run(np.zeros(0, np.bool_)) == (0, 0)


def test_the_rate_of_one_step_is_unknown():
    assert compute_rate_hz(np.array([1.0])) == 0.0
    assert compute_rate_hz(np.array([0.0, 0.1, 0.2, 0.9])) == pytest.approx(10)
