from __future__ import annotations

import json
import resource
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from robolearn import keys
from robolearn.datasets import arrays
from robolearn.datasets.info import summarize_store
from robolearn.datasets.recorder import EpisodeRecorder
from robolearn.datasets.store import EpisodeStore
from robolearn.errors import RobotError, StoreError
from robolearn.policy import Segment
from robolearn.rollout import EpisodeStart
from robolearn.teleoperator import Event

FRONT = keys.image_key("front")
KEPT = {"skill": "grasp", "arguments": [], "first_step": 0, "num_steps": 2, "succeeded": True}


@pytest.fixture
def store(tmp_path, make_schema):
    return EpisodeStore.create(tmp_path / "store", make_schema())


def make_recorder(store, **changes):
    return EpisodeRecorder(store, **{"source": "expert", "clock": "monotonic", **changes})


def list_leftovers(store):
    return [path for path in (store.path / "incomplete").iterdir() if path.is_dir()]


def test_an_aborted_episode_is_kept_up_to_the_abort_and_marked(store, make_steps):
    with make_recorder(store) as recorder:
        recorder.on_episode_start(EpisodeStart("push it", "push", 3, {}))
        for step in make_steps(4):
            recorder.on_step(step)
        recorder.on_episode_abort(RobotError("the arm was unplugged"))
    episode = store.open_episode("episode_000000")
    assert episode.attributes.aborted
    assert not episode.attributes.success
    assert episode.attributes.abort_reason == "RobotError: the arm was unplugged"
    assert len(episode.read(FRONT)) == episode.num_steps == 4


@pytest.mark.parametrize(("clock", "num_kept"), [("simulated", 0), ("monotonic", 1)])
def test_of_aborted_episodes_only_those_of_physical_robots_are_kept_beside_successes(
    store, make_steps, clock, num_kept
):
    with make_recorder(store, keep="success", clock=clock) as recorder:
        recorder.on_episode_start(EpisodeStart("push it", "push", 3, {}))
        recorder.on_step(make_steps(1)[0])
        recorder.on_episode_abort(RobotError("the arm was unplugged"))
    assert len(store.list_episodes()) == num_kept


def test_an_episode_open_when_the_recorder_closes_counts_as_aborted(store, make_steps):
    recorder = make_recorder(store)
    recorder.on_episode_start(EpisodeStart("push it", "push", 3, {}))
    recorder.on_step(make_steps(1)[0])
    recorder.close()
    assert store.open_episode("episode_000000").attributes.ended == "aborted"


def test_how_the_robot_is_set_up_is_kept_with_each_episode(store, play, make_steps):
    settings = {"robot_id": "left", "limits_off": "none"}
    with make_recorder(store, get_settings=lambda: settings) as recorder:
        play(recorder, make_steps(3))
        settings["limits_off"] = "speed"
        play(recorder, make_steps(3))
    kept = [store.open_episode(name).attributes.settings for name in store.list_episodes()]
    assert kept == [
        {"robot_id": "left", "limits_off": "none"},
        {"robot_id": "left", "limits_off": "speed"},
    ]


def test_which_skills_acted_when_is_kept_with_each_episode(store, play, make_steps):
    grasp, place = (
        Segment("grasp", ("bowl_1",), 0, 2, succeeded=False),
        Segment("place", ("bowl_1", "plate_1"), 2, 1, succeeded=True),
    )
    with make_recorder(store) as recorder:
        play(recorder, make_steps(3), segments=(grasp, place))
        play(recorder, make_steps(3))
    with_skills, without = (store.open_episode(name).attributes for name in store.list_episodes())
    assert with_skills.segments == (grasp, place)
    assert without.segments == ()
    assert summarize_store(store.path).num_with_segments == 1


def test_an_episode_from_before_skills_were_kept_is_read(store, play, make_steps):
    with make_recorder(store) as recorder:
        play(recorder, make_steps(3))
    change_attributes(store, lambda attributes: attributes.pop("segments"))
    assert store.open_episode("episode_000000").attributes.segments == ()


@pytest.mark.parametrize(
    "damage",
    [7, "grasp", [{"skill": "grasp"}], [{**KEPT, "first_step": -1}], [{**KEPT, "arguments": "x"}]],
)
def test_damaged_skills_of_an_episode_are_refused(store, play, make_steps, damage):
    with make_recorder(store) as recorder:
        play(recorder, make_steps(3))
    change_attributes(store, lambda attributes: attributes.update(segments=damage))
    with pytest.raises(StoreError, match="'segments' is wrong"):
        store.open_episode("episode_000000")


def change_attributes(store, change):
    path = store.path / "episodes" / "episode_000000" / "zarr.json"
    metadata = json.loads(path.read_text())
    change(metadata["attributes"])
    path.write_text(json.dumps(metadata))


def test_discarded_and_empty_episodes_leave_nothing(store, play, make_steps):
    with make_recorder(store) as recorder:
        play(recorder, make_steps(4), event=Event.DISCARD)
        play(recorder, make_steps(4), event=Event.REDO)
        play(recorder, [])
    assert recorder.num_discarded == 3
    assert store.list_episodes() == list_leftovers(store) == []


def test_a_recorder_can_keep_successes_only(store, play, make_steps):
    with make_recorder(store, keep="success") as recorder:
        play(recorder, make_steps(4), success=False)
        play(recorder, make_steps(5), seed=1)
        play(recorder, make_steps(6), seed=2, event=Event.SUCCESS)
    assert [episode.attributes.seed for episode in store.iterate_episodes()] == [1, 2]
    assert [episode.attributes.ended for episode in store.iterate_episodes()] == [
        "terminated",
        "success",
    ]
    assert recorder.num_discarded == 1


def test_an_episode_is_acknowledged_once_it_can_be_read(store, play, make_steps):
    read = []
    with make_recorder(
        store, on_committed=lambda name: read.append(store.open_episode(name).num_steps)
    ) as recorder:
        play(recorder, make_steps(4))
        play(recorder, make_steps(5))
    assert read == [4, 5]
    assert recorder.committed == store.list_episodes()


def test_what_the_acknowledgement_raises_comes_out_of_close(store, play, make_steps):
    def complain(name):
        raise ValueError(name)

    recorder = make_recorder(store, on_committed=complain)
    play(recorder, make_steps(4))
    play(recorder, make_steps(4))
    with pytest.raises(ValueError, match="episode_000001"):
        recorder.close()


def test_the_caller_may_reuse_its_arrays(store, make_steps):
    with make_recorder(store) as recorder:
        recorder.on_episode_start(EpisodeStart("push it", "push", 0, {}))
        for step in make_steps(30):
            recorder.on_step(step)
            step.observation[FRONT][:] = 0
            step.action[:] = 0
        recorder.on_episode_abort(KeyboardInterrupt())
    episode = store.open_episode("episode_000000")
    expected = make_steps(30)
    assert np.array_equal(episode.read(FRONT), [step.observation[FRONT] for step in expected])
    assert np.array_equal(episode.read(keys.ACTION), [step.action for step in expected])


def test_a_step_that_does_not_fit_loses_its_episode_by_name(store, play, make_steps):
    broken = make_steps(4)
    broken[2].observation[keys.STATE].resize(3, refcheck=False)
    recorder = make_recorder(store)
    play(recorder, make_steps(4), seed=1)
    play(recorder, broken, seed=2)
    play(recorder, make_steps(4), seed=3)
    with pytest.raises(
        StoreError, match=r"1 episode.*lost, 2 are stored: episode 2 \(push, seed 2\): .*\(3,\)"
    ):
        recorder.close()
    assert [episode.attributes.seed for episode in store.iterate_episodes()] == [1, 3]
    assert list_leftovers(store) == []


def test_a_robot_faster_than_the_disk_loses_the_episode_not_the_loop(store, play, make_steps):
    recorder = make_recorder(store, max_buffered_bytes=1000)  # a step has about 700
    play(recorder, make_steps(100), seed=5)
    with pytest.raises(StoreError, match=r"seed 5.*the disk fell .* behind the robot"):
        recorder.close()
    assert store.list_episodes() == list_leftovers(store) == []


def test_simulated_time_waits_for_the_disk(store, play, make_steps):
    with make_recorder(store, clock="simulated", max_buffered_bytes=1000) as recorder:
        play(recorder, make_steps(100))
    assert store.open_episode("episode_000000").num_steps == 100


def test_a_slow_disk_does_not_hold_the_loop(store, play, make_steps, monkeypatch):
    append = arrays.ImageWriter.append

    def append_slowly(writer, frame):
        time.sleep(0.02)
        append(writer, frame)

    monkeypatch.setattr(arrays.ImageWriter, "append", append_slowly)
    recorder = make_recorder(store)
    recorder.on_episode_start(EpisodeStart("push it", "push", 0, {}))
    held_s = []
    for step in make_steps(50):
        start_s = time.perf_counter()
        recorder.on_step(step)
        held_s.append(time.perf_counter() - start_s)
    start_s = time.perf_counter()
    recorder.on_episode_abort(KeyboardInterrupt())
    held_s.append(time.perf_counter() - start_s)
    assert np.median(held_s) < 0.005
    assert sum(held_s) < 0.5  # the disk needs 1 s
    recorder.close()
    assert store.open_episode("episode_000000").num_steps == 50


def test_a_step_outside_an_episode_is_refused(store, make_steps):
    with (
        make_recorder(store) as recorder,
        pytest.raises(StoreError, match="outside an episode"),
    ):
        recorder.on_step(make_steps(1)[0])


def test_several_recorders_share_a_store(tmp_path, make_schema, play, make_steps):
    def record(first_seed):
        store = EpisodeStore.open_to_append(tmp_path / "shared", make_schema())
        with make_recorder(store) as recorder:
            for seed in range(first_seed, first_seed + 5):
                play(recorder, make_steps(3, seed), seed=seed)
        return recorder.committed

    with ThreadPoolExecutor(4) as pool:
        committed = [name for names in pool.map(record, range(0, 20, 5)) for name in names]
    store = EpisodeStore(tmp_path / "shared")
    assert sorted(committed) == store.list_episodes() == [f"episode_{i:06d}" for i in range(20)]
    for episode in store.iterate_episodes():
        expected = make_steps(3, episode.attributes.seed)
        assert np.array_equal(episode.read(FRONT), [step.observation[FRONT] for step in expected])
    assert sorted(episode.attributes.seed for episode in store.iterate_episodes()) == [*range(20)]


@contextmanager
def limited_file_size(limit_bytes):
    """Lets the kernel refuse to write any file beyond this size, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_write_the_kernel_refuses_loses_only_its_episode(store, play, make_steps):
    recorder = make_recorder(store)
    with limited_file_size(20_000):
        play(recorder, make_steps(4), seed=1)
        play(recorder, make_steps(250), seed=2)
        play(recorder, make_steps(5), seed=3)
        with pytest.raises(StoreError, match=r"episode 2 \(push, seed 2\): .*File too large"):
            recorder.close()
    assert [lost.seed for lost in recorder.lost] == [2]
    assert [episode.attributes.seed for episode in store.iterate_episodes()] == [1, 3]
    for episode, length in zip(store.iterate_episodes(), (4, 5), strict=True):
        expected = [step.observation[FRONT] for step in make_steps(length)]
        assert np.array_equal(episode.read(FRONT), expected)
    assert list_leftovers(store) == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_loses_only_its_episode(small_disk, make_schema, play, make_steps):
    store = EpisodeStore.create(small_disk / "store", make_schema())
    recorder = make_recorder(store)
    play(recorder, make_steps(20), seed=1)
    play(recorder, make_steps(8000), seed=2)
    play(recorder, make_steps(20), seed=3)
    with pytest.raises(StoreError, match=r"episode 2 \(push, seed 2\): .*No space left"):
        recorder.close()
    assert [episode.attributes.seed for episode in store.iterate_episodes()] == [1, 3]
    assert all(len(episode.read(FRONT)) == 20 for episode in store.iterate_episodes())
    assert list_leftovers(store) == []
