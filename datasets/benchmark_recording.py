"""Measures how long the recorder holds a real-time control loop."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from robolearn import keys
from robolearn.datasets.recorder import EpisodeRecorder
from robolearn.datasets.schema import DatasetSchema
from robolearn.datasets.store import EpisodeStore
from robolearn.rollout import Actor, EpisodeResult, EpisodeStart, Step
from robolearn.specs import Array, ArraySpec, BoundedArraySpec, image_spec
from robolearn.timing import MonotonicClock, Pacer

RATE_HZ = 50.0
CHANNELS = 6
CAMERAS = [keys.image_key("front"), keys.image_key("wrist")]


def benchmark_recording(
    *,
    height_px: int = 96,
    width_px: int = 96,
    duration_s: float = 10.0,
    episode_s: float = 2.5,
    folder: Path | str | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Runs a 50 Hz loop in real time that does nothing but record two cameras.

    Frames are noisy, as a real camera's are: nothing compresses worse.

    Args:
        height_px: of both cameras [px].
        width_px: of both cameras [px].
        duration_s: how long [s].
        episode_s: length of each episode [s], so that commits fall into the loop.
        folder: where to record; None takes a temporary folder.
        seed: of the frames.

    Returns:
        `hold_p50_ms`, `hold_p99_ms`, `hold_max_ms`: how long calls of the recorder took;
        `period_error_p99_ms`: by how much the loop's period was off, recording or not;
        `peak_buffer_mib`: how far the writing fell behind; `num_lost`: episodes lost.
    """
    frames = np.random.default_rng(seed).integers(
        0, 255, (8, height_px, width_px, 3), dtype=np.uint8
    )
    state = ArraySpec(keys.STATE, (CHANNELS,))
    action = BoundedArraySpec(keys.ACTION, (CHANNELS,), minimum=(-1.0,), maximum=(1.0,))
    images = {key: image_spec(key, height_px, width_px) for key in CAMERAS}
    schema = DatasetSchema("benchmark", RATE_HZ, {keys.STATE: state, **images}, action)
    num_steps = round(episode_s * RATE_HZ)
    held_s: list[float] = []
    peak_bytes = 0
    with tempfile.TemporaryDirectory(dir=folder, prefix="benchmark-") as temporary:
        store = EpisodeStore.create(Path(temporary) / "store", schema)
        clock = MonotonicClock()
        with EpisodeRecorder(store, source="benchmark", clock=clock.kind) as recorder:
            pacer = Pacer(clock, 1 / RATE_HZ)
            for _ in range(round(duration_s / episode_s)):
                recorder.on_episode_start(EpisodeStart("", "benchmark", seed, {}))
                for index in range(num_steps):
                    step = _make_step(index, frames, clock.now_s())
                    start_s = time.perf_counter()
                    recorder.on_step(step)
                    held_s.append(time.perf_counter() - start_s)
                    peak_bytes = max(peak_bytes, recorder.buffered_bytes)
                    pacer.wait()
                result = EpisodeResult("benchmark", "", seed, num_steps, 0.0, True, False, True)
                start_s = time.perf_counter()
                recorder.on_episode_end(result)
                held_s.append(time.perf_counter() - start_s)
            period = pacer.report()
    return {
        "hold_p50_ms": round(1e3 * float(np.percentile(held_s, 50)), 3),
        "hold_p99_ms": round(1e3 * float(np.percentile(held_s, 99)), 3),
        "hold_max_ms": round(1e3 * max(held_s), 3),
        "period_error_p99_ms": round(period.error_p99_ms, 3),
        "peak_buffer_mib": round(peak_bytes / 2**20, 2),
        "num_lost": len(recorder.lost),
    }


def _make_step(index: int, frames: Array, now_s: float) -> Step:
    """Returns a step with the next frame of each camera."""
    values = np.zeros(CHANNELS, np.float32)
    observation = {keys.STATE: values}
    observation |= {key: frames[(index + i) % len(frames)] for i, key in enumerate(CAMERAS)}
    return Step(
        index=index,
        observation=observation,
        captured_s=dict.fromkeys(observation, now_s),
        action=values,
        action_applied=values,
        sent_s=now_s,
        actor=Actor.PERSON,
        reward=0.0,
        terminated=False,
        truncated=False,
        success=False,
    )
