from __future__ import annotations

import json

from robolearn import keys
from robolearn.datasets.info import summarize_store
from robolearn.datasets.recorder import EpisodeRecorder

FRONT = keys.image_key("front")


def test_a_summary_counts_what_is_there(record, play, make_steps):
    store = record([20, 30])
    with EpisodeRecorder(store, source="person", clock="monotonic") as recorder:
        play(recorder, make_steps(10), success=False)
    (store.path / "episodes" / "episode_000001" / "zarr.json").unlink()
    summary = summarize_store(store.path)
    assert (summary.num_episodes, summary.num_steps, summary.num_successes) == (2, 30, 1)
    assert summary.duration_h * 3600 == 1.5
    assert round(summary.achieved_rate_hz, 6) == 20
    assert summary.sources == {"expert": 1, "person": 1}
    assert summary.num_person_steps == 15  # every second one
    assert summary.settings == {}
    assert summary.tasks["push"].num_steps == 30
    assert list(summary.unreadable) == ["episode_000001"]
    assert summary.size_bytes == sum(
        path.stat().st_size for path in store.path.rglob("*") if path.is_file()
    )
    features = {feature.key: feature for feature in summary.features}
    assert features[FRONT].codec == "blosc-lz4hc-3"
    assert features[FRONT].raw_bytes == 30 * 12 * 16 * 3
    assert 0 < features[FRONT].size_bytes < summary.size_bytes
    assert features[keys.ACTION].shape == (2,)
    json.dumps(summary.to_json())


def test_a_summary_counts_the_robots_and_their_limits(record, play, make_steps):
    store = record([3])
    for robot_id, limits_off in (("left", "none"), ("left", "speed"), ("right", "none")):
        settings = {"robot_id": robot_id, "limits_off": limits_off}
        with EpisodeRecorder(
            store, source="person", clock="monotonic", get_settings=settings.copy
        ) as recorder:
            play(recorder, make_steps(3))
    assert summarize_store(store.path).settings == {
        "robot_id": {"left": 2, "right": 1},
        "limits_off": {"none": 2, "speed": 1},
    }
