"""How one camera frame becomes bytes: codecs that every Zarr v3 reader knows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import google_crc32c
import numcodecs.blosc
import numcodecs.zstd
import numpy as np

from robolearn.errors import UnknownNameError
from robolearn.specs import Array

CHECKSUM_BYTES = 4


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
    def decode(self, data: bytes, out: Array) -> None:
        """Decompresses into a C-contiguous uint8 array, filling all of it.

        Raises:
            ValueError: if the data is not exactly one frame of that size.
        """


class BloscLz4(ImageCodec):
    """Fastest to decode: the default."""

    name = "blosc-lz4"
    _LEVEL = 5

    def zarr_codec(self) -> dict[str, Any]:
        """See `ImageCodec.zarr_codec`. Shuffling is off: it makes rendered frames larger."""
        return {
            "name": "blosc",
            "configuration": {
                "typesize": 1,
                "cname": "lz4",
                "clevel": self._LEVEL,
                "shuffle": "noshuffle",
                "blocksize": 0,
            },
        }

    def encode(self, frame: Array) -> bytes:
        """See `ImageCodec.encode`."""
        compressed: bytes = numcodecs.blosc.compress(
            frame.reshape(-1), b"lz4", self._LEVEL, numcodecs.blosc.NOSHUFFLE, 0
        )
        return compressed

    def decode(self, data: bytes, out: Array) -> None:
        """See `ImageCodec.decode`. Checks the header first: Blosc itself trusts it."""
        sizes = int.from_bytes(data[4:8], "little"), int.from_bytes(data[12:16], "little")
        if sizes != (out.nbytes, len(data)):
            raise ValueError(f"Blosc header says {sizes}, expected {(out.nbytes, len(data))}")
        try:
            numcodecs.blosc.decompress(data, out)
        except RuntimeError as error:
            raise ValueError(str(error)) from error


class Zstd(ImageCodec):
    """About half the size of `BloscLz4` on rendered frames, slower to decode."""

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

    def decode(self, data: bytes, out: Array) -> None:
        """See `ImageCodec.decode`."""
        try:
            decoded = self._codec.decode(data)
        except RuntimeError as error:
            raise ValueError(str(error)) from error
        if len(decoded) != out.nbytes:
            raise ValueError(f"Zstd frame holds {len(decoded)} bytes, expected {out.nbytes}")
        out.reshape(-1)[:] = np.frombuffer(decoded, np.uint8)


_CODECS: dict[str, type[ImageCodec]] = {codec.name: codec for codec in (BloscLz4, Zstd)}
DEFAULT_IMAGE_CODEC = BloscLz4.name


def make_image_codec(name: str) -> ImageCodec:
    """Returns the codec of that name.

    Raises:
        UnknownNameError: if there is none.
    """
    if name not in _CODECS:
        raise UnknownNameError("image codec", name, _CODECS)
    return _CODECS[name]()


def compute_checksum(data: bytes) -> bytes:
    """Returns the CRC-32C of bytes as Zarr's `crc32c` codec stores it: 4 bytes, little endian."""
    return int(google_crc32c.value(data)).to_bytes(CHECKSUM_BYTES, "little")
