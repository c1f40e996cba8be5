"""Worlds in the threads of one process: MuJoCo's own code runs without Python's lock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import SimpleQueue

from robolearn.environment import Environment
from robolearn.sim.vector.batch import Batch
from robolearn.sim.vector.worlds import Worlds

Work = Callable[[], None]


class Crew:
    """A few threads, among them the one that calls `for_each`, which waits for all of them.

    A `concurrent.futures` pool does the same for about 15 microseconds more per call, which eight
    small worlds notice.
    """

    def __init__(self, num_threads: int) -> None:
        """Starts `num_threads - 1` threads: the caller is the last."""
        self._orders: SimpleQueue[Work | None] = SimpleQueue()
        self._reports: SimpleQueue[BaseException | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"worlds {index}", daemon=True)
            for index in range(1, num_threads)
        ]
        for thread in self._threads:
            thread.start()

    def for_each(self, rows: Iterable[int], do_row: Callable[[int], object]) -> None:
        """Calls a function for every row; a free thread takes the next.

        Raises:
            BaseException: what one of the calls raised, once all threads are done.
        """
        waiting = deque(rows)

        def work() -> None:
            while True:
                try:
                    row = waiting.popleft()
                except IndexError:
                    return
                do_row(row)

        num_helpers = min(len(self._threads), len(waiting) - 1)
        for _ in range(num_helpers):
            self._orders.put(work)
        try:
            work()
        finally:
            reports = [self._reports.get() for _ in range(num_helpers)]
        for error in reports:
            if error is not None:
                raise error

    def close(self) -> None:
        """Ends the threads. Allowed any number of times."""
        for _ in self._threads:
            self._orders.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _serve(self) -> None:
        while (work := self._orders.get()) is not None:
            error: BaseException | None = None
            try:
                work()
            except BaseException as raised:  # raised again by `for_each`
                error = raised
            self._reports.put(error)


class ThreadEngine:
    """Steps every world in one of a few threads.

    Each world has an `MjData` of its own, so nothing it does depends on the other worlds or on the
    number of threads: to the bit it is what one `Environment` alone does.

    Attributes:
        batch: what is read and written.
    """

    def __init__(self, environments: Sequence[Environment], batch: Batch, num_threads: int) -> None:
        """Takes the environments over; one thread, or one world, runs without any helper."""
        self.batch = batch
        self._worlds = Worlds(environments, batch)
        self._crew = Crew(min(num_threads, len(environments)))

    def reset(self, seeds: Mapping[int, int | None]) -> None:
        """Begins an episode in these worlds; see `Worlds.reset`."""
        self._crew.for_each(seeds, lambda row: self._worlds.reset(row, seeds[row]))

    def step(self) -> None:
        """Steps every world; see `Worlds.step`."""
        self._crew.for_each(range(len(self.batch.rewards)), self._worlds.step)

    def close(self) -> None:
        """Ends the threads and closes the worlds."""
        self._crew.close()
        self._worlds.close()
