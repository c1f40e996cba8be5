"""Dynamixel protocol 2.0: values to bytes and back, nothing else.

    FF FF FD 00  id  length(2)  instruction  parameters…  CRC(2)
    FF FF FD 00  id  length(2)  55  error    parameters…  CRC(2)      a status packet: the reply

Numbers are little-endian; the length counts everything behind itself. Between length and CRC the
header may not occur: after each FF FF FD there a second FD is stuffed in. Source: ROBOTIS e-manual,
"DYNAMIXEL Protocol 2.0".
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEADER = b"\xff\xff\xfd\x00"
UNSTUFFED, STUFFED = b"\xff\xff\xfd", b"\xff\xff\xfd\xfd"
BODY = 7  # where the instruction stands in a packet
CRC_BYTES = 2
BROADCAST_ID = 0xFE
LARGEST_ID = 0xFC
LARGEST_LENGTH = 1024  # more is damage: no servo has room for it
ALERT = 0x80  # of the error byte: the servo has a hardware error
# What clears the count of whole turns, spelled out so that it never happens by accident.
CLEAR_TURNS = b"\x01\x44\x58\x4c\x22"

# The low bits of the error byte: why a servo refuses an instruction.
REFUSALS = {
    1: "it failed",
    2: "it does not know the instruction",
    3: "it received damaged bytes",
    4: "the value is out of range",
    5: "the length of the value is wrong",
    6: "the value is beyond the limits set in the servo",
    7: "there is no access: read-only, no such register, or EEPROM while torque is on",
}


class Instruction(enum.IntEnum):
    """What a packet asks for; `STATUS` marks a reply."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    FACTORY_RESET = 0x06
    REBOOT = 0x08
    CLEAR = 0x10
    STATUS = 0x55
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A
    BULK_READ = 0x92
    BULK_WRITE = 0x93


def _make_crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ (0x8005 if crc & 0x8000 else 0)
        table.append(crc & 0xFFFF)
    return tuple(table)


CRC_TABLE = _make_crc_table()


def compute_crc(data: bytes) -> int:
    """Returns the CRC-16 of a packet up to its CRC: polynomial 0x8005, initial 0, not reflected."""
    crc = 0
    for byte in data:
        crc = ((crc << 8) & 0xFF00) ^ CRC_TABLE[(crc >> 8) ^ byte]
    return crc


@dataclass(frozen=True)
class Packet:
    """A packet without its framing.

    Attributes:
        servo_id: whom it is for, or who replies.
        instruction: an `Instruction`, or a number that is none.
        params: behind instruction and error byte, unstuffed.
        error: the error byte of a reply, 0 in an instruction.
    """

    servo_id: int
    instruction: int
    params: bytes = b""
    error: int = 0

    @property
    def is_status(self) -> bool:
        """Whether it is a reply."""
        return self.instruction == Instruction.STATUS

    @property
    def has_alert(self) -> bool:
        """Whether the servo reports a hardware error."""
        return bool(self.error & ALERT)

    @property
    def refusal(self) -> str:
        """Why the servo refuses; empty if it does not."""
        code = self.error & ~ALERT
        return REFUSALS.get(code, f"error {code}") if code else ""

    def encode(self) -> bytes:
        """Returns the packet as it goes over the wire."""
        body = bytes([self.instruction]) + (bytes([self.error]) if self.is_status else b"")
        body = (body + self.params).replace(UNSTUFFED, STUFFED)
        packet = HEADER + struct.pack("<BH", self.servo_id, len(body) + CRC_BYTES) + body
        return packet + struct.pack("<H", compute_crc(packet))


def ping(servo_id: int = BROADCAST_ID) -> bytes:
    """Asks for model and firmware; every servo answers a broadcast in turn."""
    return Packet(servo_id, Instruction.PING).encode()


def read(servo_id: int, address: int, size: int) -> bytes:
    """Asks for `size` bytes from `address`."""
    return Packet(servo_id, Instruction.READ, struct.pack("<HH", address, size)).encode()


def write(servo_id: int, address: int, data: bytes) -> bytes:
    """Writes bytes from `address`."""
    return Packet(servo_id, Instruction.WRITE, struct.pack("<H", address) + data).encode()


def reg_write(servo_id: int, address: int, data: bytes) -> bytes:
    """Writes bytes that take effect at the next `action`."""
    return Packet(servo_id, Instruction.REG_WRITE, struct.pack("<H", address) + data).encode()


def action(servo_id: int = BROADCAST_ID) -> bytes:
    """Lets earlier `reg_write` take effect."""
    return Packet(servo_id, Instruction.ACTION).encode()


def factory_reset(servo_id: int, option: int = 0x02) -> bytes:
    """Resets all (0xFF), all but the id (0x01), or all but id and baud rate (0x02)."""
    return Packet(servo_id, Instruction.FACTORY_RESET, bytes([option])).encode()


def reboot(servo_id: int) -> bytes:
    """Starts a servo anew."""
    return Packet(servo_id, Instruction.REBOOT).encode()


def clear_turns(servo_id: int) -> bytes:
    """Brings the position back into one turn; refused while the servo moves."""
    return Packet(servo_id, Instruction.CLEAR, CLEAR_TURNS).encode()


def sync_read(servo_ids: Sequence[int], address: int, size: int, fast: bool = False) -> bytes:
    """Asks several servos for the same registers; they reply in this order.

    With `fast` they share one reply, which is lost if one of them is missing; see `split_fast`.
    """
    instruction = Instruction.FAST_SYNC_READ if fast else Instruction.SYNC_READ
    params = struct.pack("<HH", address, size) + bytes(servo_ids)
    return Packet(BROADCAST_ID, instruction, params).encode()


def sync_write(address: int, data: Mapping[int, bytes]) -> bytes:
    """Writes the same registers of several servos: id to bytes, all of one size. No reply."""
    (size,) = {len(entry) for entry in data.values()}
    params = struct.pack("<HH", address, size)
    params += b"".join(bytes([servo_id]) + entry for servo_id, entry in data.items())
    return Packet(BROADCAST_ID, Instruction.SYNC_WRITE, params).encode()


def bulk_read(places: Mapping[int, tuple[int, int]]) -> bytes:
    """Asks several servos for registers of their own: id to address and size."""
    params = b"".join(struct.pack("<BHH", servo_id, *place) for servo_id, place in places.items())
    return Packet(BROADCAST_ID, Instruction.BULK_READ, params).encode()


def bulk_write(data: Mapping[int, tuple[int, bytes]]) -> bytes:
    """Writes registers of their own of several servos: id to address and bytes. No reply."""
    params = b"".join(
        struct.pack("<BHH", servo_id, address, len(entry)) + entry
        for servo_id, (address, entry) in data.items()
    )
    return Packet(BROADCAST_ID, Instruction.BULK_WRITE, params).encode()


def split_fast(packet: Packet, size: int) -> list[Packet]:
    """Takes the shared reply to a fast sync-read of `size` bytes apart.

    Returns:
        One reply per servo; empty if the reply is of another size.
    """
    # Each part is error, id, data and a CRC up to there; the first error and the last CRC are the
    # packet's own, which the decoder has checked over the whole.
    data = bytes([packet.error]) + packet.params
    part = 2 + size + CRC_BYTES
    if (len(data) + CRC_BYTES) % part:
        return []
    starts: Iterable[int] = range(0, len(data), part)
    return [
        Packet(data[at + 1], Instruction.STATUS, data[at + 2 : at + 2 + size], data[at])
        for at in starts
    ]
