from __future__ import annotations

import numpy as np

from robolearn import keys
from robolearn.datasets.benchmark import IMAGE_KEYS, benchmark_dataset, make_episode, write_store
from robolearn.datasets.benchmark_layouts import Hdf5Layout
from robolearn.datasets.benchmark_recording import benchmark_recording
from robolearn.datasets.windows import Windows


def test_all_layouts_are_measured_and_give_the_same_windows(tmp_path):
    report = benchmark_dataset(
        num_episodes=2, num_steps=20, image_size_px=24, batch_size=8, num_batches=2, num_repeats=1
    )
    for layout in ("ours", "ours_cached", "hdf5", "hdf5_as_robomimic", "replay_buffer"):
        assert report[f"{layout}_windows_per_s"] > 0
    assert report["ours_size_mib"] < report["hdf5_size_mib"] * 2
    assert "memory_growth_mib" in report


def test_reading_like_robomimic_gives_the_recorded_values(tmp_path):
    episodes = [make_episode(10, 24, seed) for seed in range(2)]
    windows = Windows([10, 10], 1, 4)
    layout = Hdf5Layout(tmp_path / "demo.hdf5", episodes)
    batch = layout.make_like_robomimic(np.array([12, 8]), windows, IMAGE_KEYS)
    layout.close()
    assert np.array_equal(batch[IMAGE_KEYS[0]][0, 0], episodes[1][IMAGE_KEYS[0]][2])
    assert np.array_equal(batch[keys.ACTION][0], episodes[1][keys.ACTION][2:6])
    assert np.array_equal(batch[keys.ACTION][1], episodes[0][keys.ACTION][[8, 9, 9, 9]])


def test_drawn_frames_compress_about_as_rendered_ones(tmp_path):
    episodes = [make_episode(20, 96, seed) for seed in range(2)]
    store = write_store(tmp_path / "store", episodes)
    shards = (store.path / "episodes").rglob("c.0.0.0.0")
    size = sum(path.stat().st_size for path in shards)
    assert 0.1 < size / sum(e[key].nbytes for e in episodes for key in IMAGE_KEYS) < 0.4


def test_the_recorder_holds_a_real_time_loop_only_briefly(tmp_path):
    report = benchmark_recording(duration_s=1.5, episode_s=0.5, folder=tmp_path)
    assert report["num_lost"] == 0
    assert report["hold_p50_ms"] < 5
