"""Worlds in worker processes: rendering, and much Python per step, need cores of their own."""

from __future__ import annotations

import functools
import itertools
import mmap
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import wait
from typing import IO

from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.sim.vector.batch import Arena, Batch
from robolearn.sim.vector.worlds import Worlds
from robolearn.specs import ArraySpec
from robolearn.worker_process import WorkerProcess

Specs = tuple[Mapping[str, ArraySpec], ArraySpec]  # of one world's observation and action
Seeds = Mapping[int, int | None]

_MEMORY_FOLDER = "/dev/shm"  # kept in memory on Linux; elsewhere a temporary file does the same


class SliceWorker:
    """Steps some of the worlds in a process of its own; results go into shared memory."""

    def __init__(
        self,
        make_environment: Callable[[], Environment],
        specs: Specs,
        num_worlds: int,
        rows: range,
        memory_path: str,
    ) -> None:
        """Builds the worlds of `rows`, a slice of all `num_worlds`."""
        self._rows = rows
        with open(memory_path, "r+b") as file:
            memory = mmap.mmap(file.fileno(), 0)
        batch = Batch.allocate(*specs, num_worlds, Arena(memory)).take_rows(rows.start, rows.stop)
        self._worlds = Worlds([make_environment() for _ in rows], batch, rows.start)

    def __call__(self, seeds: Seeds | None) -> None:
        """Resets the worlds that have an entry in `seeds`; None steps them all."""
        if seeds is None:
            for row in range(len(self._rows)):
                self._worlds.step(row)
        else:
            for world, seed in seeds.items():
                self._worlds.reset(world - self._rows.start, seed)

    def close(self) -> None:
        """Closes the worlds."""
        self._worlds.close()


class ProcessEngine:
    """Steps slices of the worlds in worker processes.

    Attributes:
        batch: what the workers read and write: in memory that they share.
    """

    def __init__(
        self,
        make_environment: Callable[[], Environment],
        specs: Specs,
        num_worlds: int,
        num_workers: int,
    ) -> None:
        """Starts the workers and waits until they have built their worlds.

        Args:
            make_environment: builds a world; it must be importable in a fresh interpreter (a
                module-level function, or a `functools.partial` of one).
            specs: of one world's observation and action.
            num_worlds: how many.
            num_workers: processes; each gets as many worlds as the others, give or take one.

        Raises:
            WorkerError: if a worker raised or died; it names its worlds.
            RobolearnError: if there is no room for the shared memory.
        """
        self._workers: list[WorkerProcess] = []
        self._slices = slice_up(num_worlds, min(num_workers, num_worlds))
        self._num_jobs = 0
        with tempfile.NamedTemporaryFile(dir=_find_memory_folder(), buffering=0) as file:
            # The name is needed only until every worker has opened the memory.
            arena = Arena()
            Batch.allocate(*specs, num_worlds, arena)
            try:
                _fill(file, arena.size_bytes)  # takes the room now: later there would be no error
            except OSError as error:
                raise RobolearnError(
                    f"{num_worlds} worlds share {arena.size_bytes / 1e6:.0f} MB of memory, and"
                    f" {os.path.dirname(file.name)} has no room for it ({error.strerror}): take"
                    " fewer worlds or smaller images"
                ) from error
            self.batch = Batch.allocate(*specs, num_worlds, Arena(mmap.mmap(file.fileno(), 0)))
            try:
                for rows in self._slices:
                    make_worker = functools.partial(
                        SliceWorker, make_environment, specs, num_worlds, rows, file.name
                    )
                    self._workers.append(
                        WorkerProcess(f"the worker of {_describe(rows)}", "step", make_worker)
                    )
                self._receive_all()
            except BaseException:
                self.close()
                raise

    def reset(self, seeds: Seeds) -> None:
        """Begins an episode in these worlds; see `Worlds.reset`.

        Raises:
            WorkerError: if a worker raised or died; it names its worlds.
        """
        self._do([{row: seeds[row] for row in rows if row in seeds} for rows in self._slices])

    def step(self) -> None:
        """Steps every world; see `Worlds.step`.

        Raises:
            WorkerError: if a worker raised or died; it names its worlds.
        """
        self._do([None] * len(self._workers))

    def close(self) -> None:
        """Ends the workers. Allowed any number of times."""
        WorkerProcess.stop_all(self._workers)
        self._workers = []

    def _do(self, jobs: Sequence[Seeds | None]) -> None:
        """Gives each worker its job and waits for all of them."""
        for worker, job in zip(self._workers, jobs, strict=True):
            worker.send(self._num_jobs, job)
        self._num_jobs += 1
        self._receive_all()

    def _receive_all(self) -> None:
        """Waits for one message of each worker; the first that failed is raised at once."""
        silent = {worker.connection: worker for worker in self._workers}
        while silent:
            for connection in wait(list(silent)):
                silent.pop(connection).receive()  # type: ignore[call-overload]


def slice_up(num_worlds: int, num_slices: int) -> list[range]:
    """Cuts the worlds into slices whose sizes differ by one at most."""
    bounds = [index * num_worlds // num_slices for index in range(num_slices + 1)]
    return [range(first, stop) for first, stop in itertools.pairwise(bounds)]


def _describe(rows: range) -> str:
    if len(rows) == 1:
        return f"world {rows.start}"
    return f"worlds {rows.start} to {rows.stop - 1}"


def _fill(file: IO[bytes], size_bytes: int) -> None:
    """Writes so many zeros."""
    missing = memoryview(bytes(size_bytes))
    while missing:
        missing = missing[file.write(missing) :]


def _find_memory_folder() -> str | None:
    return _MEMORY_FOLDER if os.access(_MEMORY_FOLDER, os.W_OK) else None
