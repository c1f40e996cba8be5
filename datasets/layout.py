"""The Zarr v3 metadata of everything in an episode.

Every document follows from the schema and the number of steps alone. So a reader knows exactly what
must stand in a file, and anything else is not ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robolearn.datasets.codecs import make_image_codec
from robolearn.datasets.files import read_json
from robolearn.datasets.schema import DatasetSchema
from robolearn.errors import StoreError
from robolearn.specs import ArraySpec

METADATA_FILE = "zarr.json"
EPISODES = "episodes"
INCOMPLETE = "incomplete"
QUARANTINE = "quarantine"

# Steps per chunk of a low-dimensional array, and frames per shard of an image array. The bounds
# keep the recorder's memory flat however long an episode gets.
COLUMN_CHUNK_STEPS = 1024
SHARD_FRAMES = 256

_CHECKED_BYTES: list[dict[str, Any]] = [
    {"name": "bytes", "configuration": {"endian": "little"}},
    {"name": "crc32c"},
]


def make_group_metadata(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the `zarr.json` of a group."""
    return {"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)}


def make_column_metadata(spec: ArraySpec, num_steps: int) -> dict[str, Any]:
    """Returns the `zarr.json` of a low-dimensional array: plain bytes, each chunk checksummed."""
    chunk = [min(num_steps, COLUMN_CHUNK_STEPS), *spec.shape]
    return _make_array_metadata(spec, num_steps, chunk, _CHECKED_BYTES)


def make_image_metadata(spec: ArraySpec, num_steps: int, codec_name: str) -> dict[str, Any]:
    """Returns the `zarr.json` of an image array: one frame per inner chunk, in shards."""
    sharding = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": [1, *spec.shape],
            "codecs": [
                {"name": "bytes", "configuration": {"endian": "little"}},
                make_image_codec(codec_name).zarr_codec(),
                {"name": "crc32c"},
            ],
            "index_codecs": _CHECKED_BYTES,
            "index_location": "end",
        },
    }
    shard = [min(num_steps, SHARD_FRAMES), *spec.shape]
    return _make_array_metadata(spec, num_steps, shard, [sharding])


def chunk_file(spec: ArraySpec, index: int) -> str:
    """Returns the name of the file of a chunk or shard; only the first axis has more than one."""
    return ".".join(["c", str(index), *["0"] * len(spec.shape)])


def make_array_documents(schema: DatasetSchema, num_steps: int) -> dict[str, dict[str, Any]]:
    """Returns the `zarr.json` of every array of an episode, by name."""
    documents = {k: make_column_metadata(s, num_steps) for k, s in schema.columns.items()}
    for key in schema.image_keys:
        spec = schema.observation_specs[key]
        documents[key] = make_image_metadata(spec, num_steps, schema.image_codec)
    return documents


def check_array_metadata(folder: Path, expected: Mapping[str, Any]) -> None:
    """Compares an array's `zarr.json` with what it must be; other attributes are no matter.

    Raises:
        StoreError: naming the fields that differ.
    """
    path = folder / METADATA_FILE
    actual = read_json(path)
    wrong = [
        f"{name}: expected {value}, got {actual.get(name)}"
        for name, value in expected.items()
        if name not in ("attributes", "dimension_names") and actual.get(name) != value
    ]
    if wrong:
        raise StoreError(f"{path} is not what this episode must hold: {'; '.join(wrong)}")


def read_group_attributes(folder: Path) -> dict[str, Any]:
    """Returns the attributes of a Zarr v3 group.

    Raises:
        StoreError: if the folder is no such group.
    """
    document = read_json(folder / METADATA_FILE)
    attributes = document.get("attributes", {})
    kind = document.get("zarr_format"), document.get("node_type")
    if kind != (3, "group") or not isinstance(attributes, dict):
        raise StoreError(f"{folder} is not a Zarr v3 group: format and type are {kind}")
    return attributes


def _make_array_metadata(
    spec: ArraySpec, num_steps: int, chunk: list[int], codecs: list[dict[str, Any]]
) -> dict[str, Any]:
    """The parts every array shares."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [num_steps, *spec.shape],
        "data_type": spec.dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": False if spec.dtype == "bool" else 0,
        "codecs": codecs,
        "attributes": {"channels": list(spec.channels), "units": list(spec.units)},
        "dimension_names": ["step", *[None] * len(spec.shape)],
    }
