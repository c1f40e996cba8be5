"""Holding Ctrl-C back while something must not be left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HELD_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class HeldInterrupts:
    """What a person asked for meanwhile.

    Attributes:
        requested: whether they want it to end sooner.
    """

    def __init__(self) -> None:
        self.requested = False


@contextmanager
def hold_back_interrupts(on_request: Callable[[], None]) -> Iterator[HeldInterrupts]:
    """Keeps Ctrl-C and SIGTERM from breaking into the block; raises KeyboardInterrupt after it.

    Outside the main thread, where no signal arrives, it does nothing.

    Args:
        on_request: called at the first one, e.g. to say that it was heard.
    """
    held = HeldInterrupts()
    if threading.current_thread() is not threading.main_thread():
        yield held
        return

    def note(number: int, frame: FrameType | None) -> None:
        if not held.requested:
            held.requested = True
            on_request()

    before = [signal.signal(number, note) for number in HELD_SIGNALS]
    try:
        yield held
    finally:
        for number, handler in zip(HELD_SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if held.requested:
        raise KeyboardInterrupt
