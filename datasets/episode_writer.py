"""`EpisodeWriter`: one episode on its way to disk, visible to readers only once it is whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from robolearn.datasets.arrays import ColumnWriter, ImageWriter
from robolearn.datasets.codecs import make_image_codec
from robolearn.datasets.episode import EpisodeAttributes
from robolearn.datasets.files import FolderLock, flush, flush_tree, locked, write_json
from robolearn.datasets.layout import (
    EPISODES,
    INCOMPLETE,
    METADATA_FILE,
    QUARANTINE,
    make_array_documents,
    make_group_metadata,
)
from robolearn.datasets.schema import DatasetSchema
from robolearn.errors import SpecError, StoreError
from robolearn.specs import Array

_PREFIX = "episode_"


def episode_name(number: int) -> str:
    """Returns the folder name of an episode number."""
    return f"{_PREFIX}{number:06d}"


def episode_number(name: str) -> int | None:
    """Returns the number in an episode's folder name, or None for any other name."""
    digits = name.removeprefix(_PREFIX)
    return int(digits) if digits != name and digits.isascii() and digits.isdigit() else None


class EpisodeWriter:
    """Writes an episode under a temporary name; `commit` gives it its place by one rename.

    A folder lock marks it as being written. The kernel drops that lock when the process dies, which
    is how an unfinished episode is told from one still being recorded.
    """

    def __init__(self, store_path: Path, schema: DatasetSchema) -> None:
        """Makes the temporary folder.

        Raises:
            OSError: if the disk does not allow it.
        """
        self.num_steps = 0
        self._store_path, self._schema = store_path, schema
        self._folder = store_path / INCOMPLETE / f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        with locked(store_path / INCOMPLETE, exclusive=False):
            self._folder.mkdir()
            self._lock = FolderLock(self._folder)
            self._lock.acquire()
        self._columns = {
            key: ColumnWriter(self._folder / key, spec) for key, spec in schema.columns.items()
        }
        codec = make_image_codec(schema.image_codec)
        self._images = {
            key: ImageWriter(self._folder / key, schema.observation_specs[key], codec)
            for key in schema.image_keys
        }

    def append(self, row: Mapping[str, Array]) -> None:
        """Adds one step.

        Args:
            row: one array per feature of the schema, images included; kept until written.

        Raises:
            SpecError: if a feature is missing or has another shape or dtype.
            OSError: if the disk does not take it.
        """
        for key, spec in self._schema.columns.items():
            self._columns[key].append(_check_value(row, key, spec.shape, spec.numpy_dtype))
        for key, writer in self._images.items():
            spec = self._schema.observation_specs[key]
            writer.append(_check_value(row, key, spec.shape, spec.numpy_dtype))
        self.num_steps += 1

    def commit(self, attributes: EpisodeAttributes) -> str:
        """Makes the episode part of the store and returns its name.

        When this returns, the episode is whole and on the medium.

        Raises:
            StoreError: if it has no steps, or the attributes tell another number of them.
            OSError: if the disk does not take it.
        """
        if not self.num_steps or attributes.num_steps != self.num_steps:
            raise StoreError(
                f"cannot commit {self.num_steps} steps as an episode of {attributes.num_steps}"
            )
        for column in self._columns.values():
            column.finish()
        for images in self._images.values():
            images.finish()
        for key, document in make_array_documents(self._schema, self.num_steps).items():
            write_json(self._folder / key / METADATA_FILE, document)
        write_json(self._folder / METADATA_FILE, make_group_metadata(attributes.to_json()))
        flush_tree(self._folder)
        name = self._rename()
        flush(self._store_path / EPISODES)
        self._lock.close()
        return name

    def discard(self) -> None:
        """Removes what was written. Allowed in every state but after `commit`.

        Raises:
            OSError: if the disk does not allow it; what is left is found when the store is opened.
        """
        try:
            for writer in self._images.values():
                writer.close()
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self._folder)
        finally:
            self._lock.close()

    def _rename(self) -> str:
        """Claims the next free number: renaming onto an episode fails, so the first one wins."""
        number = 1 + max(
            (
                found
                for folder in (EPISODES, QUARANTINE)
                for entry in _list_folder(self._store_path / folder)
                if (found := episode_number(entry)) is not None
            ),
            default=-1,
        )
        while True:
            target = self._store_path / EPISODES / episode_name(number)
            try:
                os.rename(self._folder, target)
            except OSError:
                if not target.exists():
                    raise
                number += 1
            else:
                return target.name


def _list_folder(folder: Path) -> list[str]:
    """Returns the names in a folder, none if it does not exist."""
    return os.listdir(folder) if folder.exists() else []


def _check_value(
    row: Mapping[str, Array], key: str, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> Array:
    """Returns a feature of the row; its content is recorded as it came, NaN included.

    Raises:
        SpecError: if it is missing or has another shape or dtype.
    """
    if key not in row:
        raise SpecError(f"{key} is missing from the step; it has {', '.join(row)}")
    value = row[key]
    if value.shape != shape or value.dtype != dtype:
        raise SpecError(f"{key}: expected {dtype} {shape}, got {value.dtype} {value.shape}")
    return value
