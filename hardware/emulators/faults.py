"""Faults of a line, injected between an emulated device and its host."""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random

from robolearn.errors import RobolearnError


@dataclass
class Faults:
    """What goes wrong with replies, each with a probability per reply; may change while running.

    Attributes:
        lost: the reply never comes.
        corrupt: one of its bits is flipped.
        late: it comes `late_s` later than it should.
        split: it comes in two parts, 1 ms apart.
        merged: it waits for the next reply and comes together with it.
        garbage: up to four random bytes come before it.
        late_s: how late a late reply is [s].
        byte_time_s: time that each byte takes on the wire, both ways; 0 for none. A slow bus [s].
        seed: of the choices.
    """

    lost: float = 0.0
    corrupt: float = 0.0
    late: float = 0.0
    split: float = 0.0
    merged: float = 0.0
    garbage: float = 0.0
    late_s: float = 0.03
    byte_time_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("lost", "corrupt", "late", "split", "merged", "garbage"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise RobolearnError(f"faults.{name} is a probability, got {getattr(self, name)}")

    def change(self, **values: float) -> None:
        """Sets some of them.

        Raises:
            RobolearnError: if there is no such fault, or the value makes no sense.
        """
        known = {entry.name for entry in fields(self)}
        if unknown := sorted(set(values) - known):
            raise RobolearnError(f"no fault is called {', '.join(unknown)}; known: {sorted(known)}")
        changed = Faults(**{**{name: getattr(self, name) for name in known}, **values})
        for name in known:
            setattr(self, name, getattr(changed, name))


@dataclass(frozen=True)
class Piece:
    """Bytes on their way to the host.

    Attributes:
        due_s: when they arrive, on the emulation's clock [s].
        data: the bytes.
    """

    due_s: float
    data: bytes


class FaultyLine:
    """Turns replies into the pieces that arrive at the host."""

    def __init__(self, faults: Faults) -> None:
        """Reads `faults` anew at every reply."""
        self.faults = faults
        self._random = Random(faults.seed)
        self._held = b""
        self._free_s = 0.0

    def carry(self, reply: bytes, now_s: float) -> list[Piece]:
        """Returns what becomes of a reply that the device gives now."""
        faults = self.faults
        if self._happens(faults.lost):
            return []
        if self._happens(faults.corrupt):
            reply = self._flip_bit(reply)
        if self._happens(faults.garbage):
            reply = self._random.randbytes(self._random.randint(1, 4)) + reply
        if self._happens(faults.merged) and not self._held:
            self._held = reply
            return []
        reply, self._held = self._held + reply, b""
        late_s = faults.late_s if self._happens(faults.late) else 0.0
        arrives_s = max(now_s, self._free_s) + faults.byte_time_s * len(reply)
        self._free_s = arrives_s
        if self._happens(faults.split) and len(reply) > 1:
            place = self._random.randrange(1, len(reply))
            first = Piece(arrives_s + late_s, reply[:place])
            return [first, Piece(arrives_s + late_s + 1e-3, reply[place:])]
        return [Piece(arrives_s + late_s, reply)]

    def _happens(self, probability: float) -> bool:
        return probability > 0.0 and self._random.random() < probability

    def _flip_bit(self, data: bytes) -> bytes:
        place = self._random.randrange(8 * len(data))
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        return bytes(damaged)
