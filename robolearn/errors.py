"""The errors robolearn raises on purpose: each says what was wrong, what exists, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RobolearnError(Exception):
    """The root: catch this to catch everything robolearn reports about its input or its devices."""


class SpecError(RobolearnError):
    """A value does not fit its spec: wrong shape, dtype, not finite, or out of bounds."""


class IncompatibleError(RobolearnError):
    """Two parts do not fit each other: a checkpoint and a robot, a recorder and a store."""


class StoreError(RobolearnError):
    """A dataset store cannot be read or written as asked."""


class CheckpointError(RobolearnError):
    """A checkpoint is missing, truncated, or not one of ours."""


class TrainingError(RobolearnError):
    """Training cannot go on: the loss is not finite, or the data ended too early."""


class RobotError(RobolearnError):
    """A robot or one of its devices cannot do what was asked."""


class ContractError(RobolearnError):
    """A part breaks the promise of its interface; raised by the checks in `robolearn.testing`."""


class MissingDependencyError(RobolearnError):
    """Something that must be installed is not; the message names it."""


class UnknownNameError(RobolearnError):
    """A name was asked for that does not exist; the message lists those that do and the nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        """Builds the sentence.

        Args:
            kind: what the name should name, e.g. "task" or "camera".
            name: the name asked for.
            known: every name that exists.
            where: what was searched, e.g. "on so101"; may be empty.
        """
        self.kind, self.name, self.known, self.where = kind, name, tuple(sorted(known)), where
        place = f" {where}" if where else ""
        message = f"unknown {kind} {name!r}{place}; known: {', '.join(self.known) or 'none'}."
        nearest = find_nearest(name, self.known)
        if nearest:
            message += f" Did you mean {nearest!r}?"
        super().__init__(message)

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, tuple[str, ...], str]]:
        """Lets the error travel home from a worker process: an exception is rebuilt from its args.

        Without this it would be rebuilt from the finished sentence alone, which fails.
        """
        return type(self), (self.kind, self.name, self.known, self.where)


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Returns the known name closest in spelling to `name`, or None if none is close."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return matches[0] if matches else None
