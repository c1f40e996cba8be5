"""Faults of a line, injected between an emulated device and its host."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from random import Random

from robolearn.errors import RobolearnError

PROBABILITIES = ("lost", "corrupt", "late", "split", "merged", "garbage")
SPLIT_S = 1e-3


@dataclass
class Faults:
    """What goes wrong with replies, each with a probability per reply; may change while running.

    Attributes:
        lost: the reply never comes.
        corrupt: one of its bits is flipped.
        late: it comes `late_s` later than it should.
        split: it comes in two parts, `SPLIT_S` apart.
        merged: it waits for the next reply and comes together with it.
        garbage: up to four random bytes come before it.
        late_s: how late a late reply is [s].
        byte_time_s: time that each byte takes on the wire, both ways; 0 for none. A slow bus [s].
        seed: of the choices; taken when the line is made.
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
        for name, value in asdict(self).items():
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise RobolearnError(f"faults.{name} is a number, got {value!r}")
            if name in PROBABILITIES and not 0.0 <= value <= 1.0:
                raise RobolearnError(f"faults.{name} is a probability, got {value}")
            if value < 0.0:
                raise RobolearnError(f"faults.{name} is not negative, got {value}")

    def change(self, **values: float) -> None:
        """Sets some of them.

        Raises:
            RobolearnError: if there is no such fault, or the value makes no sense.
        """
        known = asdict(self)
        if unknown := sorted(set(values) - set(known)):
            raise RobolearnError(
                f"no fault is called {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            )
        for name, value in asdict(Faults(**{**known, **values})).items():
            setattr(self, name, value)


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
    """Turns replies into the pieces that arrive at the host.

    Attributes:
        faults: read anew at every reply.
        happened: how often each fault has struck so far.
    """

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.happened: Counter[str] = Counter()
        self._random = Random(faults.seed)
        self._held = b""
        self._free_s = 0.0

    def occupy(self, num_bytes: int, now_s: float) -> None:
        """Keeps the wire busy with bytes from the host: there is one wire for both ways."""
        self._free_s = max(now_s, self._free_s) + self.faults.byte_time_s * num_bytes

    def reset(self) -> None:
        """Forgets what is on the wire."""
        self._held, self._free_s = b"", 0.0

    def carry(self, reply: bytes, now_s: float) -> list[Piece]:
        """Returns what becomes of a reply that the device gives now."""
        faults = self.faults
        if self._happens("lost"):
            return []
        if self._happens("corrupt"):
            reply = self._flip_bit(reply)
        if self._happens("garbage"):
            reply = self._random.randbytes(self._random.randint(1, 4)) + reply
        if not self._held and self._happens("merged"):
            self._held = reply
            return []
        reply, self._held = self._held + reply, b""
        late_s = faults.late_s if self._happens("late") else 0.0
        arrives_s = max(now_s, self._free_s) + faults.byte_time_s * len(reply)
        self._free_s = arrives_s
        if len(reply) > 1 and self._happens("split"):
            place = self._random.randrange(1, len(reply))
            # The next reply waits for the second part.
            self._free_s += SPLIT_S
            first = Piece(arrives_s + late_s, reply[:place])
            return [first, Piece(arrives_s + late_s + SPLIT_S, reply[place:])]
        return [Piece(arrives_s + late_s, reply)]

    def _happens(self, name: str) -> bool:
        probability: float = getattr(self.faults, name)
        happens = probability > 0.0 and self._random.random() < probability
        self.happened[name] += happens
        return happens

    def _flip_bit(self, data: bytes) -> bytes:
        place = self._random.randrange(8 * len(data))
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        return bytes(damaged)
