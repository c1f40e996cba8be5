"""`RegisterAccess`: registers of several servos, read with retries and written with proof."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from robolearn.errors import RobotError
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.protocol import (
    OVERHEAD_BYTES,
    Frame,
    FrameDecoder,
    encode_ping,
    encode_read,
    encode_sync_read,
    encode_sync_write,
)
from robolearn.hardware.late_replies import ReplyLengths
from robolearn.hardware.serial_link import LinkTimeoutError, SerialLink
from robolearn.hardware.servo_bus import name_servos

# Nobody has more registers; and it tells the decoder what cannot be a frame.
LONGEST_READ_BYTES = reg.NUM_REGISTERS - 1
BITS_PER_BYTE = 10  # start and stop bit included


@dataclass(frozen=True)
class Stretch:
    """A stretch of a servo's registers, as read.

    Attributes:
        first_address: of the first byte.
        data: the bytes.
        flags: the error byte that came with them.
    """

    first_address: int
    data: bytes
    flags: int

    def get(self, register: reg.Register) -> int:
        """Returns the value of a register that lies in it."""
        return register.decode(self.data, self.first_address)


class RegisterAccess:
    """Reads and writes registers through a link of its own.

    Each read is a few bytes longer than asked for, so that a late reply fits no later question; see
    `ReplyLengths`. Writes are sent as sync writes, which nobody confirms, and proven by reading
    back.

    Attributes:
        link: the serial port.
    """

    def __init__(self, port: str, baud_rate: int, timeout_s: float, num_retries: int) -> None:
        """Names the port; `link.open` opens it.

        Args:
            port: name of the serial port.
            baud_rate: that the servos are set to [1/s].
            timeout_s: how long a servo may take to begin its reply [s].
            num_retries: how often a read without an answer is repeated.
        """
        decoder = FrameDecoder(largest_length=LONGEST_READ_BYTES + 2)
        self.link: SerialLink[Frame] = SerialLink(port, baud_rate, decoder, timeout_s)
        self._timeout_s, self._num_tries = timeout_s, 1 + num_retries
        self._lengths = ReplyLengths()

    def read(
        self, servo_ids: Sequence[int], first: reg.Register, last: reg.Register
    ) -> dict[int, Stretch]:
        """Returns the registers from `first` to `last` of each servo; asks again who is silent.

        Raises:
            LinkTimeoutError: if a servo did not answer in all tries.
            LinkLostError: if the port is gone.
        """
        found: dict[int, Stretch] = {}
        missing = list(servo_ids)
        num_bytes = last.end - first.address
        for _ in range(self._num_tries):
            if not missing:
                break
            length = self._choose_length(num_bytes)
            found |= self._read_once(missing, first.address, num_bytes, length)
            missing = [servo_id for servo_id in servo_ids if servo_id not in found]
        if missing:
            self.link.counters.failures += 1
            raise LinkTimeoutError(
                f"{name_servos(missing)} on {self.link.port} did not answer, asked"
                f" {self._num_tries} times: look at cable and power of the first that is silent"
            )
        return {servo_id: found[servo_id] for servo_id in servo_ids}

    def send(self, register: reg.Register, values: Mapping[int, int]) -> None:
        """Sets a register of several servos, without proof.

        Raises:
            LinkLostError: if the port is gone.
        """
        data = {servo_id: register.encode(value) for servo_id, value in values.items()}
        if data:
            self.link.send(encode_sync_write(register.address, data))

    def write(self, register: reg.Register, values: Mapping[int, int]) -> None:
        """Sets a register of several servos to a value each, and reads back that it is so.

        Raises:
            RobotError: if a servo keeps another value.
            LinkTimeoutError: if a servo did not answer in all tries.
            LinkLostError: if the port is gone.
        """
        wrong = dict(values)
        for _ in range(self._num_tries):
            if not wrong:
                return
            self.send(register, wrong)
            kept = self.read_values(register, tuple(values))
            wrong = {key: value for key, value in values.items() if kept[key] != value}
        if wrong:
            servo_id, value = next(iter(wrong.items()))
            raise RobotError(
                f"servo {servo_id} on {self.link.port} keeps {kept[servo_id]} in register"
                f" {register.address}, {value} was written: look at its supply and its faults"
            )

    def ensure(self, register: reg.Register, values: Mapping[int, int]) -> None:
        """Does what `write` does where the value is another one: memory wears out by writing."""
        kept = self.read_values(register, tuple(values))
        self.write(register, {key: value for key, value in values.items() if kept[key] != value})

    def read_values(self, register: reg.Register, servo_ids: Sequence[int]) -> dict[int, int]:
        """Returns the value of one register of each servo; raises what `read` raises."""
        stretches = self.read(servo_ids, register, register)
        return {servo_id: stretch.get(register) for servo_id, stretch in stretches.items()}

    @contextlib.contextmanager
    def unlocked(self, servo_ids: Sequence[int]) -> Iterator[None]:
        """Lets what is written meanwhile below address 40 be kept through power-off."""
        self.write(reg.LOCK, dict.fromkeys(servo_ids, 0))
        try:
            yield
        finally:
            if self.link.is_open:  # else there is nobody to lock, and the reason is under way
                self.write(reg.LOCK, dict.fromkeys(servo_ids, 1))

    def ping(self, servo_id: int, timeout_s: float) -> bool:
        """Asks once whether a servo is there; true if anything came, even damaged."""
        return self._listen(servo_id, encode_ping(servo_id), 0, timeout_s) != (0, False)

    def is_alone(self, servo_id: int) -> bool | None:
        """Finds out whether exactly one servo answers to an id.

        Two that answer at one moment damage each other's replies, or with other delays both are
        heard. A ping is answered alike by both, so a measurement is asked for too.

        Returns:
            None if nobody answers; False if no try brought just one whole reply.
        """
        if (is_alone := self._is_reply_single(servo_id, measures=False)) is not True:
            return is_alone
        return bool(self._is_reply_single(servo_id, measures=True))

    def _is_reply_single(self, servo_id: int, measures: bool) -> bool | None:
        heard = False
        for _ in range(self._num_tries):
            request, num_bytes = encode_ping(servo_id), 0
            if measures:
                first, end = reg.PRESENT_POSITION.address, reg.PRESENT_CURRENT.end
                num_bytes = self._choose_length(end - first)
                begin = _find_begin(first, end - first, num_bytes)
                request = encode_read(servo_id, begin, num_bytes)
            num_replies, is_damaged = self._listen(servo_id, request, num_bytes, self._timeout_s)
            if num_replies == 1 and not is_damaged:
                return True
            self._lengths.expect_late(num_bytes)
            heard |= num_replies > 0 or is_damaged
        return False if heard else None

    def _listen(
        self, servo_id: int, request: bytes, num_bytes: int, timeout_s: float
    ) -> tuple[int, bool]:
        """Sends a request, waits to the end; returns the number of replies, and if damage came."""
        bad_frames_before = self.link.counters.bad_frames

        def is_answer(frame: Frame) -> bool:
            return frame.servo_id == servo_id and len(frame.parameters) == num_bytes

        replies = self.link.request(request, is_answer, num_frames=2, timeout_s=timeout_s)
        return len(replies), self.link.counters.bad_frames > bad_frames_before

    def _read_once(
        self, servo_ids: Sequence[int], address: int, num_bytes: int, length: int
    ) -> dict[int, Stretch]:
        """Asks for `num_bytes` from an address on, and for more before them up to `length`."""
        begin = _find_begin(address, num_bytes, length)
        pending = set(servo_ids)

        def is_answer(frame: Frame) -> bool:
            if frame.servo_id not in pending or len(frame.parameters) != length:
                return False
            pending.remove(frame.servo_id)
            return True

        if len(servo_ids) == 1:
            request = encode_read(servo_ids[0], begin, length)
        else:
            request = encode_sync_read(begin, length, servo_ids)
        wire_bytes = len(request) + len(servo_ids) * (length + OVERHEAD_BYTES)
        timeout_s = self._timeout_s + wire_bytes * BITS_PER_BYTE / self.link.baud_rate
        frames = self.link.request(request, is_answer, len(servo_ids), timeout_s)
        if pending:
            self._lengths.expect_late(length)
        return {frame.servo_id: Stretch(begin, frame.parameters, frame.code) for frame in frames}

    def _choose_length(self, num_bytes: int) -> int:
        """Returns how many bytes to read to get `num_bytes`."""
        return self._lengths.choose(range(num_bytes, LONGEST_READ_BYTES + 1))


def _find_begin(address: int, num_bytes: int, length: int) -> int:
    """Returns where to begin reading `length` bytes so that `num_bytes` from `address` are in."""
    return max(0, address - (length - num_bytes))
