"""`SerialLink`: requests and replies over a serial port, for every protocol alike.

One deadline per request on the monotonic clock, input cleared before each request, and one lock per
link. What comes back is cut into frames by the protocol's decoder; who asks says which frame is the
answer, so that a late reply to an earlier question is counted and dropped.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Generic, Protocol, TypeVar

import serial

from robolearn.errors import RobotError
from robolearn.hardware.ports import list_ports

try:
    from termios import error as TermiosError  # raised on a port that is gone; no OSError
except ImportError:  # Windows

    class TermiosError(Exception):  # type: ignore[no-redef]
        """Never raised here."""


Frame = TypeVar("Frame")
DecodedFrame = TypeVar("DecodedFrame", covariant=True)
# A read returns at the first byte or after this long, which bounds how late a deadline is seen.
POLL_S = 0.001
# A port that takes no bytes for so long hangs. pyserial counts a pause of this process as well, so
# that a shorter time would take a busy machine for a dead port.
WRITE_TIMEOUT_S = 1.0
PORT_ERRORS = (serial.SerialException, OSError, TermiosError)


class LinkTimeoutError(RobotError):
    """A device did not answer in time, after all retries."""


class LinkLostError(RobotError):
    """The port itself is gone: unplugged, or the adapter has died."""


class FrameDecoder(Protocol[DecodedFrame]):
    """Cuts a stream of bytes into frames.

    After damage it slides on by one byte and tries again, so that a good frame is never thrown away
    with a bad one.

    Attributes:
        bad_frames: stretches of bytes that were no valid frame, so far.
    """

    bad_frames: int

    def feed(self, data: bytes) -> Sequence[DecodedFrame]:
        """Takes the next bytes, cut anywhere; returns the frames that are complete by now."""
        ...

    def clear(self) -> None:
        """Forgets an unfinished frame."""
        ...


@dataclass
class LinkCounters:
    """What happened on a link since it was opened.

    Attributes:
        requests: requests sent that want an answer, retries included.
        timeouts: requests that got no full answer in time.
        bad_frames: stretches of bytes that were no valid frame.
        strays: valid frames that answered no question, e.g. a late reply.
        failures: requests that were given up after all retries.
    """

    requests: int = 0
    timeouts: int = 0
    bad_frames: int = 0
    strays: int = 0
    failures: int = 0

    def to_json(self) -> dict[str, int]:
        """Returns plain data for a report."""
        return asdict(self)


class SerialLink(Generic[Frame]):
    """A serial port with requests and replies.

    Attributes:
        port: name of the port, best a stable one such as `/dev/serial/by-id/…`.
        counters: what happened so far.
    """

    def __init__(
        self, port: str, baud_rate: int, decoder: FrameDecoder[Frame], timeout_s: float = 0.02
    ) -> None:
        """Names the port; `open` opens it.

        Args:
            port: name of the port.
            baud_rate: symbols per second; USB devices without a UART ignore it.
            decoder: of the protocol spoken there.
            timeout_s: how long to wait for the full answer to a request [s].
        """
        self.port, self.baud_rate = port, baud_rate
        self.counters = LinkCounters()
        self._decoder, self._timeout_s = decoder, timeout_s
        self._serial: serial.Serial | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._serial is not None

    def open(self) -> None:
        """Opens the port for this process alone. Does nothing if it is open.

        Raises:
            RobotError: if there is no such port, or it cannot be opened; names those there are.
        """
        if self._serial is not None:
            return
        if not self.port:
            raise RobotError(f"no serial port is named; {_list_known_ports()}")
        try:
            # pyserial sets both lines as it opens; a pseudo-terminal has none, which it tolerates.
            port = serial.Serial(
                self.port,
                self.baud_rate,
                timeout=POLL_S,
                write_timeout=WRITE_TIMEOUT_S,
                exclusive=True,
            )
        except (*PORT_ERRORS, ValueError) as error:  # ValueError: a baud rate that cannot be
            raise RobotError(_explain_open_failure(self.port, error)) from error
        # FTDI adapters else keep what they receive for up to 16 ms. Others have no such thing.
        with contextlib.suppress(ValueError, AttributeError, NotImplementedError, *PORT_ERRORS):
            port.set_low_latency_mode(True)
        self._serial = port
        self.counters = LinkCounters()
        self._decoder.clear()
        self._decoder.bad_frames = 0

    def close(self) -> None:
        """Closes the port. Allowed in every state, any number of times."""
        port, self._serial = self._serial, None
        if port is not None:
            try:
                port.close()
            except PORT_ERRORS:
                return  # it was gone already: nothing is left to release

    def send(self, data: bytes) -> None:
        """Sends what wants no answer.

        Raises:
            LinkLostError: if the port is gone.
        """
        with self._lock:
            self._write(self._get_serial(), data)

    def request(
        self,
        data: bytes,
        is_answer: Callable[[Frame], bool],
        num_frames: int = 1,
        timeout_s: float | None = None,
    ) -> list[Frame]:
        """Sends a request once and returns the frames that answer it, fewer if time ran out.

        Args:
            data: the request.
            is_answer: whether a frame answers it.
            num_frames: how many frames make a full answer.
            timeout_s: for this request alone [s].

        Raises:
            LinkLostError: if the port is gone.
        """
        with self._lock:
            port = self._get_serial()
            self._drop_input(port)
            self.counters.requests += 1
            self._write(port, data)
            deadline_s = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
            answers: list[Frame] = []
            while len(answers) < num_frames:
                # Looked at before reading: what waits then came in time, although this thread may
                # have been kept from looking. And noise without end still ends here.
                is_last = time.monotonic() >= deadline_s
                for frame in self._decoder.feed(self._read(port)):
                    if len(answers) < num_frames and is_answer(frame):
                        answers.append(frame)
                    else:
                        self.counters.strays += 1
                if is_last and len(answers) < num_frames:
                    self.counters.timeouts += 1
                    break
            self.counters.bad_frames = self._decoder.bad_frames
            return answers

    def _get_serial(self) -> serial.Serial:
        if self._serial is None:
            raise RobotError(f"{self.port} is not open: connect first")
        return self._serial

    def _write(self, port: serial.Serial, data: bytes) -> None:
        try:
            port.write(data)
        except PORT_ERRORS as error:
            raise self._lose(error) from error

    def _read(self, port: serial.Serial) -> bytes:
        """Returns what waits, or what comes within `POLL_S`."""
        try:
            first = port.read(1)
            return bytes(first + port.read(port.in_waiting) if first else first)
        except PORT_ERRORS as error:
            raise self._lose(error) from error

    def _drop_input(self, port: serial.Serial) -> None:
        """Decodes and drops what came since the last request, so that it is counted."""
        try:
            waiting = port.in_waiting
            late = port.read(waiting) if waiting else b""
        except PORT_ERRORS as error:
            raise self._lose(error) from error
        self.counters.strays += len(self._decoder.feed(late))
        # The rest of a frame cut short here would come as damage before the answer. Kept, though,
        # a frame whose length was damaged could swallow the answer.
        self._decoder.clear()

    def _lose(self, error: BaseException) -> LinkLostError:
        """Closes the port and returns what to raise."""
        self.close()
        return LinkLostError(
            f"{self.port} is gone ({error}): unplugged, or the adapter reset itself; plug it in"
            " again and connect anew"
        )


def _explain_open_failure(port: str, error: BaseException) -> str:
    text = str(error)
    if "exclusively lock" in text or "Resource temporarily unavailable" in text:
        return f"{port} is in use by another program: close that first"
    if "Permission denied" in text:
        return f"{port} may not be opened by you: sudo usermod -aG dialout $USER, then log in again"
    return f"{port} cannot be opened ({text}); {_list_known_ports()}"


def _list_known_ports() -> str:
    known = ", ".join(port.name for port in list_ports()) or "none"
    return f"serial ports found: {known} (robolearn find-port)"
