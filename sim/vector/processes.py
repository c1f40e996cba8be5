"""Worlds in several processes: rendering, and Python itself, need cores of their own."""

from __future__ import annotations

import contextlib
import functools
import itertools
import mmap
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.sim.vector.batch import Arena, Batch
from robolearn.sim.vector.worlds import Worlds
from robolearn.specs import ArraySpec
from robolearn.worker_process import MessageWatch, WorkerProcess, draw_without_threads

Specs = tuple[Mapping[str, ArraySpec], ArraySpec]  # of one world's observation and action
Seeds = Mapping[int, int | None]

# Longer than one slice takes beyond another, as a rule, and than what a fast loop does between two
# steps. A slow one pays with half a millisecond of a core that has nothing else to do for it.
SPIN_S = 500e-6
_MEMORY_FOLDER = "/dev/shm"  # kept in memory on Linux; elsewhere a temporary file does the same


class Slice:
    """Steps some of the worlds."""

    def __init__(self, environments: Sequence[Environment], batch: Batch, rows: range) -> None:
        """Takes the environments over: those of `rows` of the batch of all worlds."""
        self._rows = rows
        own = batch.take_rows(rows.start, rows.stop)
        self._worlds = Worlds(environments, own, first_world=rows.start)

    def __call__(self, seeds: Seeds | None) -> None:
        """Resets the worlds that have an entry in `seeds`; None steps them all."""
        if seeds is None:
            self._step()
            return
        for row, world in enumerate(self._rows):
            if world in seeds:
                self._worlds.reset(row, seeds[world])

    def _step(self) -> None:
        """Does each part of a step for all worlds before the next: caches keep its code."""
        rows, worlds = range(len(self._rows)), self._worlds
        for do_part in (worlds.begin_step, worlds.pass_period, worlds.finish_step):
            for row in rows:
                do_part(row)

    def close(self) -> None:
        """Closes the worlds."""
        self._worlds.close()


def make_slice(
    make_environment: Callable[[], Environment],
    specs: Specs,
    num_worlds: int,
    rows: range,
    memory_path: str,
) -> Slice:
    """Builds the worlds of `rows` in a worker; their results go into the memory of that file."""
    with open(memory_path, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    batch = Batch.allocate(*specs, num_worlds, Arena(memory))
    return Slice([make_environment() for _ in rows], batch, rows)


class ProcessEngine:
    """Steps slices of the worlds in processes: the first in this one, the others in workers.

    A worker that has done its part looks for the next a while before it sleeps, and so does this
    process for the workers: of a loop that leaves them little time nobody has to be woken.

    Attributes:
        batch: what the processes read and write: in memory that they share.
    """

    def __init__(
        self,
        make_environment: Callable[[], Environment],
        environment: Environment,
        num_worlds: int,
        num_processes: int,
    ) -> None:
        """Starts the workers and waits until they have built their worlds.

        Args:
            make_environment: builds a world; where there are workers it must be importable in a
                fresh interpreter (a module-level function, or a `functools.partial` of one).
            environment: the first world, which is taken over.
            num_worlds: how many.
            num_processes: this one among them; each gets as many worlds as the others, give or take
                one.

        Raises:
            WorkerError: if a worker raised or died; it names its worlds.
            RobolearnError: if there is no room for the shared memory, or `make_environment` cannot
                be sent to a worker.
        """
        specs = environment.observation_spec, environment.action_spec
        if environment.robot.cameras:
            draw_without_threads()
        own_rows, *others = slice_up(num_worlds, min(num_processes, num_worlds))
        environments = [environment]
        self._workers: list[WorkerProcess] = []
        self._num_jobs = 0
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(lambda: _close(self._workers, environments))
            if others:
                _require_importable(make_environment)
            with _make_memory(specs, num_worlds) as file:  # named until all workers have opened it
                self.batch = Batch.allocate(*specs, num_worlds, Arena(mmap.mmap(file.fileno(), 0)))
                for rows in others:
                    make_worker = functools.partial(
                        make_slice, make_environment, specs, num_worlds, rows, file.name
                    )
                    name = f"the worker of {_describe(rows)}"
                    self._workers.append(WorkerProcess(name, "step", make_worker, SPIN_S))
                for _ in own_rows[1:]:
                    environments.append(make_environment())
                self._own = Slice(environments, self.batch, own_rows)
                self._watch = MessageWatch([worker.connection for worker in self._workers], SPIN_S)
                self._receive_all()
            on_failure.pop_all()

    def reset(self, seeds: Seeds) -> None:
        """Begins an episode in these worlds; see `Worlds.reset`.

        Raises:
            WorldError: if a world of this process raised.
            WorkerError: if a worker raised or died; it names its worlds.
        """
        self._do(seeds)

    def step(self) -> None:
        """Steps every world; see `Worlds.step`.

        Raises:
            WorldError: if a world of this process raised.
            WorkerError: if a worker raised or died; it names its worlds.
        """
        self._do(None)

    def close(self) -> None:
        """Ends the workers and closes the worlds. Allowed any number of times."""
        _close(self._workers, [self._own])

    def _do(self, seeds: Seeds | None) -> None:
        """Has every slice do the same at once."""
        for worker in self._workers:
            worker.send(self._num_jobs, seeds)
        self._own(seeds)
        self._receive_all()
        self._num_jobs += 1

    def _receive_all(self) -> None:
        """Waits for one message of each worker; the first that failed is raised at once."""
        silent = set(range(len(self._workers)))
        while silent:
            for index in self._watch.wait():
                self._workers[index].receive()  # one that has answered before is dead by now
                silent.discard(index)


def slice_up(num_worlds: int, num_slices: int) -> list[range]:
    """Cuts the worlds into slices whose sizes differ by one at most."""
    bounds = [index * num_worlds // num_slices for index in range(num_slices + 1)]
    return [range(first, stop) for first, stop in itertools.pairwise(bounds)]


def _describe(rows: range) -> str:
    if len(rows) == 1:
        return f"world {rows.start}"
    return f"worlds {rows.start} to {rows.stop - 1}"


def _close(workers: list[WorkerProcess], others: Sequence[Slice | Environment]) -> None:
    WorkerProcess.stop_all(workers)
    workers.clear()
    for other in others:
        other.close()


def _require_importable(make_environment: Callable[[], Environment]) -> None:
    try:
        pickle.dumps(make_environment)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise RobolearnError(
            f"a worker process cannot import what builds its worlds ({error}): use a function of a"
            " module, or engine='threads'"
        ) from error


@contextlib.contextmanager
def _make_memory(specs: Specs, num_worlds: int) -> Iterator[IO[bytes]]:
    """Makes a file of the size that a batch needs; its name is gone afterwards.

    Raises:
        RobolearnError: if there is no room for it.
    """
    with tempfile.NamedTemporaryFile(dir=_find_memory_folder(), buffering=0) as file:
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
        yield file


def _fill(file: IO[bytes], size_bytes: int) -> None:
    """Writes so many zeros."""
    missing = memoryview(bytes(size_bytes))
    while missing:
        missing = missing[file.write(missing) :]


def _find_memory_folder() -> str | None:
    return _MEMORY_FOLDER if os.access(_MEMORY_FOLDER, os.W_OK) else None
