"""`FrameSource`: one camera's frames over many episodes, from disk or from memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robolearn.datasets.buffers import BufferPool
from robolearn.datasets.episode import Episode
from robolearn.specs import Array


class FrameSource:
    """Gathers frames by global step number; safe to use from many threads."""

    def __init__(self, episodes: Sequence[Episode], key: str, *, cached: bool) -> None:
        """Opens every episode's images.

        Args:
            episodes: laid end to end in this order.
            key: the camera's observation key.
            cached: keep decoded frames in memory: each is decoded when it is first asked for.
        """
        self._readers = [episode.open_images(key) for episode in episodes]
        lengths = [episode.num_steps for episode in episodes]
        self._episode = np.repeat(np.arange(len(episodes)), lengths)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        self._step = np.arange(sum(lengths)) - np.repeat(starts, lengths)
        self._shape = self._readers[0].spec.shape
        self._pool = BufferPool()
        self._cache: Array | None = None
        if cached:
            self._cache = np.empty((sum(lengths), *self._shape), np.uint8)
            self._is_decoded = np.zeros(sum(lengths), np.bool_)

    def gather(self, steps: Array) -> Array:
        """Returns the frames at global steps, shape (*steps.shape, height, width, 3).

        Raises:
            StoreError: if a frame is damaged.
        """
        flat = steps.reshape(-1)
        frames = self._pool.take((len(flat), *self._shape))
        if self._cache is None:
            self._decode(flat, frames, range(len(flat)))
        else:
            missing = flat[~self._is_decoded[flat]]
            # Two threads may decode the same frame: both write the same bytes.
            self._decode(missing, self._cache, missing)
            self._is_decoded[missing] = True
            np.take(self._cache, flat, axis=0, out=frames, mode="clip")  # "raise" would copy
        return frames.reshape(*steps.shape, *self._shape)

    def _decode(self, steps: Array, out: Array, rows: Sequence[int] | Array) -> None:
        """Decodes the frames at `steps` into the given rows of `out`."""
        episodes, within = self._episode[steps].tolist(), self._step[steps].tolist()
        for row, episode, step in zip(rows, episodes, within, strict=True):
            self._readers[episode].read_into(step, out[row])
