"""Statistics of data, and the transform pair made from them. They travel with the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from robolearn.errors import RobolearnError
from robolearn.specs import Array

Mode = Literal["standard", "range"]

# A channel that hardly moves in the data carries no scale: dividing by its spread would blow up
# noise, so it is only centred.
MINIMUM_SPREAD = 1e-4


@dataclass(frozen=True)
class Statistics:
    """Per-channel statistics of one key over the training episodes.

    Attributes:
        mean: shape (channels,).
        std: population standard deviation, shape (channels,).
        minimum: shape (channels,).
        maximum: shape (channels,).
        count: number of steps they were computed from.
    """

    mean: Array
    std: Array
    minimum: Array
    maximum: Array
    count: int

    def to_json(self) -> dict[str, Any]:
        """Returns plain data that `from_json` reads back exactly."""
        arrays = {name: getattr(self, name).tolist() for name in _ARRAY_FIELDS}
        return {**arrays, "count": self.count}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Statistics:
        """Reads what `to_json` returned.

        Raises:
            RobolearnError: if a field is missing, not finite, or of another length than the rest.
        """
        try:
            arrays = {name: np.asarray(data[name], np.float64) for name in _ARRAY_FIELDS}
            count = int(data["count"])
        except (KeyError, TypeError, ValueError) as error:
            raise RobolearnError(f"not statistics: {error!r}") from error
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise RobolearnError(f"statistics: {name} is not finite: {array}")
        if len({array.shape for array in arrays.values()}) != 1:
            shapes = {name: array.shape for name, array in arrays.items()}
            raise RobolearnError(f"statistics: the fields differ in shape: {shapes}")
        return cls(**arrays, count=count)


_ARRAY_FIELDS = ("mean", "std", "minimum", "maximum")


class Normalizer:
    """Maps values to a scale a network likes, and back: `undo(apply(x)) == x`."""

    def __init__(self, statistics: Statistics, mode: Mode = "standard") -> None:
        """Computes offset and scale.

        Args:
            statistics: of the key to normalise.
            mode: `standard` gives zero mean and unit variance; `range` gives [-1, 1].
        """
        if mode == "standard":
            offset, scale = statistics.mean, statistics.std
        elif mode == "range":
            offset = (statistics.maximum + statistics.minimum) / 2
            scale = (statistics.maximum - statistics.minimum) / 2
        else:
            raise RobolearnError(f"unknown normalisation {mode!r}; known: standard, range")
        self._offset = offset.astype(np.float32)
        self._scale = np.where(scale < MINIMUM_SPREAD, 1.0, scale).astype(np.float32)

    def apply(self, value: Array) -> Array:
        """Normalises along the last axis; returns float32."""
        return np.asarray((value - self._offset) / self._scale, np.float32)

    def undo(self, value: Array) -> Array:
        """The inverse of `apply`."""
        return np.asarray(value * self._scale + self._offset, np.float32)
