"""The bytes of an episode's arrays: columns (low-dimensional) and sharded images."""

from __future__ import annotations

import os
import threading
from array import array
from pathlib import Path

import numpy as np

from robolearn.datasets.codecs import (
    CHECKSUM_BYTES,
    ImageCodec,
    compute_checksum,
    has_valid_checksum,
)
from robolearn.datasets.files import write_all, write_file
from robolearn.datasets.layout import COLUMN_CHUNK_STEPS, SHARD_FRAMES, chunk_file
from robolearn.errors import StoreError
from robolearn.specs import Array, ArraySpec

_INDEX_ENTRY_BYTES = 16  # offset and length of an inner chunk, two little-endian uint64
_LARGEST = 2**63 - 1  # beyond this an offset is no file position (2**64 - 1 marks "missing")


class ColumnWriter:
    """Writes one low-dimensional array of an episode, a chunk at a time."""

    def __init__(self, folder: Path, spec: ArraySpec) -> None:
        folder.mkdir()
        self._folder, self._spec = folder, spec
        self._rows: list[Array] = []
        self._num_chunks = 0

    def append(self, value: Array) -> None:
        """Adds one step."""
        self._rows.append(value)
        if len(self._rows) == COLUMN_CHUNK_STEPS:
            self._write_chunk(padded_to=COLUMN_CHUNK_STEPS)

    def finish(self) -> None:
        """Writes what is left. Only a chunk that follows others is padded to full length."""
        if self._rows:
            self._write_chunk(padded_to=COLUMN_CHUNK_STEPS if self._num_chunks else 0)

    def _write_chunk(self, padded_to: int) -> None:
        length = max(padded_to, len(self._rows))
        chunk = np.zeros((length, *self._spec.shape), self._spec.numpy_dtype.newbyteorder("<"))
        chunk[: len(self._rows)] = self._rows
        data = chunk.tobytes()
        name = chunk_file(self._spec, self._num_chunks)
        write_file(self._folder / name, data + compute_checksum(data))
        self._rows.clear()
        self._num_chunks += 1


def read_column(folder: Path, spec: ArraySpec, num_steps: int) -> Array:
    """Reads one whole low-dimensional array, shape (num_steps, *spec.shape).

    Raises:
        StoreError: if a chunk is missing, has the wrong size or a wrong checksum.
    """
    chunk_steps = min(num_steps, COLUMN_CHUNK_STEPS)
    dtype = spec.numpy_dtype.newbyteorder("<")
    chunk_bytes = chunk_steps * int(np.prod(spec.shape, dtype=int)) * dtype.itemsize
    chunks = []
    for index in range(-(-num_steps // chunk_steps)):
        path = folder / chunk_file(spec, index)
        data = _read_file(path)
        if len(data) != chunk_bytes + CHECKSUM_BYTES:
            expected = chunk_bytes + CHECKSUM_BYTES
            raise StoreError(f"{path} has {len(data)} bytes, expected {expected}: it is damaged")
        if not has_valid_checksum(data):
            raise StoreError(f"{path} fails its checksum: it is damaged")
        content = memoryview(data)[:-CHECKSUM_BYTES]
        chunks.append(np.frombuffer(content, dtype).reshape(chunk_steps, *spec.shape))
    column: Array = np.concatenate(chunks)[:num_steps].astype(spec.numpy_dtype, copy=False)
    return column


class ImageWriter:
    """Streams one camera's frames of an episode into shards: memory stays at one frame."""

    def __init__(self, folder: Path, spec: ArraySpec, codec: ImageCodec) -> None:
        folder.mkdir()
        self._folder, self._spec, self._codec = folder, spec, codec
        self._descriptor = -1
        self._num_shards = self._offset = 0
        self._entries: list[tuple[int, int]] = []

    def append(self, frame: Array) -> None:
        """Compresses and writes one frame."""
        if self._descriptor < 0:
            path = self._folder / chunk_file(self._spec, self._num_shards)
            self._descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        data = self._codec.encode(frame)
        write_all(self._descriptor, data + compute_checksum(data))
        length = len(data) + CHECKSUM_BYTES
        self._entries.append((self._offset, length))
        self._offset += length
        if len(self._entries) == SHARD_FRAMES:
            self._finish_shard()

    def finish(self) -> None:
        """Closes the last shard."""
        if self._entries:
            self._finish_shard()

    def close(self) -> None:
        """Releases the open shard as it is. Allowed in every state, any number of times."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _finish_shard(self) -> None:
        """Writes the index; only a shard that follows others has room for missing frames."""
        length = SHARD_FRAMES if self._num_shards else len(self._entries)
        index = np.full((length, 2), 2**64 - 1, "<u8")
        index[: len(self._entries)] = self._entries
        data = index.tobytes()
        write_all(self._descriptor, data + compute_checksum(data))
        self.close()
        self._entries.clear()
        self._offset = 0
        self._num_shards += 1


class OpenFile:
    """A file open for reading; closes when nobody holds it any more."""

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


class FileCache:
    """Keeps a bounded number of shard files open, for any number of threads."""

    def __init__(self, max_open: int = 256) -> None:
        self._max_open = max_open
        self._files: dict[str, OpenFile] = {}
        self._lock = threading.Lock()

    def get(self, path: str) -> OpenFile:
        """Returns the open file. Hold on to it while reading: it may leave the cache.

        Raises:
            OSError: if it cannot be opened.
        """
        file = self._files.get(path)
        if file is None:
            file = OpenFile(path)
            with self._lock:
                while len(self._files) >= self._max_open:
                    self._files.pop(next(iter(self._files)))
                self._files[path] = file
        return file


class ImageReader:
    """Random access to one camera's frames of an episode.

    zarr-python takes about a millisecond for a frame; this reads the same standard shards in some
    twenty microseconds. Every frame's checksum is verified. Safe to use from many threads.
    """

    def __init__(
        self, folder: Path, spec: ArraySpec, num_steps: int, codec: ImageCodec, files: FileCache
    ) -> None:
        """Reads and checks the index of every shard.

        Raises:
            StoreError: if a shard is missing, cut short or its index is damaged.
        """
        self.spec, self.num_steps = spec, num_steps
        self._codec, self._files = codec, files
        self._shard_frames = min(num_steps, SHARD_FRAMES)
        self._paths = [
            str(folder / chunk_file(spec, index))
            for index in range(-(-num_steps // self._shard_frames))
        ]
        # Compact: a dataset has millions of frames, and as plain integers they are quick to get at.
        self._offsets, self._lengths = array("q"), array("q")
        for number, path in enumerate(self._paths):
            num_frames = min(num_steps - number * self._shard_frames, self._shard_frames)
            offsets, lengths = self._read_index(path, num_frames)
            self._offsets.frombytes(offsets.tobytes())
            self._lengths.frombytes(lengths.tobytes())

    def read_into(self, step: int, out: Array) -> None:
        """Decodes the frame of a step into a C-contiguous uint8 array of the spec's shape.

        Raises:
            StoreError: if the frame is damaged.
            IndexError: if the episode has no such step.
        """
        if not 0 <= step < self.num_steps:
            raise IndexError(f"step {step} of {self.num_steps}")
        offset, length = self._offsets[step], self._lengths[step]
        path = self._paths[step // self._shard_frames]
        try:
            file = self._files.get(path)
            data = os.pread(file.descriptor, length, offset)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error}") from error
        if len(data) != length or not has_valid_checksum(data):
            raise StoreError(f"{path}: the frame of step {step} fails its checksum: it is damaged")
        try:
            self._codec.decode(memoryview(data)[:-CHECKSUM_BYTES], out)
        except ValueError as error:
            raise StoreError(f"{path}: the frame of step {step} is damaged: {error}") from error

    def read(self, step: int) -> Array:
        """Returns the frame of a step; raises as `read_into`."""
        out = np.empty(self.spec.shape, np.uint8)
        self.read_into(step, out)
        return out

    def read_all(self) -> Array:
        """Returns every frame, shape (num_steps, height, width, 3)."""
        out = np.empty((self.num_steps, *self.spec.shape), np.uint8)
        for step in range(self.num_steps):
            self.read_into(step, out[step])
        return out

    def _read_index(self, path: str, num_frames: int) -> tuple[Array, Array]:
        """Returns offset and length of each frame of a shard [bytes], as int64."""
        index_bytes = self._shard_frames * _INDEX_ENTRY_BYTES
        tail_bytes = index_bytes + CHECKSUM_BYTES
        try:
            file = self._files.get(path)
            data_bytes = os.fstat(file.descriptor).st_size - tail_bytes
            tail = os.pread(file.descriptor, tail_bytes, max(data_bytes, 0))
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error}") from error
        if data_bytes < 0 or len(tail) != tail_bytes:
            raise StoreError(f"{path} is cut short: no room for its index of {tail_bytes} bytes")
        if not has_valid_checksum(tail):
            raise StoreError(f"{path}: its index fails its checksum: it is damaged")
        index = np.frombuffer(tail[:-CHECKSUM_BYTES], "<u8").reshape(-1, 2)[:num_frames]
        if (index > _LARGEST).any():
            missing = int(np.argmax((index > _LARGEST).any(axis=1)))
            raise StoreError(f"{path}: frame {missing} of its {num_frames} is missing")
        offsets, lengths = index.astype(np.int64).T
        if (lengths <= CHECKSUM_BYTES).any() or (offsets > data_bytes - lengths).any():
            raise StoreError(f"{path}: its index points outside the file: it is damaged")
        return offsets, lengths


def _read_file(path: Path) -> bytes:
    """Reads a file whole.

    Raises:
        StoreError: if it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
