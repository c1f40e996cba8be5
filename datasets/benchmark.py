"""Measures how fast random windows come out of our store, beside the layouts others use."""

from __future__ import annotations

import ctypes
import gc
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from robolearn import keys
from robolearn.datasets.batches import Batch
from robolearn.datasets.benchmark_layouts import Hdf5Layout, ReplayBufferLayout, make_maker
from robolearn.datasets.episode import EpisodeAttributes
from robolearn.datasets.info import measure_folder
from robolearn.datasets.loader import WindowDataset
from robolearn.datasets.schema import DatasetSchema
from robolearn.datasets.store import EpisodeStore
from robolearn.datasets.windows import Windows
from robolearn.errors import StoreError
from robolearn.specs import Array, ArraySpec, BoundedArraySpec, image_spec

IMAGE_KEYS = [keys.image_key("front"), keys.image_key("wrist")]
CHANNELS = 6
PREDICTION_HORIZON = 16
THREADS = (1, 2)
LONGEST_MEASUREMENT_S = 1.0  # of a slow layout: enough to know its speed


def benchmark_dataset(
    *,
    num_episodes: int = 40,
    num_steps: int = 100,
    image_size_px: int = 96,
    batch_size: int = 64,
    num_batches: int = 60,
    num_repeats: int = 5,
    folder: Path | str | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Writes the same episodes in three layouts and reads random windows from each.

    A window is 16 actions, one state and one frame from each of two cameras. Everything comes from
    disk (the operating system's page cache is warm, nobody keeps decoded frames), low-dimensional
    data from memory, through the same window arithmetic and threads. Each layout is measured with
    one and with two threads and its faster figure counts; repeats are interleaved, and the median
    is reported.

    Args:
        num_episodes: episodes to write.
        num_steps: steps of each.
        image_size_px: height and width of both cameras [px].
        batch_size: windows per batch.
        num_batches: batches per measurement, which also ends after a second.
        num_repeats: measurements of each.
        folder: where to write; None takes a temporary folder.
        seed: of the data and of the order.

    Returns:
        `ours_windows_per_s`, `hdf5_windows_per_s`, `replay_buffer_windows_per_s` [1/s],
        `memory_growth_mib` over ten passes of ours, sizes on disk, and how it was measured.

    Raises:
        MissingDependencyError: if h5py is not installed.
        StoreError: if the layouts do not give the same windows.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="benchmark-") as temporary:
        path = Path(temporary)
        episodes = [
            make_episode(num_steps, image_size_px, seed + number) for number in range(num_episodes)
        ]
        write_store(path / "ours", episodes)
        hdf5 = Hdf5Layout(path / "robomimic.hdf5", episodes)
        replay_buffer = ReplayBufferLayout(path / "replay_buffer.zarr", episodes)
        windows = Windows([num_steps] * num_episodes, 1, PREDICTION_HORIZON)
        steps = np.arange(windows.num_steps)

        streams: dict[str, Iterator[Batch]] = {}
        for threads in THREADS:
            frames = {key: hdf5.open_frames(key, windows) for key in IMAGE_KEYS}
            joined = {key: replay_buffer.open_frames(key) for key in IMAGE_KEYS}
            streams[f"ours {threads}"] = _open_ours(path, threads).make_batches(batch_size, seed)
            for name, source in (("hdf5", frames), ("replay_buffer", joined)):
                maker = make_maker(episodes, source, windows, threads)
                streams[f"{name} {threads}"] = maker.stream(steps, batch_size, seed)
        cached = _open_ours(path, 1, cache_images=True).make_batches(batch_size, seed)
        for _ in range(-(-windows.num_steps // batch_size)):
            next(cached)
        streams["ours_cached 1"] = cached
        streams["hdf5_as_robomimic 1"] = _iterate_like_robomimic(hdf5, windows, batch_size, seed)
        _check_equal(streams, ["ours 1", "hdf5 1", "replay_buffer 1"])

        speeds = _measure(streams, batch_size, num_batches, num_repeats)
        growth_mib = measure_memory_growth(_open_ours(path, 1), batch_size)
        hdf5.close()
        report: dict[str, Any] = {}
        for name in ("ours", "hdf5", "replay_buffer", "ours_cached", "hdf5_as_robomimic"):
            best = max((k for k in speeds if k.split()[0] == name), key=lambda k: speeds[k])
            report[f"{name}_windows_per_s"] = round(speeds[best], 1)
            report[f"{name}_threads"] = int(best.split()[1])
        return {
            **report,
            "memory_growth_mib": round(growth_mib, 2),
            "ours_size_mib": round(measure_folder(path / "ours") / 2**20, 2),
            "hdf5_size_mib": round(hdf5.size_bytes / 2**20, 2),
            "replay_buffer_size_mib": round(replay_buffer.size_bytes / 2**20, 2),
            "ours_codec": EpisodeStore(path / "ours").schema.image_codec,
            "hdf5_codec": "uncompressed, contiguous",
            "replay_buffer_codec": "blosc-lz4, one frame per chunk",
            "num_episodes": num_episodes,
            "num_steps": num_steps,
            "image_size_px": image_size_px,
            "batch_size": batch_size,
        }


def make_episode(num_steps: int, size_px: int, seed: int) -> dict[str, Array]:
    """Draws an episode that compresses about as rendered scenes of primitives do.

    Returns:
        State and action, shape (num_steps, 6), and both cameras' frames.
    """
    generator = np.random.default_rng(seed)
    time_s = np.arange(num_steps)[:, None] / 20
    phase = generator.uniform(0, 6, CHANNELS)
    state = np.sin(time_s + phase).astype(np.float32)
    episode = {keys.STATE: state, keys.ACTION: np.sin(time_s + phase + 0.1).astype(np.float32)}
    for camera, key in enumerate(IMAGE_KEYS):
        colours = generator.integers(40, 255, (4, 3))
        frames = [_draw(size_px, np.roll(row, camera), colours) for row in state]
        episode[key] = np.stack(frames)
    return episode


def _draw(size_px: int, state: Array, colours: Array) -> Array:
    """Draws four shaded balls on a shaded ground, moved by the state."""
    y, x = np.mgrid[0:size_px, 0:size_px] / size_px
    image = (130 + 60 * y + 20 * x)[..., None] * np.array([1.0, 0.97, 0.9])
    for ball, colour in enumerate(colours):
        centre_x, centre_y = 0.5 + 0.35 * state[ball], 0.5 + 0.35 * state[ball + 1]
        radius = 0.08 + 0.03 * ball
        distance = np.hypot(x - centre_x, y - centre_y)
        shade = np.clip(1.1 - 0.6 * (distance / radius + (y - centre_y) / radius) / 2, 0, 1)
        inside = distance < radius
        image[inside] = colour * shade[inside, None]
    drawn: Array = image.astype(np.uint8)
    return drawn


def write_store(path: Path, episodes: list[dict[str, Array]]) -> EpisodeStore:
    """Writes the episodes as our store."""
    state_spec = ArraySpec(keys.STATE, (CHANNELS,))
    action_spec = BoundedArraySpec(keys.ACTION, (CHANNELS,), minimum=(-1.0,), maximum=(1.0,))
    size_px = episodes[0][IMAGE_KEYS[0]].shape[1]
    images = {key: image_spec(key, size_px, size_px) for key in IMAGE_KEYS}
    schema = DatasetSchema("benchmark", 20.0, {keys.STATE: state_spec, **images}, action_spec)
    store = EpisodeStore.create(path, schema)
    for seed, episode in enumerate(episodes):
        num_steps = len(episode[keys.ACTION])
        writer = store.begin_episode()
        for index in range(num_steps):
            row = {key: np.zeros(spec.shape, spec.dtype) for key, spec in schema.columns.items()}
            row |= {key: values[index] for key, values in episode.items()}
            writer.append(row)
        started = "2026-01-01T00:00:00.000+00:00"
        writer.commit(
            EpisodeAttributes(
                task="benchmark",
                instruction="",
                success=True,
                seed=seed,
                source="synthetic",
                embodiment=schema.embodiment,
                clock="simulated",
                started_utc=started,
                ended="truncated",
                num_steps=num_steps,
                total_reward=0.0,
            )
        )
    return store


def _open_ours(path: Path, num_threads: int, *, cache_images: bool = False) -> WindowDataset:
    return WindowDataset(
        path / "ours",
        [keys.STATE, *IMAGE_KEYS],
        prediction_horizon=PREDICTION_HORIZON,
        validation_fraction=0,
        cache_images=cache_images,
        num_threads=num_threads,
    )


def _iterate_like_robomimic(
    hdf5: Hdf5Layout, windows: Windows, batch_size: int, seed: int
) -> Iterator[Batch]:
    """Yields random batches read by path."""
    generator = np.random.default_rng(seed)
    while True:
        steps = generator.integers(0, windows.num_steps, batch_size)
        yield hdf5.make_like_robomimic(steps, windows, IMAGE_KEYS)


def _check_equal(streams: dict[str, Iterator[Batch]], names: list[str]) -> None:
    """Makes sure that all layouts deliver the same first batch.

    Raises:
        StoreError: if they do not.
    """
    first, *others = [next(streams[name]) for name in names]
    for name, batch in zip(names[1:], others, strict=True):
        for key, values in first.items():
            if not np.array_equal(values, batch[key]):
                raise StoreError(f"{name} and {names[0]} differ in {key}")


def _measure(
    streams: dict[str, Iterator[Batch]], batch_size: int, num_batches: int, num_repeats: int
) -> dict[str, float]:
    """Returns the median speed of each stream [windows/s]; repeats are interleaved."""
    speeds: dict[str, list[float]] = {name: [] for name in streams}
    for repeat in range(num_repeats + 1):
        for name, stream in streams.items():
            # What was prepared ahead while another was measured is taken first.
            for _ in range(2 * max(THREADS)):
                next(stream)
            start_s = time.perf_counter()
            done, elapsed_s = 0, 0.0
            while done < num_batches and elapsed_s < LONGEST_MEASUREMENT_S:
                next(stream)
                done += 1
                elapsed_s = time.perf_counter() - start_s
            if repeat:  # the first round warms caches
                speeds[name].append(done * batch_size / elapsed_s)
    return {name: float(np.median(values)) for name, values in speeds.items()}


def measure_memory_growth(dataset: WindowDataset, batch_size: int, num_passes: int = 10) -> float:
    """Returns how much the process grows over passes through the data [MiB].

    Two passes come before, so that every cache has all it will ever need, and memory is read while
    no batch is in flight.
    """
    num_batches = -(-dataset.num_train_windows // batch_size)

    def run(passes: int) -> int:
        stream = dataset.make_batches(batch_size, seed=0)
        held = [next(stream) for _ in range(3)]
        time.sleep(0.5)  # a slow consumer that keeps batches: never will more be in use at once
        held.clear()
        for _ in range(passes * num_batches):
            next(stream)
        stream.close()
        gc.collect()
        release_free_memory()
        return read_resident_bytes()

    before = run(2)
    return (run(num_passes) - before) / 2**20


def release_free_memory() -> None:
    """Lets glibc hand free memory back to the system, so that what is left is in use."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def read_resident_bytes() -> int:
    """Returns the memory this process holds, from Linux's `/proc/self/statm` [bytes]."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
