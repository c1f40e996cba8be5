from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from robolearn import keys
from robolearn.datasets.loader import WindowDataset, split_episodes
from robolearn.datasets.recorder import EpisodeRecorder
from robolearn.datasets.store import EpisodeStore
from robolearn.errors import RobolearnError, StoreError, UnknownNameError

FRONT = keys.image_key("front")
LENGTHS = [5, 20, 33, 8, 12, 40, 7, 9, 25, 16]


@pytest.fixture
def store(record):
    return record(LENGTHS)


def take(batches, count):
    taken = list(itertools.islice(batches, count))
    batches.close()
    return taken


def assert_equal(first, second):
    assert first.keys() == second.keys()
    for key in first:
        assert np.array_equal(first[key], second[key]), key


@pytest.mark.parametrize("cache_images", [True, False])
def test_a_batch_holds_what_was_recorded(store, cache_images):
    dataset = WindowDataset(
        store.path,
        [keys.STATE, FRONT],
        observation_horizon=2,
        prediction_horizon=4,
        validation_fraction=0,
        cache_images=cache_images,
    )
    assert dataset.images_cached == cache_images
    episodes = {int(e.attributes.seed): e for e in store.iterate_episodes()}
    (batch,) = take(dataset.make_batches(64, seed=0), 1)
    assert batch[keys.STATE].shape == (64, 2, 2)
    assert batch[FRONT].shape == (64, 2, 12, 16, 3)
    assert batch[FRONT].dtype == np.uint8
    for row in range(64):
        # The second channel is the episode's seed, the first action of step i is i / 100.
        seed = int(batch[keys.STATE][row, -1, 1])
        step = round(float(batch[keys.ACTION][row, 0, 0]) * 100)
        episode, last = episodes[seed], LENGTHS[seed] - 1
        seen = [max(step - 1, 0), step]
        acted = np.minimum(np.arange(step, step + 4), last)
        assert np.array_equal(batch[FRONT][row], episode.read(FRONT)[seen])
        assert np.array_equal(batch[keys.STATE][row], episode.read(keys.STATE)[seen])
        assert np.array_equal(batch[keys.ACTION][row], episode.read(keys.ACTION)[acted])
        assert batch[keys.ACTION_IS_PAD][row].tolist() == [step + i > last for i in range(4)]


def test_the_applied_action_can_be_learnt_instead(store):
    options = {"validation_fraction": 0, "prediction_horizon": 1}
    asked = WindowDataset(store.path, [keys.STATE], **options)
    applied = WindowDataset(store.path, [keys.STATE], action_key="action_applied", **options)
    (first,), (second,) = (take(d.make_batches(8, seed=0), 1) for d in (asked, applied))
    difference = second[keys.ACTION] - first[keys.ACTION]
    np.testing.assert_allclose(difference[..., 0], 0.01, atol=1e-6)


def test_a_run_resumed_at_batch_i_sees_what_it_would_have_seen(store):
    dataset = WindowDataset(store.path, [keys.STATE, FRONT])
    whole = take(dataset.make_batches(16, seed=3), 40)
    resumed = take(WindowDataset(store.path, [keys.STATE, FRONT]).make_batches(16, 3, start=25), 15)
    for first, second in zip(whole[25:], resumed, strict=True):
        assert_equal(first, second)


def test_the_order_of_recording_does_not_change_the_batches(
    tmp_path, play, make_schema, make_steps
):
    batches = []
    for order in ((0, 1, 2, 3), (2, 0, 3, 1)):
        folder = tmp_path / str(order)
        store = EpisodeStore.create(folder, make_schema())
        with EpisodeRecorder(store, source="expert", clock="simulated") as recorder:
            for seed in order:
                play(recorder, make_steps(5 + seed, seed), seed=seed)
        dataset = WindowDataset(folder, [keys.STATE, FRONT], validation_fraction=0.25)
        batches.append(take(dataset.make_batches(8, seed=0), 6))
    for first, second in zip(*batches, strict=True):
        assert_equal(first, second)


def test_every_epoch_visits_each_training_window_once(store):
    dataset = WindowDataset(store.path, [keys.STATE])
    size = dataset.num_train_windows
    batches = take(dataset.make_batches(1, seed=0), 2 * size)
    steps = [(b[keys.STATE][0, 0, 1], b[keys.ACTION][0, 0, 0]) for b in batches]
    assert len(set(steps[:size])) == len(set(steps[size:])) == size
    assert steps[:size] != steps[size:]


def test_another_seed_gives_another_order(store):
    dataset = WindowDataset(store.path, [keys.STATE])
    (first,), (second,) = (take(dataset.make_batches(32, seed=s), 1) for s in (0, 1))
    assert not np.array_equal(first[keys.STATE], second[keys.STATE])


def test_a_batch_may_be_larger_than_the_dataset(store):
    dataset = WindowDataset(store.path, [keys.STATE], num_episodes=1)
    (batch,) = take(dataset.make_batches(64, seed=0), 1)
    assert batch[keys.STATE].shape == (64, 1, 2)


def test_training_and_validation_share_no_episode(store):
    dataset = WindowDataset(store.path, [keys.STATE], validation_fraction=0.3)
    assert len(dataset.validation_episodes) == 3
    assert sorted(dataset.train_episodes + dataset.validation_episodes) == store.list_episodes()
    validation = list(dataset.make_validation_batches(16))
    seen = np.concatenate([batch[keys.STATE][:, 0, 1] for batch in validation])
    expected = [e for e in store.iterate_episodes() if e.name in dataset.validation_episodes]
    assert sorted(seen) == sorted(s for e in expected for s in [e.attributes.seed] * e.num_steps)
    train = take(dataset.make_batches(dataset.num_train_windows, seed=0), 1)[0]
    assert not set(train[keys.STATE][:, 0, 1]) & set(seen)


def test_the_split_depends_on_its_seed_alone():
    assert np.array_equal(split_episodes(20, 0.2, 5)[1], split_episodes(20, 0.2, 5)[1])
    assert not np.array_equal(split_episodes(20, 0.2, 5)[1], split_episodes(20, 0.2, 6)[1])
    assert [len(part) for part in split_episodes(1, 0.5, 0)] == [1, 0]
    assert [len(part) for part in split_episodes(3, 0.01, 0)] == [2, 1]
    with pytest.raises(RobolearnError, match="validation_fraction"):
        split_episodes(10, 1.0, 0)


def test_statistics_are_those_of_the_training_episodes(store):
    dataset = WindowDataset(store.path, [keys.STATE, FRONT], validation_fraction=0.3)
    assert dataset.statistics.keys() == {keys.STATE, keys.ACTION}
    episodes = [store.open_episode(name) for name in dataset.train_episodes]
    for key in dataset.statistics:
        values = np.concatenate([episode.read(key) for episode in episodes]).astype(np.float64)
        np.testing.assert_allclose(dataset.statistics[key].mean, values.mean(axis=0), rtol=1e-9)
        np.testing.assert_allclose(dataset.statistics[key].std, values.std(axis=0), rtol=1e-9)
        assert dataset.statistics[key].count == len(values)


def test_images_that_do_not_fit_stay_on_disk(store):
    limit = {"cache_limit_bytes": 12 * 16 * 3 * sum(LENGTHS) - 1}
    small = WindowDataset(store.path, [FRONT], **limit)
    large = WindowDataset(store.path, [FRONT])
    assert (small.images_cached, large.images_cached) == (False, True)
    for first, second in zip(
        take(small.make_batches(16, 0), 5), take(large.make_batches(16, 0), 5), strict=True
    ):
        assert_equal(first, second)


def test_failures_are_left_out_unless_asked_for(store, play, make_steps):
    with EpisodeRecorder(store, source="expert", clock="simulated") as recorder:
        play(recorder, make_steps(10, 99), seed=99, success=False)
    names = store.list_episodes()
    everything = WindowDataset(store.path, [keys.STATE], successful_only=False)
    assert len(everything.train_episodes + everything.validation_episodes) == len(names)
    good = WindowDataset(store.path, [keys.STATE])
    assert set(names) - {*good.train_episodes, *good.validation_episodes} == {names[-1]}


def test_too_few_episodes_are_refused_with_the_counts(store):
    with pytest.raises(StoreError, match=r"has 10 successful episodes \(of 10\), need 11"):
        WindowDataset(store.path, [keys.STATE], num_episodes=11)


def test_an_unknown_key_is_answered_with_those_that_exist(store):
    with pytest.raises(UnknownNameError, match=r"Did you mean 'observation\.images\.front'"):
        WindowDataset(store.path, ["observation.images.frnt"])


def test_closing_the_batches_ends_the_threads(store):
    dataset = WindowDataset(store.path, [keys.STATE, FRONT])
    batches = dataset.make_batches(4, seed=0)
    next(batches)
    assert [t for t in threading.enumerate() if t.name.startswith("batches")]
    batches.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("batches")]


def test_a_damaged_frame_stops_the_training_with_its_place(store):
    name = store.list_episodes()[0]
    shard = store.path / "episodes" / name / FRONT / "c.0.0.0.0"
    data = bytearray(shard.read_bytes())
    data[20] ^= 1
    shard.write_bytes(data)
    dataset = WindowDataset(store.path, [FRONT], validation_fraction=0)
    batches = dataset.make_batches(sum(LENGTHS), seed=0)
    with pytest.raises(StoreError, match=rf"{name}.*step 0 fails its checksum"):
        next(batches)
