"""The protocol of Feetech STS servos: bytes in, bytes out.

`FF FF ID LENGTH CODE parameters… CHECKSUM`: the code is an instruction in a request and the error
byte in a reply, LENGTH counts the parameters and two more, and the checksum is the low byte of the
complement of the sum from ID on. Nothing is escaped: `FF FF` may stand inside the parameters, so
only length and checksum tell where a frame ends. Neither requests nor replies carry a number.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEADER = b"\xff\xff"
BROADCAST_ID = 0xFE  # everybody listens, nobody replies
LARGEST_ID = 0xFD
# Header, id, length, code, checksum: the shortest frame.
OVERHEAD_BYTES = 6
LARGEST_LENGTH = 0xFF


class Instruction(enum.IntEnum):
    """What a request asks for."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    RESET = 0x06
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83


# Bits of the error byte; the status register has the same. They speak of the servo, not of the
# instruction: a reading that comes with one of them is good.
FAULTS = {
    0x01: "supply voltage out of range",
    0x02: "position sensor failed",
    0x04: "too hot",
    0x08: "current too high",
    0x20: "overload",
}


def name_faults(flags: int) -> tuple[str, ...]:
    """Returns what the bits of an error byte or of the status register say, in words."""
    return tuple(
        FAULTS.get(bit, f"unknown fault 0x{bit:02x}")
        for bit in (1 << place for place in range(8))
        if flags & bit
    )


@dataclass(frozen=True)
class Frame:
    """A request or a reply.

    Attributes:
        servo_id: whom it is for, or whom it is from.
        code: the instruction of a request, the error byte of a reply.
        parameters: what follows.
    """

    servo_id: int
    code: int
    parameters: bytes = b""

    def encode(self) -> bytes:
        """Returns the bytes on the wire."""
        body = bytes((self.servo_id, len(self.parameters) + 2, self.code)) + self.parameters
        return HEADER + body + bytes((compute_checksum(body),))


def compute_checksum(body: bytes) -> int:
    """Returns the checksum of the bytes from the id to the last parameter."""
    return ~sum(body) & 0xFF


def encode_ping(servo_id: int) -> bytes:
    """Asks whether a servo is there."""
    return Frame(servo_id, Instruction.PING).encode()


def encode_read(servo_id: int, address: int, num_bytes: int) -> bytes:
    """Asks for registers of one servo."""
    return Frame(servo_id, Instruction.READ, bytes((address, num_bytes))).encode()


def encode_write(servo_id: int, address: int, data: bytes) -> bytes:
    """Sets registers of one servo."""
    return Frame(servo_id, Instruction.WRITE, bytes((address,)) + data).encode()


def encode_reg_write(servo_id: int, address: int, data: bytes) -> bytes:
    """Hands registers to one servo, which sets them at the next `action`."""
    return Frame(servo_id, Instruction.REG_WRITE, bytes((address,)) + data).encode()


def encode_action() -> bytes:
    """Makes all servos set what `reg_write` handed them."""
    return Frame(BROADCAST_ID, Instruction.ACTION).encode()


def encode_reset(servo_id: int) -> bytes:
    """Makes a servo forget all but its id."""
    return Frame(servo_id, Instruction.RESET).encode()


def encode_sync_read(address: int, num_bytes: int, servo_ids: Sequence[int]) -> bytes:
    """Asks several servos for the same registers; they reply one after another."""
    parameters = bytes((address, num_bytes, *servo_ids))
    return Frame(BROADCAST_ID, Instruction.SYNC_READ, parameters).encode()


def encode_sync_write(address: int, data: Mapping[int, bytes]) -> bytes:
    """Sets the same registers of several servos, each to its own; nobody replies.

    Args:
        address: of the first register.
        data: for each servo, all of one length.
    """
    (num_bytes,) = {len(values) for values in data.values()}
    parameters = bytes((address, num_bytes)) + b"".join(
        bytes((servo_id,)) + values for servo_id, values in data.items()
    )
    return Frame(BROADCAST_ID, Instruction.SYNC_WRITE, parameters).encode()


class FrameDecoder:
    """Cuts a stream of bytes into frames; see `robolearn.hardware.serial_link.FrameDecoder`.

    Attributes:
        bad_frames: stretches of bytes that were no valid frame, so far.
    """

    def __init__(self, largest_length: int = LARGEST_LENGTH) -> None:
        """Starts empty.

        Args:
            largest_length: no frame has a larger LENGTH. The smaller it is, the fewer bytes does a
                damaged length keep waiting for.
        """
        self.bad_frames = 0
        self._largest_length = largest_length
        self._buffer = bytearray()
        self._in_damage = False

    def feed(self, data: bytes) -> list[Frame]:
        """Takes the next bytes, cut anywhere; returns the frames that are complete by now."""
        self._buffer += data
        frames = []
        while self._seek_header():
            num_bytes = 4 + self._buffer[3]
            if len(self._buffer) < num_bytes:
                break
            body = bytes(self._buffer[2 : num_bytes - 1])
            if compute_checksum(body) == self._buffer[num_bytes - 1]:
                frames.append(Frame(body[0], body[2], body[3:]))
                del self._buffer[:num_bytes]
                self._in_damage = False
            else:
                self._skip(1)
        return frames

    def clear(self) -> None:
        """Forgets an unfinished frame."""
        self._buffer.clear()
        self._in_damage = False

    def _seek_header(self) -> bool:
        """Skips to what may be the beginning of a frame; returns whether its length is there."""
        while len(self._buffer) >= 4:
            if self._may_begin_frame():
                return True
            self._skip(1)
        return False

    def _may_begin_frame(self) -> bool:
        # An id of FF is none: it is the second half of a header that begins one byte later.
        is_header = self._buffer.startswith(HEADER) and self._buffer[2] <= BROADCAST_ID
        return is_header and 2 <= self._buffer[3] <= self._largest_length

    def _skip(self, num_bytes: int) -> None:
        del self._buffer[:num_bytes]
        self.bad_frames += not self._in_damage
        self._in_damage = True


def encode_sign_magnitude(value: int, sign_bit: int) -> int:
    """Returns a number as its size with a bit of its own for the sign.

    Raises:
        ValueError: if it does not fit below the sign bit.
    """
    if abs(value) >= 1 << sign_bit:
        raise ValueError(f"{value} does not fit into {sign_bit} bits and a sign")
    return abs(value) | (value < 0) << sign_bit


def decode_sign_magnitude(raw: int, sign_bit: int) -> int:
    """Returns the number that `encode_sign_magnitude` encodes; bits above the sign are ignored."""
    magnitude = raw & ((1 << sign_bit) - 1)
    return -magnitude if raw >> sign_bit & 1 else magnitude
