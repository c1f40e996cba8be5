"""`Odometer`: how far a motor has turned, from a VESC's tachometers."""

from __future__ import annotations

WRAP = 1 << 32
# Six tachometer counts per electrical revolution: counts per second are ERPM / 10.
ERPM_PER_COUNT_PER_S = 10.0


class Odometer:
    """Adds up the differences of a tachometer that wraps at 32 bits and restarts with its VESC.

    Attributes:
        counts: how far the motor has turned since the first reading, backwards counted down.
        restarts: how often the VESC has restarted.
    """

    def __init__(self) -> None:
        """Begins with the first reading."""
        self.counts = self.restarts = 0
        self._last: tuple[int, int] | None = None

    def update(self, tachometer: int, tachometer_abs: int) -> None:
        """Takes a reading: the signed tachometer, and the one that counts both ways up.

        The second tells a restart, as nothing else sets it back. What the motor turned between the
        last reading and a restart is lost.
        """
        last = self._last or (tachometer, tachometer_abs)
        if _subtract(tachometer_abs, last[1]) < 0:
            self.restarts += 1
            last = (0, 0)
        self.counts += _subtract(tachometer, last[0])
        self._last = (tachometer, tachometer_abs)


def _subtract(new: int, old: int) -> int:
    """Returns the difference of two 32-bit counts, the shorter way round."""
    return (new - old + WRAP // 2) % WRAP - WRAP // 2
