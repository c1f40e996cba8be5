"""`Emulation`: devices and their plant, in real time."""

from __future__ import annotations

import contextlib
import math
import select
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.plant import Plant

Result = TypeVar("Result")
# The plant is never further behind real time than this while nothing else happens.
TICK_S = 0.002


class Emulation:
    """Runs ports and plant in a thread of its own, as a context manager or with `start`.

    Everything that touches ports or plant from outside goes through `call`.
    """

    def __init__(
        self,
        plant: Plant,
        ports: Sequence[EmulatedPort],
        on_tick: Callable[[float], None] | None = None,
        on_start: Callable[[], None] | None = None,
    ) -> None:
        """Prepares; nothing runs before `start`.

        Args:
            plant: what the devices move.
            ports: the devices on their lines.
            on_tick: called in the thread after every step with the time now [s], e.g. to render.
            on_start: called in the thread before anything else, for what takes long at first.
        """
        self.plant, self.ports = plant, tuple(ports)
        self._on_tick, self._on_start = on_tick, on_start
        self._lock = threading.Lock()
        self._stopping, self._is_running = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="emulation", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Starts the thread, and waits until devices answer and cameras draw.

        Raises:
            BaseException: what ended the thread before that.
        """
        self._thread.start()
        self._is_running.wait()
        if self._failure is not None:
            self.close()

    def call(self, function: Callable[[], Result]) -> Result:
        """Calls a function while the emulation stands still, and returns what it returns."""
        with self._lock:
            return function()

    def close(self) -> None:
        """Stops the thread and removes the ports.

        Raises:
            BaseException: what ended the thread, if something did.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for port in self.ports:
            port.close()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            if self._on_start is not None:
                self._on_start()
            self._is_running.set()
            last_s = time.monotonic()
            while not self._stopping.is_set():
                self._wait()
                with self._lock:
                    now_s = time.monotonic()
                    self.plant.advance(now_s - last_s)
                    last_s = now_s
                    for port in self.ports:
                        port.device.update(now_s)
                        port.exchange(now_s)
                    if self._on_tick is not None:
                        self._on_tick(now_s)
        except BaseException as error:  # raised again by `close`
            self._failure = error
        finally:
            self._is_running.set()
            self.plant.close()

    def _wait(self) -> None:
        """Sleeps until a host has sent something or something is due, at most `TICK_S`."""
        with self._lock:
            due_s = min((port.next_due_s for port in self.ports), default=math.inf)
            descriptors = [port.fileno() for port in self.ports if port.is_plugged]
        timeout_s = max(0.0, min(TICK_S, due_s - time.monotonic()))
        # Without the lock, so that others get in. One of them may unplug a port meanwhile.
        with contextlib.suppress(OSError):
            select.select(descriptors, [], [], timeout_s)
