"""`PacketDecoder`: cuts a stream of bytes into Dynamixel packets."""

from __future__ import annotations

import struct

from robolearn.hardware.dynamixel.protocol import (
    BODY,
    BROADCAST_ID,
    CRC_BYTES,
    HEADER,
    LARGEST_ID,
    LARGEST_LENGTH,
    STUFFED,
    UNSTUFFED,
    Instruction,
    Packet,
    compute_crc,
)


class PacketDecoder:
    """A `FrameDecoder` of replies and instructions alike.

    Since stuffing keeps the header out of a packet's body, a header there means that the packet
    around it was cut off: it is given up at once instead of when all its bytes should be there.

    Attributes:
        bad_frames: stretches of bytes that were no packet, so far.
    """

    def __init__(self) -> None:
        """Begins with nothing."""
        self.bad_frames = 0
        self._buffer = b""
        self._is_damaged = False

    def feed(self, data: bytes) -> list[Packet]:
        """Takes the next bytes, cut anywhere; returns the packets that are complete by now."""
        self._buffer += data
        packets = []
        while (size := self._find_packet()) > 0:
            packets.append(_parse(self._buffer[:size]))
            self._buffer = self._buffer[size:]
            self._is_damaged = False
        return packets

    def clear(self) -> None:
        """Forgets an unfinished packet."""
        self._buffer = b""
        self._is_damaged = False

    def _find_packet(self) -> int:
        """Drops damage from the front; returns the size of the packet there, 0 if unfinished."""
        while self._buffer:
            size = _measure(self._buffer)
            if size >= 0:
                return size
            self._drop()
        return 0

    def _drop(self) -> None:
        """Slides to the next place where a packet may begin, at least by one byte."""
        if not self._is_damaged:
            self.bad_frames += 1
            self._is_damaged = True
        place = self._buffer.find(HEADER[:1], 1)
        self._buffer = self._buffer[place:] if place > 0 else b""


def _measure(data: bytes) -> int:
    """Returns the size of the packet at the front: 0 if it is unfinished, -1 if there is none."""
    if not HEADER.startswith(data[: len(HEADER)]):
        return -1
    if len(data) < BODY:
        return 0
    servo_id, length = struct.unpack_from("<BH", data, len(HEADER))
    if (servo_id > LARGEST_ID and servo_id != BROADCAST_ID) or not 3 <= length <= LARGEST_LENGTH:
        return -1
    size = BODY + length
    if not _is_unstuffed(data) and HEADER in data[BODY : size - CRC_BYTES]:
        return -1
    if len(data) < size:
        return 0
    (crc,) = struct.unpack_from("<H", data, size - CRC_BYTES)
    is_too_short = data[BODY] == Instruction.STATUS and length < 4
    return -1 if is_too_short or compute_crc(data[: size - CRC_BYTES]) != crc else size


def _is_unstuffed(data: bytes) -> bool:
    """Whether this is the shared reply to a fast read, the one kind without stuffing."""
    return data[len(HEADER)] == BROADCAST_ID and data[BODY : BODY + 1] == b"\x55"


def _parse(data: bytes) -> Packet:
    body = data[BODY:-CRC_BYTES]
    if not _is_unstuffed(data):
        body = body.replace(STUFFED, UNSTUFFED)
    if body[0] == Instruction.STATUS:
        return Packet(data[len(HEADER)], body[0], body[2:], body[1])
    return Packet(data[len(HEADER)], body[0], body[1:])
