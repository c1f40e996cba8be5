"""`BufferPool`: large arrays that are used again once nobody refers to them."""

from __future__ import annotations

import sys
import threading

import numpy as np

from robolearn.specs import Array


class BufferPool:
    """Lends arrays for batches of frames.

    A fresh array of megabytes costs a page fault for every 4 KiB of it, about as much time as
    reading the frames. Whoever borrows an array need not give it back: the pool counts references,
    and views and tensors made from an array refer to it. Safe to use from many threads.
    """

    # What a free array is referred to by: the pool's list, the variable and the counting call.
    _REFERENCES_WHEN_FREE = 3

    def __init__(self, max_buffers: int = 16) -> None:
        self._max_buffers = max_buffers
        self._buffers: list[Array] = []
        self._lock = threading.Lock()

    def take(self, shape: tuple[int, ...]) -> Array:
        """Returns a uint8 array of this shape with arbitrary content that nobody else refers to."""
        with self._lock:
            for buffer in self._buffers:
                is_free = sys.getrefcount(buffer) == self._REFERENCES_WHEN_FREE
                if is_free and buffer.shape == shape:
                    return buffer
            buffer = np.empty(shape, np.uint8)
            self._buffers.append(buffer)
            if len(self._buffers) > self._max_buffers:
                self._buffers.pop(0)  # it lives on with whoever uses it
            return buffer
