"""`EpisodeStore`: a folder of episodes, open for reading, appending and recording."""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from robolearn.datasets.arrays import FileCache
from robolearn.datasets.episode import Episode
from robolearn.datasets.episode_writer import EpisodeWriter, episode_number
from robolearn.datasets.files import FolderLock, flush, flush_tree, locked, write_json
from robolearn.datasets.layout import (
    EPISODES,
    INCOMPLETE,
    METADATA_FILE,
    make_group_metadata,
    read_group_attributes,
)
from robolearn.datasets.schema import DatasetSchema
from robolearn.errors import IncompatibleError, StoreError, UnknownNameError

logger = logging.getLogger(__name__)


class EpisodeStore:
    """A dataset on disk. The index of episodes is the folders themselves: nothing is rewritten.

    Attributes:
        path: its folder.
        schema: what every episode holds.
        unfinished: temporary folders that a recorder which died left behind; `check.py` can move
            them away. Their number is logged as a warning on opening.
    """

    def __init__(self, path: Path | str) -> None:
        """Opens an existing store.

        Raises:
            StoreError: if there is none, or it is of another format or format version.
        """
        self.path = Path(path)
        if not (self.path / METADATA_FILE).is_file():
            what = "holds no dataset" if self.path.is_dir() else "does not exist"
            raise StoreError(f"{self.path} {what}: record one first, or correct the path")
        self.schema = DatasetSchema.from_json(read_group_attributes(self.path), str(self.path))
        for name in (EPISODES, INCOMPLETE):
            if not (self.path / name).is_dir():
                raise StoreError(f"{self.path} has lost its folder {name!r}: it is damaged")
        self._files = FileCache()
        self.unfinished = list_unfinished(self.path)
        if self.unfinished:
            logger.warning(
                "%s: %d episode(s) were cut off while being recorded;"
                " `robolearn dataset check` lists them and can move them away",
                self.path,
                len(self.unfinished),
            )

    @classmethod
    def create(cls, path: Path | str, schema: DatasetSchema) -> EpisodeStore:
        """Makes an empty store, whole at once by one rename.

        Raises:
            StoreError: if the folder exists and holds anything.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:12]}")
        temporary.mkdir()
        write_json(temporary / METADATA_FILE, make_group_metadata(schema.to_json()))
        for name in (EPISODES, INCOMPLETE):
            (temporary / name).mkdir()
            write_json(temporary / name / METADATA_FILE, make_group_metadata({}))
        flush_tree(temporary)
        try:
            os.rename(temporary, path)
        except OSError as error:
            shutil.rmtree(temporary)
            raise StoreError(
                f"cannot make a dataset in {path}: {error.strerror}; it must not exist or be empty"
            ) from error
        flush(path.parent)
        return cls(path)

    @classmethod
    def open_to_append(cls, path: Path | str, schema: DatasetSchema) -> EpisodeStore:
        """Opens a store to add episodes of this schema; makes it if there is none.

        Raises:
            IncompatibleError: if the store holds episodes of another embodiment or feature set.
            StoreError: if it cannot be opened.
        """
        path = Path(path)
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            try:
                return cls.create(path, schema)
            except StoreError:
                if not (path / METADATA_FILE).is_file():
                    raise
                # Another recorder made it in the meantime: join it.
        store = cls(path)
        differences = store.schema.find_differences(schema)
        if differences:
            raise IncompatibleError(
                f"cannot append to {path} (expected: the store; got: the recorder):"
                f" {'; '.join(differences)}. Record into another folder"
            )
        return store

    def list_episodes(self) -> list[str]:
        """Returns the names of all committed episodes, oldest first."""
        names = [
            name for name in os.listdir(self.path / EPISODES) if episode_number(name) is not None
        ]
        return sorted(names, key=lambda name: (len(name), name))

    def open_episode(self, name: str) -> Episode:
        """Opens an episode.

        Raises:
            UnknownNameError: if there is none of that name.
            StoreError: if it is damaged.
        """
        if name not in (known := self.list_episodes()):
            raise UnknownNameError("episode", name, known, f"in {self.path}")
        return Episode(self.path / EPISODES / name, self.schema, self._files)

    def iterate_episodes(self) -> Iterator[Episode]:
        """Opens every episode in turn; raises as `open_episode`."""
        for name in self.list_episodes():
            yield Episode(self.path / EPISODES / name, self.schema, self._files)

    def begin_episode(self) -> EpisodeWriter:
        """Starts writing an episode."""
        return EpisodeWriter(self.path, self.schema)


def list_unfinished(store_path: Path) -> list[Path]:
    """Returns the temporary folders that no living recorder holds."""
    folder = store_path / INCOMPLETE
    with locked(folder, exclusive=True):
        return [path for path in sorted(folder.iterdir()) if path.is_dir() and not is_held(path)]


def is_held(folder: Path) -> bool:
    """Says whether a living process holds the folder's lock."""
    lock = FolderLock(folder)
    try:
        return not lock.try_acquire()
    finally:
        lock.close()
