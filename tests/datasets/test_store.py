from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zarr

from robolearn import keys
from robolearn.datasets.episode import EpisodeAttributes
from robolearn.datasets.recorder import copy_step
from robolearn.datasets.schema import DatasetSchema
from robolearn.datasets.store import EpisodeStore
from robolearn.errors import IncompatibleError, StoreError, UnknownNameError
from robolearn.specs import ArraySpec, image_spec

FRONT = keys.image_key("front")


def make_attributes(num_steps):
    now = "2026-01-01T00:00:00.000+00:00"
    return EpisodeAttributes(
        "push", "push it", True, 0, "expert", "two_joints", "simulated", now, "end", num_steps, 0.0
    )


def test_what_was_recorded_reads_back(record, make_steps):
    episode = record([7]).open_episode("episode_000000")
    steps = make_steps(7)
    assert np.array_equal(episode.read(FRONT), [step.observation[FRONT] for step in steps])
    assert np.array_equal(episode.read(keys.STATE), [s.observation[keys.STATE] for s in steps])
    assert np.array_equal(episode.read(keys.ACTION), [step.action for step in steps])
    applied = [step.action_applied for step in steps]
    assert np.array_equal(episode.read(keys.ACTION_APPLIED), applied)
    times = [[step.captured_s[key] for key in (keys.STATE, FRONT)] for step in steps]
    assert np.array_equal(episode.read(keys.CAPTURED_S), times)
    for key in (keys.REWARD, keys.TERMINATED, keys.SUCCESS, keys.ACTOR, keys.SENT_S):
        assert episode.read(key).tolist() == [getattr(step, key) for step in steps]


def test_attributes_tell_where_an_episode_came_from(record):
    attributes = record([7]).open_episode("episode_000000").attributes
    assert (attributes.task, attributes.instruction, attributes.seed) == ("push", "push it", 0)
    assert (attributes.source, attributes.embodiment) == ("expert", "two_joints")
    assert (attributes.clock, attributes.ended) == ("simulated", "terminated")
    assert attributes.success
    assert attributes.num_steps == 7
    assert attributes.total_reward == pytest.approx(2.1)
    assert attributes.started_utc.endswith("+00:00")


def test_an_episode_from_before_settings_were_kept_still_reads(record):
    store = record([7])
    path = store.path / "episodes" / "episode_000000" / "zarr.json"
    document = json.loads(path.read_text())
    del document["attributes"]["settings"]
    path.write_text(json.dumps(document))
    assert store.open_episode("episode_000000").attributes.settings == {}


# One chunk or shard exactly, one more than that, and several of both.
@pytest.mark.parametrize("length", [1, 256, 257, 1024, 1100])
def test_the_zarr_library_reads_the_same_store(record, length):
    store = record([length])
    episode = store.open_episode("episode_000000")
    group = zarr.open_group(store.path, mode="r")["episodes/episode_000000"]
    assert group.attrs["num_steps"] == length
    assert sorted(group.array_keys()) == sorted(store.schema.to_json()["features"])
    for key, array in group.arrays():
        assert np.array_equal(array[:], episode.read(key)), key
        assert array.dtype == episode.read(key).dtype


@pytest.mark.parametrize("codec", ["blosc-lz4hc-1", "blosc-lz4hc-3", "zstd"])
def test_every_image_codec_is_lossless_and_standard(tmp_path, make_schema, make_steps, codec):
    store = EpisodeStore.create(tmp_path / "store", make_schema(image_codec=codec))
    steps, writer = make_steps(300), store.begin_episode()
    for step in steps:
        writer.append(copy_step(step, store.schema))
    name = writer.commit(make_attributes(300))
    frames = [step.observation[FRONT] for step in steps]
    assert np.array_equal(store.open_episode(name).read(FRONT), frames)
    images = zarr.open_array(store.path / "episodes" / name / FRONT, mode="r")
    assert np.array_equal(images[:], frames)


def test_episodes_are_numbered_in_the_order_they_were_committed(record):
    store = record([3, 4, 5])
    assert store.list_episodes() == ["episode_000000", "episode_000001", "episode_000002"]
    assert [episode.num_steps for episode in store.iterate_episodes()] == [3, 4, 5]


def test_appending_goes_on_where_it_stopped(record):
    record([3])
    assert [episode.num_steps for episode in record([4]).iterate_episodes()] == [3, 4]


@pytest.mark.parametrize(
    ("changes", "sides"),
    [
        ({"embodiment": "koch"}, ["embodiment: expected two_joints, got koch"]),
        ({"control_rate_hz": 50.0}, ["control_rate_hz: expected 20.0, got 50.0"]),
        (
            {"observation_specs": {keys.STATE: ArraySpec(keys.STATE, (3,))}},
            ["observation.state.shape: expected [2], got [3]", f"{FRONT}: missing"],
        ),
    ],
)
def test_appending_another_kind_of_episode_is_refused(record, make_schema, changes, sides):
    store = record([3])
    with pytest.raises(IncompatibleError) as caught:
        EpisodeStore.open_to_append(store.path, make_schema(**changes))
    for side in sides:
        assert side in str(caught.value)


def test_an_extra_feature_is_refused(record, make_schema):
    store = record([3])
    specs = {**store.schema.observation_specs, "observation.force": ArraySpec("f", (1,))}
    with pytest.raises(IncompatibleError, match=r"observation\.force: not expected"):
        EpisodeStore.open_to_append(store.path, make_schema(observation_specs=specs))


def test_another_schema_version_is_refused_with_both_named(record):
    path = record([3]).path / "zarr.json"
    document = json.loads(path.read_text())
    document["attributes"]["format_version"] = 2
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match=r"format version 2; .* version 1"):
        EpisodeStore(path.parent)


def test_an_empty_folder_becomes_a_store(tmp_path, make_schema):
    (tmp_path / "store").mkdir()
    assert EpisodeStore.open_to_append(tmp_path / "store", make_schema()).list_episodes() == []


def test_a_foreign_zarr_is_no_store(tmp_path):
    zarr.create_group(tmp_path / "foreign")
    with pytest.raises(StoreError, match="not a robolearn dataset"):
        EpisodeStore(tmp_path / "foreign")


def test_a_missing_store_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"nowhere does not exist"):
        EpisodeStore(tmp_path / "nowhere")


def test_a_store_is_not_made_over_other_files(tmp_path, make_schema):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="must not exist or be empty"):
        EpisodeStore.create(tmp_path, make_schema())
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_recorders_that_start_at_once_make_one_store(tmp_path, make_schema):
    barrier = threading.Barrier(8)

    def open_store(_):
        barrier.wait()
        return EpisodeStore.open_to_append(tmp_path / "store", make_schema())

    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(open_store, range(8)))
    assert {store.path for store in stores} == {tmp_path / "store"}
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_an_unknown_episode_or_key_is_answered_with_what_exists(record):
    store = record([3])
    with pytest.raises(UnknownNameError, match="episode_000000"):
        store.open_episode("episode_000007")
    with pytest.raises(UnknownNameError, match=r"'observation\.state'"):
        store.open_episode("episode_000000").read_column("observation.stat")


def test_two_writers_share_a_store(record, make_steps):
    store = record([])
    writers = [store.begin_episode(), EpisodeStore(store.path).begin_episode()]
    assert EpisodeStore(store.path).unfinished == []  # they are alive
    for writer in writers:
        writer.append(copy_step(make_steps(1)[0], store.schema))
    names = [writer.commit(make_attributes(1)) for writer in writers]
    assert names == store.list_episodes() == ["episode_000000", "episode_000001"]


def test_an_episode_is_not_committed_with_a_wrong_length(record, make_steps):
    store = record([])
    writer = store.begin_episode()
    writer.append(copy_step(make_steps(1)[0], store.schema))
    with pytest.raises(StoreError, match="cannot commit 1 steps as an episode of 2"):
        writer.commit(make_attributes(2))
    writer.discard()
    assert store.list_episodes() == []


def test_a_schema_survives_the_round_trip(make_schema):
    schema = make_schema()
    again = DatasetSchema.from_json(json.loads(json.dumps(schema.to_json())), "here")
    assert again == schema


def test_the_codec_follows_from_the_size_of_the_frames(make_schema):
    def schema_with(height_px, width_px):
        specs = {FRONT: image_spec(FRONT, height_px, width_px)}
        return make_schema(observation_specs=specs)

    assert schema_with(96, 96).image_codec == "blosc-lz4hc-3"
    assert schema_with(480, 640).image_codec == "blosc-lz4hc-1"
