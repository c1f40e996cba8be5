"""Runs one job per seed in worker processes: held-out episodes, or episodes to record."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Protocol, TypeVar

from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.policy import Policy
from robolearn.rollout import EpisodeObserver, EpisodeResult, run_episode

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_STOP_TIMEOUT_S = 5.0  # enough to stop a robot and drop an unfinished episode
_CLOSE_TIMEOUT_S = 60.0
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Worker(Protocol[T_co]):
    """Does the job of one seed at a time; built once per process, with its own environment."""

    def __call__(self, seed: int) -> T_co:
        """Returns the result of a seed, which must depend on the seed alone."""
        ...

    def close(self) -> None:
        """Releases what the worker holds; called once, also after an error."""
        ...


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


class WorkerError(RobolearnError):
    """A worker failed. This is never a failure of the policy: the evaluation has no result.

    Attributes:
        seed: the seed it was at, or None if it failed while being built or closed.
    """

    def __init__(self, message: str, seed: int | None) -> None:
        """Keeps the seed beside the sentence."""
        super().__init__(message)
        self.seed = seed


class WorkerTraceback(Exception):
    """The cause of a `WorkerError`: the traceback as the worker's process printed it."""


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
    make_worker: Callable[[], Worker[T]],
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
    make_worker: Callable[[], Worker[T]], waiting: deque[int]
) -> Generator[tuple[int, T], None, None]:
    """Yields the result of each seed, computed in this process."""
    worker = make_worker()
    try:
        while waiting:
            seed = waiting.popleft()
            try:
                result = worker(seed)
            except Exception as error:
                name = type(error).__name__
                raise WorkerError(f"seed {seed} failed: {name}: {error}", seed) from error
            yield seed, result
    finally:
        worker.close()


@dataclass
class _Process:
    """The parent's end of one worker."""

    process: BaseProcess
    connection: Connection
    seed: int | None = None

    def describe(self) -> str:
        """Says which worker it is and what it is at."""
        at = "outside any seed" if self.seed is None else f"at seed {self.seed}"
        return f"{self.process.name} ({at})"

    def receive(self) -> tuple[str, Any]:
        """Returns the worker's next message; raises if it reports an error or has died."""
        try:
            kind, value = self.connection.recv()
        except (EOFError, OSError):
            self.process.join(_STOP_TIMEOUT_S)
            reason = _describe_exit(self.process.exitcode)
            raise WorkerError(f"{self.describe()} {reason}", self.seed) from None
        if kind == "error":
            summary, text = value
            cause = WorkerTraceback("\n" + text)
            raise WorkerError(f"{self.describe()} raised {summary}", self.seed) from cause
        return kind, value


def _run_in_processes(
    make_worker: Callable[[], Worker[T]], waiting: deque[int], num_workers: int
) -> Generator[tuple[int, T], None, None]:
    """Yields each seed and its result in the order they finish; takes seeds off `waiting`."""
    recipe = pickle.dumps(make_worker)
    workers: list[_Process] = []
    try:
        for index in range(num_workers):
            workers.append(_start(index, recipe))
        busy = {worker.connection: worker for worker in workers}
        while busy:
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                kind, value = worker.receive()
                seed, worker.seed = worker.seed, None
                if kind == "result" and seed is not None:
                    yield seed, value  # may put another seed on `waiting`
                if kind == "closed":
                    del busy[worker.connection]
                elif waiting:
                    worker.seed = waiting.popleft()
                    _send(worker, worker.seed)
                else:
                    _send(worker, None)
        for worker in workers:
            worker.process.join(_CLOSE_TIMEOUT_S)
    finally:
        _stop(workers)


def _send(worker: _Process, seed: int | None) -> None:
    """Gives a worker its next seed, or None to close."""
    try:
        worker.connection.send(seed)
    except OSError:
        worker.receive()  # it is gone: says how


def _start(index: int, recipe: bytes) -> _Process:
    """Starts a worker that ignores Ctrl-C from its first moment: the parent stops it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), name=f"worker {index}", daemon=True)
    with _interrupts_ignored():
        process.start()
    theirs.close()
    worker = _Process(process, ours)
    try:
        ours.send_bytes(recipe)
    except OSError:
        worker.receive()
    return worker


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignores Ctrl-C for a moment; a process started meanwhile inherits that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(workers: Sequence[_Process]) -> None:
    """Ends whatever still runs: first by asking, so that robots stop and episodes are dropped."""
    for worker in workers:
        if worker.process.is_alive():
            worker.process.terminate()
    for worker in workers:
        worker.process.join(_STOP_TIMEOUT_S)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.connection.close()


def _describe_exit(exit_code: int | None) -> str:
    """Says how a process ended."""
    if exit_code is None:
        return "closed its connection but still runs"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    hint = " (out of memory?)" if name == "SIGKILL" else ""
    return f"was killed by {name}{hint}"


def _serve(connection: Connection) -> None:
    """The worker's process: builds the worker, runs the seeds it is sent, closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _raise_exit)
    for variable in _THREAD_VARIABLES:  # before anything heavy is imported
        os.environ.setdefault(variable, "1")
    try:
        worker: Worker[Any] = pickle.loads(connection.recv_bytes())()
        try:
            connection.send(("ready", None))
            while (seed := connection.recv()) is not None:
                connection.send(("result", worker(seed)))
        finally:
            worker.close()
        connection.send(("closed", None))
    except EOFError:  # the parent is gone, and nobody is left to tell
        return
    except Exception as error:
        summary = f"{type(error).__name__}: {error}"
        connection.send(("error", (summary, traceback.format_exc())))


def _raise_exit(signum: int, frame: object) -> None:
    """Turns SIGTERM into an exception, so that `finally` clauses run."""
    raise SystemExit(128 + signum)
