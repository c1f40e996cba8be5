"""Batches of windows from arrays and frame sources, prepared ahead by threads, in a fixed order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from robolearn import keys
from robolearn.datasets.windows import Windows
from robolearn.errors import RobolearnError
from robolearn.specs import Array

Batch = dict[str, Array]


class FrameGatherer(Protocol):
    """Where frames come from."""

    def gather(self, steps: Array) -> Array:
        """Returns the frames at global steps, shape (*steps.shape, height, width, 3)."""
        ...


@dataclass(frozen=True)
class BatchMaker:
    """Makes batches of windows.

    Attributes:
        windows: where each window finds its data.
        columns: low-dimensional observations over all steps, by key.
        actions: the actions to learn over all steps.
        frames: each camera's frames, by key; called from many threads.
        num_threads: threads that prepare batches.
    """

    windows: Windows
    columns: Mapping[str, Array]
    actions: Array
    frames: Mapping[str, FrameGatherer]
    num_threads: int

    def make(self, steps: Array) -> Batch:
        """Gathers the windows at these global steps."""
        window = self.windows.locate(steps)
        batch: Batch = {k: column[window.observation_steps] for k, column in self.columns.items()}
        for key, source in self.frames.items():
            batch[key] = source.gather(window.observation_steps)
        batch[keys.ACTION] = self.actions[window.action_steps]
        batch[keys.ACTION_IS_PAD] = window.action_is_pad
        return batch

    def stream(
        self, steps: Array, batch_size: int, seed: int, start: int = 0
    ) -> Generator[Batch, None, None]:
        """Yields batches for ever; every epoch visits each of `steps` once in its own order.

        Batch number i depends on (seed, i) alone. Batches run on across the epochs' borders.

        Raises:
            RobolearnError: if the batch size or the start is out of range.
        """
        if batch_size < 1 or start < 0:
            raise RobolearnError(f"batch_size {batch_size} or start {start} is out of range")
        order = _EpochOrder(steps, seed)
        return self._prefetch(
            lambda number: self.make(order.get(number * batch_size, batch_size)), start, None
        )

    def once(self, steps: Array, batch_size: int) -> Generator[Batch, None, None]:
        """Yields the windows at `steps` in order; the last batch may be smaller.

        Raises:
            RobolearnError: if the batch size is out of range.
        """
        if batch_size < 1:
            raise RobolearnError(f"batch_size {batch_size} is out of range")
        return self._prefetch(
            lambda number: self.make(steps[number * batch_size : (number + 1) * batch_size]),
            0,
            -(-len(steps) // batch_size),
        )

    def _prefetch(
        self, make: Callable[[int], Batch], start: int, stop: int | None
    ) -> Generator[Batch, None, None]:
        """Yields make(start), make(start + 1), ... in order, working a few ahead."""
        pool = ThreadPoolExecutor(self.num_threads, thread_name_prefix="batches")
        pending: deque[Future[Batch]] = deque()
        number = start
        try:
            while pending or stop is None or number < stop:
                while len(pending) < 2 * self.num_threads and (stop is None or number < stop):
                    pending.append(pool.submit(make, number))
                    number += 1
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


class _EpochOrder:
    """An endless stream of steps: a new permutation per epoch, addressable at any place."""

    def __init__(self, steps: Array, seed: int) -> None:
        self._steps, self._seed = steps, seed
        self._epochs: dict[int, Array] = {}

    def get(self, first: int, count: int) -> Array:
        """Returns `count` steps of the stream from position `first`."""
        size = len(self._steps)
        places = np.arange(first, first + count)
        epochs = places // size
        parts = [
            self._epoch(epoch)[places[epochs == epoch] % size]
            for epoch in range(int(epochs[0]), int(epochs[-1]) + 1)
        ]
        return np.concatenate(parts)

    def _epoch(self, epoch: int) -> Array:
        """Returns the order of an epoch; the latest ones are remembered."""
        order = self._epochs.get(epoch)
        if order is None:
            order = np.random.default_rng([self._seed, epoch]).permutation(self._steps)
            # A new dictionary: other threads may be looking into the old one.
            self._epochs = {**dict(list(self._epochs.items())[-2:]), epoch: order}
        return order
