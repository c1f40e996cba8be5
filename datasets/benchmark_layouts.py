"""The layouts others keep demonstrations in, each at its best, to be measured against ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from robolearn import keys
from robolearn.datasets.batches import Batch, BatchMaker
from robolearn.datasets.windows import Windows
from robolearn.errors import MissingDependencyError
from robolearn.specs import Array

Episodes = Sequence[Mapping[str, Array]]


class Hdf5Layout:
    """robomimic's: one file, `data/demo_<i>/obs/<key>` and `data/demo_<i>/actions`.

    Contiguous and uncompressed, which reads fastest. The file stays open.
    """

    def __init__(self, path: Path, episodes: Episodes) -> None:
        """Writes the file and opens it for reading.

        Raises:
            MissingDependencyError: if h5py is not installed.
        """
        try:
            import h5py
        except ImportError as error:
            raise MissingDependencyError(
                "measuring against HDF5 needs h5py: pip install 'robolearn[convert]'"
            ) from error
        with h5py.File(path, "w") as file:
            for number, episode in enumerate(episodes):
                group = file.create_group(f"data/demo_{number}")
                group.attrs["num_samples"] = len(episode[keys.ACTION])
                for key, values in episode.items():
                    group[_hdf5_name(key)] = values
        self.size_bytes = os.path.getsize(path)
        self._file: Any = h5py.File(path, "r")

    def open_frames(self, key: str, windows: Windows) -> _Hdf5Frames:
        """Returns the camera's frames with every dataset handle opened beforehand."""
        demos = range(len(windows.lengths))
        return _Hdf5Frames([self._file[f"data/demo_{i}/{_hdf5_name(key)}"] for i in demos], windows)

    def make_like_robomimic(self, steps: Array, windows: Windows, image_keys: list[str]) -> Batch:
        """Reads a batch as robomimic does without its cache: by path, window by window."""
        window = windows.locate(steps)
        rows: dict[str, list[Array]] = {key: [] for key in (keys.STATE, keys.ACTION, *image_keys)}
        for seen, acted in zip(window.observation_steps, window.action_steps, strict=True):
            demo = int(np.searchsorted(windows.starts, seen[-1], side="right")) - 1
            start = windows.starts[demo]
            for key in (keys.STATE, *image_keys):
                dataset = self._file[f"data/demo_{demo}/{_hdf5_name(key)}"]
                rows[key].append(dataset[seen[0] - start : seen[-1] - start + 1])
            actions = self._file[f"data/demo_{demo}/actions"]
            found = actions[acted[0] - start : acted[-1] - start + 1]
            missing = np.repeat(found[-1:], len(acted) - len(found), axis=0)
            rows[keys.ACTION].append(np.concatenate([found, missing]))
        return {key: np.stack(values) for key, values in rows.items()}

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class _Hdf5Frames:
    """One camera's frames in an open HDF5 file."""

    def __init__(self, datasets: list[Any], windows: Windows) -> None:
        self._datasets, self._windows = datasets, windows

    def gather(self, steps: Array) -> Array:
        """See `FrameGatherer`."""
        flat = steps.reshape(-1)
        demos = np.searchsorted(self._windows.starts, flat, side="right") - 1
        within = flat - self._windows.starts[demos]
        frames = np.empty((len(flat), *self._datasets[0].shape[1:]), np.uint8)
        for row, (demo, step) in enumerate(zip(demos.tolist(), within.tolist(), strict=True)):
            frames[row] = self._datasets[demo][step]
        return frames.reshape(*steps.shape, *frames.shape[1:])


class ReplayBufferLayout:
    """Diffusion Policy's: joined arrays `data/<key>` and `meta/episode_ends`, in Zarr.

    Images have one frame per chunk and its default compression (Blosc, lz4, level 5); one batch is
    one indexed read.
    """

    def __init__(self, path: Path, episodes: Episodes) -> None:
        import zarr
        from zarr.codecs import BloscCodec

        shutil.rmtree(path, ignore_errors=True)
        self._root: Any = zarr.create_group(path)
        compressor = BloscCodec(cname="lz4", clevel=5, shuffle="noshuffle")
        for key in episodes[0]:
            values = np.concatenate([episode[key] for episode in episodes])
            chunks = (1 if keys.is_image_key(key) else len(values), *values.shape[1:])
            array = self._root.create_array(
                f"data/{key}",
                shape=values.shape,
                dtype=values.dtype,
                chunks=chunks,
                compressors=compressor,
            )
            array[:] = values
        ends = np.cumsum([len(episode[keys.ACTION]) for episode in episodes])
        self._root.create_array("meta/episode_ends", data=ends)
        self.size_bytes = sum(p.stat().st_size for p in path.rglob("*") if p.is_file())

    def open_frames(self, key: str) -> _ReplayBufferFrames:
        """Returns the camera's frames."""
        return _ReplayBufferFrames(self._root[f"data/{key}"])


class _ReplayBufferFrames:
    """One camera's frames in a joined Zarr array."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def gather(self, steps: Array) -> Array:
        """See `FrameGatherer`."""
        flat = steps.reshape(-1)
        unique, places = np.unique(flat, return_inverse=True)
        frames: Array = self._array.oindex[unique][places]
        return frames.reshape(*steps.shape, *frames.shape[1:])


def make_maker(
    episodes: Episodes, frames: Mapping[str, Any], windows: Windows, num_threads: int
) -> BatchMaker:
    """Joins another layout's frames with low-dimensional data in memory, as ours has it.

    That is robomimic's cache mode `low_dim`, and what Diffusion Policy does by loading everything.
    """
    state = np.concatenate([episode[keys.STATE] for episode in episodes])
    actions = np.concatenate([episode[keys.ACTION] for episode in episodes])
    return BatchMaker(windows, {keys.STATE: state}, actions, frames, num_threads)


def _hdf5_name(key: str) -> str:
    return "actions" if key == keys.ACTION else f"obs/{key}"
