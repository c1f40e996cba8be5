"""`Batch`: what goes into a step of many worlds and what comes out, one row per world."""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from robolearn import keys
from robolearn.specs import Array, ArraySpec

MakeArray = Callable[[tuple[int, ...], np.dtype[Any]], Array]

_ALIGNMENT_BYTES = 64  # of a cache line: no two arrays share one


@dataclass(frozen=True)
class Batch:
    """Arrays that are written in place, step after step; the first axis is the world.

    What a step or a reset has no value for is zero.

    Attributes:
        actions: what each world is asked to do.
        observations: by key.
        captured_s: when each stream of the observation was captured, by key [s].
        rewards: float64.
        terminations: the task has reached an end of its own.
        truncations: the time limit has ended the episode.
        resets: this was no step but the reset after an episode's end.
        seeds: where `resets`, names the start.
        successes: the goal is reached.
        applied: what each robot really applied.
        sent_s: when the action was sent [s].
    """

    actions: Array
    observations: dict[str, Array]
    captured_s: dict[str, Array]
    rewards: Array
    terminations: Array
    truncations: Array
    resets: Array
    seeds: Array
    successes: Array
    applied: Array
    sent_s: Array

    @classmethod
    def allocate(
        cls,
        observation_spec: Mapping[str, ArraySpec],
        action_spec: ArraySpec,
        num_worlds: int,
        make_array: MakeArray = np.zeros,
    ) -> Batch:
        """Makes room for so many worlds with these specs.

        Args:
            observation_spec: of one world.
            action_spec: of one world.
            num_worlds: rows.
            make_array: makes an array of zeros of some shape and dtype; called in a fixed order.
        """

        def make(shape: tuple[int, ...], dtype: Any) -> Array:
            return make_array((num_worlds, *shape), np.dtype(dtype))

        return cls(
            actions=make(action_spec.shape, action_spec.dtype),
            observations={k: make(s.shape, s.dtype) for k, s in observation_spec.items()},
            captured_s={key: make((), float) for key in observation_spec},
            rewards=make((), float),
            terminations=make((), bool),
            truncations=make((), bool),
            resets=make((), bool),
            seeds=make((), np.int64),
            successes=make((), bool),
            applied=make(action_spec.shape, action_spec.dtype),
            sent_s=make((), float),
        )

    def take_rows(self, first: int, stop: int) -> Batch:
        """Returns views of the rows `first` to `stop - 1`."""

        def take(value: Array | dict[str, Array]) -> Any:
            if isinstance(value, dict):
                return {key: array[first:stop] for key, array in value.items()}
            return value[first:stop]

        return Batch(**{field.name: take(getattr(self, field.name)) for field in fields(self)})

    def copy_results(self) -> tuple[dict[str, Array], Array, Array, Array, dict[str, Any]]:
        """Returns what `VectorEnv.step` returns, in arrays of their own."""
        return (
            self.copy_observations(),
            self.rewards.copy(),
            self.terminations.copy(),
            self.truncations.copy(),
            self.copy_infos(),
        )

    def copy_observations(self) -> dict[str, Array]:
        """Returns the observations in arrays of their own."""
        return {key: array.copy() for key, array in self.observations.items()}

    def copy_infos(self, rows: Array | None = None) -> dict[str, Any]:
        """Returns the infos as Gymnasium batches them: beside each key `_key`, who has it.

        Args:
            rows: which worlds have infos at all: a mask; None for all of them.
        """
        present = self.resets | True if rows is None else rows.copy()
        was_reset = self.resets & present
        stepped = present ^ was_reset
        infos: dict[str, Any] = {}
        if np.count_nonzero(stepped):  # `any` takes several times as long for so few
            for key, values in (
                ("is_success", self.successes),
                (keys.ACTION_APPLIED, self.applied),
                ("sent_s", self.sent_s),
            ):
                infos[key], infos[f"_{key}"] = values.copy(), stepped
        if np.count_nonzero(was_reset):
            infos["seed"], infos["_seed"] = self.seeds.copy(), was_reset
        captured: dict[str, Any] = {}
        for key, captured_s in self.captured_s.items():
            captured[key], captured[f"_{key}"] = captured_s.copy(), present
        infos["captured_s"], infos["_captured_s"] = captured, present
        if rows is not None:
            _clear_absent(infos, rows)
        return infos


def _clear_absent(infos: dict[str, Any], rows: Array) -> None:
    """Puts zeros where a world has no infos."""
    for key, values in infos.items():
        if isinstance(values, dict):
            _clear_absent(values, rows)
        elif not key.startswith("_"):
            values[~rows] = 0


class Arena:
    """Cuts arrays out of a block of memory, in the order they are asked for.

    Attributes:
        size_bytes: how much was cut so far.
    """

    def __init__(self, memory: mmap.mmap | None = None) -> None:
        """Takes zeroed memory; without any it only counts how much there would have to be."""
        self._memory = memory
        self.size_bytes = 0

    def __call__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Returns an array of zeros."""
        start = self.size_bytes
        num_bytes = math.prod(shape) * dtype.itemsize
        self.size_bytes += -(-num_bytes // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES
        if self._memory is None:
            return np.empty(shape, dtype)
        return np.ndarray(shape, dtype, self._memory, start)
