"""Holding Ctrl-C back while something must not be left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# Ctrl-C, being told to end, and a terminal that is gone, which Windows has not.
HELD_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class HeldInterrupts:
    """What a person asked for meanwhile.

    Attributes:
        requested: whether they want it to end sooner.
    """

    def __init__(self) -> None:
        self.requested = False


@contextmanager
def hold_back_interrupts(on_request: Callable[[], None]) -> Iterator[HeldInterrupts]:
    """Keeps `HELD_SIGNALS` from breaking into the block; raises KeyboardInterrupt after it.

    What is ignored stays so. Outside the main thread, where no signal arrives, it does nothing.

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

    heard = [number for number in HELD_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in heard}
    try:
        yield held
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if held.requested:
        raise KeyboardInterrupt
