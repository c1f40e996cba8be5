"""Runs one job per seed in worker processes: held-out episodes, or episodes to record."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Generic, TypeVar

from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.policy import Policy
from robolearn.rollout import EpisodeObserver, EpisodeResult, run_episode
from robolearn.worker_process import CLOSED, RESULT, Worker, WorkerError, WorkerProcess

T = TypeVar("T")


class EpisodeWorker:
    """Runs the episode that a seed names, in an environment of its own."""

    def __init__(
        self, environment: Environment, policy: Policy, observers: Sequence[EpisodeObserver] = ()
    ) -> None:
        """Takes the environment over: `close` closes it."""
        self._environment, self._policy, self._observers = environment, policy, observers

    def __call__(self, seed: int) -> EpisodeResult:
        """Returns how the episode of this seed went."""
        return run_episode(self._environment, self._policy, self._observers, seed=seed)

    def close(self) -> None:
        """Closes the environment."""
        self._environment.close()


@dataclass(frozen=True)
class SeedResults(Generic[T]):
    """What came of a run over seeds.

    Attributes:
        results: the result of each finished seed, in the order the seeds were given.
        missing: seeds without a result; empty unless `interrupted`.
        interrupted: Ctrl-C ended the run early.
    """

    results: dict[int, T]
    missing: tuple[int, ...]
    interrupted: bool


def run_seeds(
    make_worker: Callable[[], Worker[int, T]],
    seeds: Sequence[int],
    num_workers: int,
    on_result: Callable[[int, T], int | None] | None = None,
) -> SeedResults[T]:
    """Runs a job for every seed, spread over processes.

    A free worker takes the next seed, as episodes differ in length; a result depends on its
    seed alone, so that any number of workers gives the same results in the same order. Workers are
    fresh interpreters (spawned) that compute with one thread each unless `OMP_NUM_THREADS` says
    otherwise.

    Args:
        make_worker: builds a worker; called once in each process, so it must be importable there
            (a module-level function, or a `functools.partial` of one).
        seeds: names the jobs; no seed twice.
        num_workers: processes to use; 0 runs everything in this one, for a device that is here.
        on_result: called here with each seed and its result as soon as it is finished; what it
            returns, if not None, is one more seed to run (another try in place of a failed one).

    Returns:
        The results; those that were finished if Ctrl-C came.

    Raises:
        WorkerError: if a worker raised or died; it names the seed. The others are stopped.
        RobolearnError: if a seed comes twice or `num_workers` is negative.
    """
    if len(set(seeds)) != len(seeds):
        twice = sorted({seed for seed in seeds if list(seeds).count(seed) > 1})
        raise RobolearnError(f"each seed can run only once; these come twice: {twice}")
    if num_workers < 0:
        raise RobolearnError(f"num_workers must be 0 or more, got {num_workers}")
    finished: dict[int, T] = {}
    asked, waiting = list(seeds), deque(seeds)
    interrupted = False
    try:
        if num_workers == 0:
            pairs = _run_here(make_worker, waiting)
        else:
            pairs = _run_in_processes(make_worker, waiting, min(num_workers, len(seeds)))
        with closing(pairs):  # ends the workers even if `on_result` raises
            for seed, result in pairs:
                finished[seed] = result
                further = None if on_result is None else on_result(seed, result)
                if further is not None:
                    asked.append(further)
                    waiting.append(further)
    except KeyboardInterrupt:
        interrupted = True
    results = {seed: finished[seed] for seed in asked if seed in finished}
    return SeedResults(results, tuple(s for s in asked if s not in finished), interrupted)


def _run_here(
    make_worker: Callable[[], Worker[int, T]], waiting: deque[int]
) -> Generator[tuple[int, T], None, None]:
    """Yields the result of each seed, computed in this process."""
    worker = make_worker()
    try:
        while waiting:
            seed = waiting.popleft()
            try:
                result = worker(seed)
            except RobolearnError as error:
                raise WorkerError(f"seed {seed} failed: {error}", seed) from error
            except Exception as error:
                name = type(error).__name__
                raise WorkerError(f"seed {seed} failed: {name}: {error}", seed) from error
            yield seed, result
    finally:
        worker.close()


def _run_in_processes(
    make_worker: Callable[[], Worker[int, T]], waiting: deque[int], num_workers: int
) -> Generator[tuple[int, T], None, None]:
    """Yields each seed and its result in the order they finish; takes seeds off `waiting`."""
    workers: list[WorkerProcess] = []
    try:
        for index in range(num_workers):
            workers.append(WorkerProcess(f"worker {index}", "seed", make_worker))
        busy = {worker.connection: worker for worker in workers}
        while busy:
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                seed = worker.job
                kind, value = worker.receive()
                if kind == RESULT and seed is not None:
                    yield seed, value  # may put another seed on `waiting`
                if kind == CLOSED:
                    del busy[worker.connection]
                elif waiting:
                    following = waiting.popleft()
                    worker.send(following, following)
                else:
                    worker.close()
        for worker in workers:
            worker.join()
    finally:
        WorkerProcess.stop_all(workers)
