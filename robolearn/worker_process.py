"""`WorkerProcess`: a callable that is built and called in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import select
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

from robolearn.errors import RobolearnError

T_contra = TypeVar("T_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True)

_STOP_TIMEOUT_S = 5.0  # enough to stop a robot and drop an unfinished episode
_CLOSE_TIMEOUT_S = 60.0
# One thread each, as there is a worker for every core. Mesa's software renderer takes 0 to draw in
# the thread that asks: two cameras of a world then cost a fifth less time on a core.
_THREAD_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "LP_NUM_THREADS": "0",
}

# Kinds of messages. To the worker go jobs, which it answers by results, and the request to close.
READY, RESULT, CLOSED, _ERROR = "ready", "result", "closed", "error"
_NOTHING = b""  # a job or a result that is None


class Worker(Protocol[T_contra, T_co]):
    """Does one job at a time; built once, in the process where it works."""

    def __call__(self, job: T_contra, /) -> T_co:
        """Returns what came of a job."""
        ...

    def close(self) -> None:
        """Releases what the worker holds; called once, also after an error."""
        ...


class WorkerError(RobolearnError):
    """A worker failed. This is never a failure of the policy: the evaluation has no result.

    Attributes:
        job: the number of the job it was at, e.g. a seed, or None if it failed while being built
            or closed.
    """

    def __init__(self, message: str, job: int | None) -> None:
        """Keeps the job's number beside the sentence."""
        super().__init__(message)
        self.job = job


class WorkerTraceback(Exception):
    """The cause of a `WorkerError`: the traceback as the worker's process printed it."""


class WorkerProcess:
    """A fresh interpreter (spawned) that builds a worker and calls it with what it is sent.

    It computes with one thread unless `OMP_NUM_THREADS` says otherwise, and ignores Ctrl-C from its
    first moment: whoever started it also ends it. Messages come back in order: one `READY` once
    the worker is built, one `RESULT` for each job, `CLOSED` after `close`.

    Attributes:
        connection: becomes readable when a message is there; for `multiprocessing.connection.wait`.
        job: the number of the job the worker is at, or None.
    """

    def __init__(
        self,
        name: str,
        job_name: str,
        make_worker: Callable[[], Worker[Any, Any]],
        spin_s: float = 0.0,
    ) -> None:
        """Starts the process.

        Args:
            name: what to call it in messages, e.g. `worker 3`.
            job_name: what to call its jobs in messages, e.g. `seed`.
            make_worker: builds the worker there, so it must be importable there (a module-level
                function, or a `functools.partial` of one).
            spin_s: for so long the worker looks for its next job before it sleeps: waking it takes
                about 40 microseconds, which short jobs notice [s].

        Raises:
            WorkerError: if the process does not live to take it.
        """
        recipe = pickle.dumps(make_worker)
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.job: int | None = None
        self._job_name = job_name
        self._process = context.Process(
            target=_serve, args=(theirs, spin_s), name=name, daemon=True
        )
        with _interrupts_ignored():
            self._process.start()
        theirs.close()
        try:
            self.connection.send_bytes(recipe)
        except OSError:
            self.receive()  # it is gone: says how

    def send(self, number: int, job: Any) -> None:
        """Gives the worker a job; it may still be at the one before.

        Args:
            number: names the job in messages.
            job: what the worker is called with.

        Raises:
            WorkerError: if the worker has died.
        """
        self.job = number
        self._send(RESULT, job)

    def close(self) -> None:
        """Asks the worker to close itself once its jobs are done; `CLOSED` says that it has.

        Raises:
            WorkerError: if the worker has died.
        """
        self._send(CLOSED, None)

    def has_message(self) -> bool:
        """Says at once whether `receive` would return or raise without waiting."""
        return self.connection.poll()

    def receive(self) -> tuple[str, Any]:
        """Waits for the worker's next message: its kind, and what it brings.

        Raises:
            WorkerError: if the worker raised or has died; names the process and its job.
        """
        try:
            kind, value = _receive(self.connection)
        except (EOFError, OSError):
            self._process.join(_STOP_TIMEOUT_S)
            reason = _describe_exit(self._process.exitcode)
            raise WorkerError(f"{self._describe()} {reason}", self.job) from None
        if kind == _ERROR:
            summary, text = value
            cause = WorkerTraceback("\n" + text)
            raise WorkerError(f"{self._describe()} raised {summary}", self.job) from cause
        self.job = None
        return kind, value

    def join(self) -> None:
        """Waits until a worker that has closed is gone."""
        self._process.join(_CLOSE_TIMEOUT_S)

    def _send(self, kind: str, job: Any) -> None:
        try:
            _send(self.connection, kind, job)
        except OSError:
            self.receive()  # it is gone: says how

    def _describe(self) -> str:
        """Says which worker it is and what it is at."""
        name = self._job_name
        at = f"outside any {name}" if self.job is None else f"at {name} {self.job}"
        return f"{self._process.name} ({at})"

    @staticmethod
    def stop_all(workers: Sequence[WorkerProcess]) -> None:
        """Ends whatever still runs: first by asking, so that robots stop and episodes are dropped.

        Allowed in every state, any number of times.
        """
        for worker in workers:
            if worker._process.is_alive():
                worker._process.terminate()
        for worker in workers:
            worker._process.join(_STOP_TIMEOUT_S)
            if worker._process.is_alive():
                worker._process.kill()
                worker._process.join()
            worker.connection.close()


class MessageWatch:
    """Waits for messages of several connections, and looks for a while before it sleeps."""

    def __init__(self, connections: Sequence[Connection], spin_s: float) -> None:
        """Takes the connections; `spin_s` is how long to look [s]."""
        self._spin_s = spin_s
        self._poll = select.poll()
        self._indices = {connection.fileno(): i for i, connection in enumerate(connections)}
        for descriptor in self._indices:
            self._poll.register(descriptor, select.POLLIN)

    def wait(self) -> list[int]:
        """Returns which connections have a message, or have ended, once there is one."""
        stop_s = time.perf_counter() + self._spin_s
        while not (ready := self._poll.poll(0)):
            if time.perf_counter() >= stop_s:
                ready = self._poll.poll()
                break
            os.sched_yield()  # to whoever shares this core, perhaps the one that is waited for
        return [self._indices[descriptor] for descriptor, _ in ready]


def draw_without_threads() -> None:
    """Has Mesa's software renderer draw in the thread that asks: for a process of many on a core.

    It counts from the first picture on, and leaves `LP_NUM_THREADS` alone where that is set.
    """
    os.environ.setdefault("LP_NUM_THREADS", _THREAD_SETTINGS["LP_NUM_THREADS"])


def count_cores() -> int:
    """Returns how many cores this process may use: fewer than the machine's in a container."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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


def _describe_exit(exit_code: int | None) -> str:
    """Says how a process ended."""
    if exit_code is None:
        return "closed its connection but still runs"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    hint = " (out of memory?)" if name == "SIGKILL" else ""
    return f"was killed by {name}{hint}"


def _serve(connection: Connection, spin_s: float) -> None:
    """The worker's process: builds the worker, does the jobs it is sent, closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _raise_exit)
    for variable, setting in _THREAD_SETTINGS.items():  # before anything heavy is imported
        os.environ.setdefault(variable, setting)
    try:
        worker: Worker[Any, Any] = pickle.loads(connection.recv_bytes())()
        try:
            _send(connection, READY, None)
            watch = MessageWatch([connection], spin_s)
            while True:
                watch.wait()
                kind, job = _receive(connection)
                if kind == CLOSED:
                    break
                _send(connection, RESULT, worker(job))
        finally:
            worker.close()
        _send(connection, CLOSED, None)
    except EOFError:  # the parent is gone, and nobody is left to tell
        return
    except Exception as error:
        summary = f"{type(error).__name__}: {error}"
        _send(connection, _ERROR, (summary, traceback.format_exc()))


def _send(connection: Connection, kind: str, value: Any) -> None:
    """Sends a message; the shortest, which many small jobs consist of, in half the time."""
    is_nothing = kind == RESULT and value is None
    connection.send_bytes(_NOTHING if is_nothing else pickle.dumps((kind, value)))


def _receive(connection: Connection) -> tuple[str, Any]:
    """Waits for a message and returns its kind and what it brings."""
    message = connection.recv_bytes()
    if message == _NOTHING:
        return RESULT, None
    kind, value = pickle.loads(message)
    return kind, value


def _raise_exit(signum: int, frame: object) -> None:
    """Turns SIGTERM into an exception, so that `finally` clauses run."""
    raise SystemExit(128 + signum)
