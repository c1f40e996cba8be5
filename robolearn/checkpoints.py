"""Checkpoint folders of a run: written whole or not at all, and found again."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from robolearn.errors import CheckpointError

FOLDER = "checkpoints"
LAST = "last"
_NAME = re.compile(r"update_(\d{6,})")
_UNFINISHED = ".writing_"


class CheckpointStore:
    """The checkpoints of one run.

    Each is a folder `checkpoints/update_002000` that appears by one rename once it is complete;
    the link `checkpoints/last` is swapped to it by another. So a kill at any moment leaves the
    checkpoints before it whole, and `last` always names a whole one.
    """

    def __init__(self, run_folder: Path, keep_last: int = 3) -> None:
        """Prepares the store; writes nothing.

        Args:
            run_folder: the run's folder.
            keep_last: how many checkpoints to keep; older ones are removed after a new one.
        """
        if keep_last < 1:
            raise CheckpointError(f"keep_last must be at least 1, got {keep_last}")
        self.folder = run_folder / FOLDER
        self._keep_last = keep_last

    def find_all(self) -> list[Path]:
        """Returns the whole checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(found, key=lambda path: int(path.name.removeprefix("update_")))

    def get_last(self) -> Path:
        """Returns the folder that `last` points to.

        Raises:
            CheckpointError: if there is none.
        """
        link = self.folder / LAST
        if not (link.is_symlink() and link.exists()):
            raise CheckpointError(f"no checkpoint to resume from in {self.folder}")
        return link.resolve()

    def save(self, update: int, write: Callable[[Path], None]) -> Path:
        """Makes the checkpoint of an update and points `last` to it.

        Args:
            update: number of updates made so far.
            write: fills an empty folder.

        Returns:
            The finished folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove_unfinished()
        name = f"update_{update:06d}"
        temporary, final = self.folder / (_UNFINISHED + name), self.folder / name
        temporary.mkdir()
        write(temporary)
        for path in (*temporary.rglob("*"), temporary):
            _flush_to_disk(path)
        if final.exists():  # left by a run that was killed between its rename and its link
            shutil.rmtree(final)
        temporary.rename(final)
        link = self.folder / (_UNFINISHED + LAST)
        link.symlink_to(name)
        link.replace(self.folder / LAST)
        _flush_to_disk(self.folder)
        for old in self.find_all()[: -self._keep_last]:
            if old.name != name:
                shutil.rmtree(old)
        return final

    def _remove_unfinished(self) -> None:
        """Removes what a killed run left half-written."""
        for path in self.folder.glob(_UNFINISHED + "*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def find_checkpoint(folder: Path) -> Path:
    """Returns the checkpoint meant by a folder: itself, or the last one of the run it holds.

    Raises:
        CheckpointError: if the folder is missing or holds neither.
    """
    if not folder.is_dir():
        raise CheckpointError(f"no checkpoint: {folder} is not a folder")
    last = folder / FOLDER / LAST
    if last.is_dir():
        return last.resolve()
    if (folder / FOLDER).is_dir():
        raise CheckpointError(f"the run in {folder} has no finished checkpoint yet")
    return folder.resolve()


def _flush_to_disk(path: Path) -> None:
    """Waits until a file or folder is on the disk, so that a rename cannot overtake its content."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
