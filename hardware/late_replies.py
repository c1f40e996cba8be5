"""`ReplyLengths`: keeps a late reply to an earlier read from being taken for an answer.

Replies of smart servos do not say which request they answer. So reads differ in length: each brings
some bytes more than are wanted, and only a reply of just this length answers it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

# A reply that has not come for so long does not come any more [s]. Adapters hold bytes for up to
# 16 ms, a busy machine for several times that.
LONGEST_LATENESS_S = 0.5
NUM_LENGTHS = 8  # no two of so many reads in a row have one length, while so many can be chosen


class ReplyLengths:
    """Chooses the length of each read on one link."""

    def __init__(self, wait_until: Callable[[float], None] | None = None) -> None:
        """Begins with no reply expected.

        Args:
            wait_until: waits until a moment of `time.monotonic()` [s]; None sleeps.
        """
        self._wait_until = wait_until or _sleep_until
        self._late_until_s: dict[int, float] = {}
        self._last_used: dict[int, int] = {}  # length to number of the read
        self._num_reads = 0

    def choose(self, lengths: Sequence[int]) -> int:
        """Returns how many bytes to read: never as many as a late reply may bring.

        Waits if late replies of all these lengths may still come.

        Args:
            lengths: that will do, the best first.
        """
        now_s = time.monotonic()
        free = [n for n in lengths if self._late_until_s.get(n, now_s) <= now_s]
        if not free:
            free = [min(lengths, key=lambda n: self._late_until_s[n])]
            self._wait_until(self._late_until_s[free[0]])
        length = min(free[:NUM_LENGTHS], key=lambda n: self._last_used.get(n, 0))
        self._num_reads += 1
        self._last_used[length] = self._num_reads
        return length

    def expect_late(self, length: int) -> None:
        """Leaves a length alone for `LONGEST_LATENESS_S`: a read of it was not answered in full."""
        self._late_until_s[length] = time.monotonic() + LONGEST_LATENESS_S


def _sleep_until(moment_s: float) -> None:
    time.sleep(max(0.0, moment_s - time.monotonic()))
