"""Whatever happens to the files: a clear error with the path, never a crash or wrong data."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import zarr

from robolearn import keys
from robolearn.datasets.store import EpisodeStore
from robolearn.errors import StoreError

FRONT = keys.image_key("front")


@pytest.fixture
def episode_path(record):
    return record([300]).path / "episodes" / "episode_000000"


def read_everything(episode_path):
    store = EpisodeStore(episode_path.parent.parent)
    episode = store.open_episode(episode_path.name)
    features = store.schema.to_json()["features"]
    return {key: episode.read(key) for key in features}, episode.attributes


def list_files(episode_path):
    return sorted(path for path in episode_path.rglob("*") if path.is_file())


def test_every_missing_file_is_named(episode_path):
    for path in list_files(episode_path):
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(StoreError) as caught:
            read_everything(episode_path)
        assert str(path) in str(caught.value)
        path.write_bytes(content)
    read_everything(episode_path)


def test_every_file_cut_short_is_named(episode_path):
    generator = np.random.default_rng(0)
    for path in list_files(episode_path):
        content = path.read_bytes()
        for length in [0, 1, len(content) - 1, *generator.integers(0, len(content), 5)]:
            path.write_bytes(content[:length])
            with pytest.raises(StoreError) as caught:
                read_everything(episode_path)
            assert str(path) in str(caught.value)
        path.write_bytes(content)
    read_everything(episode_path)


def test_no_flipped_bit_in_the_data_goes_unnoticed(episode_path):
    generator = np.random.default_rng(0)
    for path in list_files(episode_path):
        if path.name == "zarr.json":
            continue
        content = path.read_bytes()
        places = [*generator.integers(0, len(content), 5), *(len(content) - np.arange(1, 30, 4))]
        for place in places:
            damaged = bytearray(content)
            damaged[place % len(content)] ^= 1 << generator.integers(8)
            path.write_bytes(damaged)
            with pytest.raises(StoreError, match=str(path)):
                read_everything(episode_path)
        path.write_bytes(content)


def test_metadata_with_flipped_bits_is_refused_or_means_the_same(episode_path):
    before, attributes = read_everything(episode_path)
    generator = np.random.default_rng(0)
    for path in list_files(episode_path):
        if path.name != "zarr.json" or path.parent == episode_path:
            continue
        content = path.read_bytes()
        for place in generator.integers(0, len(content), 10):
            damaged = bytearray(content)
            damaged[place] ^= 1 << generator.integers(8)
            path.write_bytes(damaged)
            try:
                after, _ = read_everything(episode_path)
            except StoreError:
                continue
            for key in before:
                assert np.array_equal(before[key], after[key]), key
        path.write_bytes(content)
    assert read_everything(episode_path)[1] == attributes


def list_places(document, path=()):
    """Every place in a JSON document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from list_places(value, (*path, key))


NONSENSE = [None, True, -1, 0, 10**30, 2**40, "", "x", "object", "../..", [], [1, 2, 3], {}]


@pytest.mark.parametrize("array", ["../..", ".", FRONT, keys.ACTION])
def test_nonsense_anywhere_in_metadata_is_refused_or_means_the_same(record, array):
    store = record([5])
    episode_path = store.path / "episodes" / "episode_000000"
    before, _ = read_everything(episode_path)
    path = episode_path / array / "zarr.json"
    content = path.read_text()
    for place in list_places(json.loads(content)):
        for value in NONSENSE:
            document = json.loads(content)
            parent = document
            for key in place[:-1]:
                parent = parent[key]
            parent[place[-1]] = value
            path.write_text(json.dumps(document))
            try:
                after, _ = read_everything(episode_path)
            except StoreError:
                continue
            for key in before.keys() & after.keys():
                assert np.array_equal(before[key], after[key]), (place, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_steps", 299),
        ("num_steps", 0),
        ("num_steps", -1),
        ("num_steps", "300"),
        ("num_steps", True),
        ("success", 1),
        ("seed", None),
        ("embodiment", "koch"),
        ("settings", None),
        ("settings", {"robot_id": 3}),
    ],
)
def test_attributes_that_cannot_be_true_are_refused(episode_path, field, value):
    path = episode_path / "zarr.json"
    document = json.loads(path.read_text())
    document["attributes"][field] = value
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match=str(episode_path)):
        read_everything(episode_path)


def test_an_array_of_another_kind_is_refused_field_by_field(episode_path):
    shutil.rmtree(episode_path / keys.STATE)
    zarr.create_array(episode_path / keys.STATE, shape=(300, 2), dtype="float64", chunks=(10, 2))
    with pytest.raises(StoreError, match="data_type: expected float32, got float64"):
        read_everything(episode_path)


def test_a_foreign_group_is_no_episode(episode_path):
    shutil.rmtree(episode_path)
    zarr.create_group(episode_path)
    with pytest.raises(StoreError, match="attribute 'task' is None"):
        read_everything(episode_path)


def test_a_shard_of_another_episode_is_refused(record):
    store = record([20, 30])
    short, long = (store.path / "episodes" / name / FRONT for name in store.list_episodes())
    shutil.copyfile(long / "c.0.0.0.0", short / "c.0.0.0.0")
    with pytest.raises(StoreError, match=str(short)):
        store.open_episode("episode_000000").read(FRONT)


def test_a_store_without_its_folders_is_damaged(episode_path):
    store_path = episode_path.parent.parent
    shutil.rmtree(store_path / "incomplete")
    with pytest.raises(StoreError, match="has lost its folder 'incomplete'"):
        EpisodeStore(store_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_root_that_is_no_json_object_is_refused(episode_path, content):
    path = episode_path.parent.parent / "zarr.json"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=str(path)):
        EpisodeStore(path.parent)
