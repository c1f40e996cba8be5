"""How one camera frame becomes bytes: codecs that every Zarr v3 reader knows."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from typing import Any

import google_crc32c
import numcodecs.blosc
import numcodecs.zstd
import numpy as np

from robolearn.errors import UnknownNameError
from robolearn.specs import Array

CHECKSUM_BYTES = 4
# The CRC-32C of any bytes followed by their own CRC-32C in little endian.
_CHECKSUM_RESIDUE = 0x48674BC7


class ImageCodec(ABC):
    """Compresses frames without loss.

    Attributes:
        name: as stored in the schema.
    """

    name: str

    @abstractmethod
    def zarr_codec(self) -> dict[str, Any]:
        """The codec as Zarr v3 metadata names it."""

    @abstractmethod
    def encode(self, frame: Array) -> bytes:
        """Compresses a C-contiguous uint8 array."""

    @abstractmethod
    def decode(self, data: memoryview, out: Array) -> None:
        """Decompresses into a C-contiguous uint8 array, filling all of it.

        Raises:
            ValueError: if the data is not exactly one frame of that size.
        """


class BloscLz4hc(ImageCodec):
    """Fastest to decode: the default.

    No shuffling: it makes rendered frames larger.
    """

    # Of Blosc's 16-byte header: decoded size, block size (skipped), encoded size.
    _SIZES = struct.Struct("<4xI4xI")

    def __init__(self, level: int) -> None:
        """Takes how hard to compress, 1 to 9."""
        self.name = f"blosc-lz4hc-{level}"
        self._level = level

    def zarr_codec(self) -> dict[str, Any]:
        """See `ImageCodec.zarr_codec`."""
        return {
            "name": "blosc",
            "configuration": {
                "typesize": 1,
                "cname": "lz4hc",
                "clevel": self._level,
                "shuffle": "noshuffle",
                "blocksize": 0,
            },
        }

    def encode(self, frame: Array) -> bytes:
        """See `ImageCodec.encode`."""
        compressed: bytes = numcodecs.blosc.compress(
            frame.reshape(-1), b"lz4hc", self._level, numcodecs.blosc.NOSHUFFLE, 0
        )
        return compressed

    def decode(self, data: memoryview, out: Array) -> None:
        """See `ImageCodec.decode`. Checks the header first: Blosc itself trusts it."""
        try:
            sizes = self._SIZES.unpack_from(data)
            if sizes != (out.nbytes, len(data)):
                raise ValueError(f"Blosc header says {sizes}, expected {(out.nbytes, len(data))}")
            numcodecs.blosc.decompress(data, out)
        except (struct.error, RuntimeError) as error:
            raise ValueError(str(error)) from error


class Zstd(ImageCodec):
    """Smaller than `BloscLz4hc` by a third on rendered frames, three times as slow to decode."""

    name = "zstd"
    _LEVEL = 3

    def __init__(self) -> None:
        self._codec = numcodecs.zstd.Zstd(level=self._LEVEL)

    def zarr_codec(self) -> dict[str, Any]:
        """See `ImageCodec.zarr_codec`."""
        return {"name": "zstd", "configuration": {"level": self._LEVEL, "checksum": False}}

    def encode(self, frame: Array) -> bytes:
        """See `ImageCodec.encode`."""
        return bytes(self._codec.encode(frame))

    def decode(self, data: memoryview, out: Array) -> None:
        """See `ImageCodec.decode`."""
        try:
            decoded = self._codec.decode(data)
        except RuntimeError as error:
            raise ValueError(str(error)) from error
        if len(decoded) != out.nbytes:
            raise ValueError(f"Zstd frame holds {len(decoded)} bytes, expected {out.nbytes}")
        out.reshape(-1)[:] = np.frombuffer(decoded, np.uint8)


_CODECS: dict[str, ImageCodec] = {
    codec.name: codec for codec in (BloscLz4hc(1), BloscLz4hc(3), Zstd())
}
# Level 3 decodes faster and is smaller, but takes up to 34 µs per kB of a noisy frame to compress,
# 50 times as long as level 1: a recorder can afford that for small frames only.
SMALL_FRAME_BYTES = 1 << 16


def choose_image_codec(frame_bytes: int) -> str:
    """Returns the name of the best codec for frames of up to this size."""
    return "blosc-lz4hc-3" if frame_bytes <= SMALL_FRAME_BYTES else "blosc-lz4hc-1"


def make_image_codec(name: str) -> ImageCodec:
    """Returns the codec of that name.

    Raises:
        UnknownNameError: if there is none.
    """
    if name not in _CODECS:
        raise UnknownNameError("image codec", name, _CODECS)
    return _CODECS[name]


def compute_checksum(data: bytes) -> bytes:
    """Returns the CRC-32C of bytes as Zarr's `crc32c` codec stores it: 4 bytes, little endian."""
    return int(google_crc32c.value(data)).to_bytes(CHECKSUM_BYTES, "little")


def has_valid_checksum(data: bytes) -> bool:
    """Says whether the last 4 bytes are the checksum of those before."""
    return len(data) > CHECKSUM_BYTES and google_crc32c.value(data) == _CHECKSUM_RESIDUE
