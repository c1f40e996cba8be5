"""`EmulatedPort`: a device on a pseudo-terminal that looks like a USB serial adapter."""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import math
import os
import struct
import tty
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from robolearn.errors import RobolearnError
from robolearn.hardware.emulators.faults import Faults, FaultyLine, Piece

LARGEST_READ_BYTES = 4096
# The settings of a terminal with its baud rate as a plain number, which `termios` does not give:
# request and structure from Linux' asm-generic/termbits.h. Four flags, discipline and characters,
# the speeds of input and output.
TCGETS2 = 0x802C542A
TERMIOS2 = struct.Struct("4I20B2I")


class Device(ABC):
    """The device end of a protocol."""

    @abstractmethod
    def receive(self, data: bytes, now_s: float) -> Sequence[bytes]:
        """Takes bytes from the host, cut anywhere; returns the replies in order, one per frame."""

    def update(self, now_s: float) -> None:
        """Lets the device's own timers run, such as a watchdog; called every few milliseconds."""
        return

    @property
    def next_due_s(self) -> float:
        """When `receive` has something to return although nothing came; infinity if never [s]."""
        return math.inf


class EmulatedPort:
    """A pseudo-terminal with a device behind it; the host opens `path`.

    `path` is a link whose target changes when the device is plugged in again, like the links in
    `/dev/serial/by-id`. Nothing happens by itself: whoever emulates calls `exchange` often.
    """

    def __init__(
        self,
        device: Device,
        path: Path,
        faults: Faults | None = None,
        baud_rate: int | None = None,
    ) -> None:
        """Plugs the device in.

        Args:
            device: what answers.
            path: of the link to the pseudo-terminal.
            faults: of the line; may be changed while it runs.
            baud_rate: what the host must have set to be understood; None if it does not matter.

        Raises:
            RobolearnError: if something that is no link is in the way at `path`.
        """
        self.device, self.path = device, path
        self.faults = faults or Faults()
        self._baud_rate = baud_rate
        self._line = FaultyLine(self.faults)
        self._pieces: list[tuple[float, int, bytes]] = []
        self._num_pieces = 0
        self._master = self._slave = -1
        self.plug()

    @property
    def is_plugged(self) -> bool:
        """Whether the host can see it."""
        return self._master >= 0

    def plug(self) -> None:
        """Makes the port appear, under the same name. Does nothing if it is there."""
        if self.is_plugged:
            return
        # Our own end of the slave stays open: the master would fail when the host closes its own.
        if self.path.exists() and not self.path.is_symlink():
            raise RobolearnError(f"{self.path} is in the way of the port's link: name another path")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """Makes the port vanish, as when the cable is pulled. The device itself stays as it is."""
        if not self.is_plugged:
            return
        self.path.unlink(missing_ok=True)
        for descriptor in (self._slave, self._master):
            os.close(descriptor)
        self._master = self._slave = -1
        self._pieces.clear()
        self._line.reset()

    def fileno(self) -> int:
        """Descriptor that is readable once the host has sent something; -1 if unplugged."""
        return self._master

    @property
    def happened(self) -> Mapping[str, int]:
        """How often each fault of the line has struck so far."""
        return self._line.happened

    def exchange(self, now_s: float) -> None:
        """Gives the device what the host has sent, and the host what is due by now."""
        if not self.is_plugged:
            return
        received = self._read()
        self._line.occupy(len(received), now_s)
        for reply in self.device.receive(received if self._is_understood() else b"", now_s):
            for piece in self._line.carry(reply, now_s):
                self._push(piece)
        while self._pieces and self._pieces[0][0] <= now_s:
            self._write(heapq.heappop(self._pieces)[2])

    @property
    def next_due_s(self) -> float:
        """When something is to be done although the host is silent; infinity if never [s]."""
        if not self.is_plugged:
            return math.inf
        due_s = self._pieces[0][0] if self._pieces else math.inf
        return min(due_s, self.device.next_due_s)

    def close(self) -> None:
        """Removes the port. Allowed any number of times."""
        self.unplug()

    def _read(self) -> bytes:
        try:
            return os.read(self._master, LARGEST_READ_BYTES)
        except BlockingIOError:
            return b""

    def _is_understood(self) -> bool:
        """Whether the host has set the baud rate of the device; both ends share the settings."""
        if self._baud_rate is None:
            return True
        settings = fcntl.ioctl(self._slave, TCGETS2, bytes(TERMIOS2.size))
        return self._baud_rate == TERMIOS2.unpack(settings)[-1]

    def _write(self, data: bytes) -> None:
        # A host that does not read loses what does not fit, as with a real adapter.
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def _push(self, piece: Piece) -> None:
        self._num_pieces += 1
        heapq.heappush(self._pieces, (piece.due_s, self._num_pieces, piece.data))
