"""The VESC's serial protocol: frames and commands as bytes, nothing else.

As `comm/packet.c` and `comm/commands.c` of the firmware have it (vedderb/bldc, versions 3.27 to
7.01). All integers are big-endian. A frame is

    start byte, length, payload, CRC of the payload (2 bytes), 0x03

where the start byte 2, 3 or 4 says that the length has 1, 2 or 3 bytes. The first byte of a payload
is the command. There are no request ids: an answer carries the id of its command.
"""

from __future__ import annotations

import binascii
import enum
import math
import struct
from collections.abc import Sequence

from robolearn.errors import RobotError

END_BYTE = 3
SHORTEST_LENGTH = {2: 1, 3: 255, 4: 65535}  # by start byte; a shorter payload has a shorter length
TRAILER_BYTES = 3  # CRC and end byte
# PACKET_MAX_PL_LEN of the firmware as it ships: nothing longer comes, so nothing longer is awaited.
LARGEST_PAYLOAD_BYTES = 512


class Command(enum.IntEnum):
    """What a payload begins with."""

    FW_VERSION = 0
    GET_VALUES = 4
    SET_DUTY = 5
    SET_CURRENT = 6
    SET_CURRENT_BRAKE = 7
    SET_RPM = 8
    SET_POS = 9
    SET_HANDBRAKE = 10
    SET_SERVO_POS = 12
    GET_APPCONF = 17
    REBOOT = 29
    ALIVE = 30
    FORWARD_CAN = 34
    GET_VALUES_SETUP = 47
    GET_VALUES_SELECTIVE = 50
    APP_DISABLE_OUTPUT = 63
    GET_IMU_DATA = 65
    SET_CURRENT_REL = 84
    GET_STATS = 128
    SHUTDOWN = 156
    MOTOR_ESTOP = 159


# Arguments of each command: struct format, and what the value is multiplied by on the wire.
ARGUMENTS: dict[Command, tuple[tuple[str, float], ...]] = {
    Command.SET_DUTY: (("i", 1e5),),  # share of the voltage, -1 to 1
    Command.SET_CURRENT: (("i", 1e3),),  # [A]
    Command.SET_CURRENT_BRAKE: (("i", 1e3),),  # [A]
    Command.SET_RPM: (("i", 1.0),),  # electrical revolutions per minute
    Command.SET_POS: (("i", 1e6),),  # [degrees]
    Command.SET_HANDBRAKE: (("i", 1e3),),  # [A]
    Command.SET_SERVO_POS: (("h", 1e3),),  # 0 to 1, for pulses of 1 to 2 ms
    Command.FORWARD_CAN: (("B", 1.0),),  # id on the CAN bus; a whole payload follows
    Command.GET_VALUES_SELECTIVE: (("I", 1.0),),  # mask
    Command.APP_DISABLE_OUTPUT: (("B", 1.0), ("i", 1.0)),  # whether to forward to CAN, [ms]
    Command.GET_IMU_DATA: (("H", 1.0),),  # mask
    Command.SET_CURRENT_REL: (("i", 1e5),),  # share of the largest current, -1 to 1
    Command.GET_STATS: (("H", 1.0),),  # mask
    Command.MOTOR_ESTOP: (("H", 1.0),),  # how long inputs are ignored [ms]
}


def compute_crc(payload: bytes) -> int:
    """Returns the CRC-16 of a payload: polynomial 0x1021, initial value 0, known as XMODEM."""
    return binascii.crc_hqx(payload, 0)


def encode_frame(payload: bytes) -> bytes:
    """Returns the frame around a payload of 1 to 2^24 - 1 bytes."""
    length = len(payload)
    if not 0 < length < 1 << 24:
        raise RobotError(f"a VESC frame holds 1 to 16777215 bytes, not {length}")
    num_bytes = 1 if length < 1 << 8 else 2 if length < 1 << 16 else 3
    head = bytes([num_bytes + 1]) + length.to_bytes(num_bytes, "big")
    return head + payload + compute_crc(payload).to_bytes(2, "big") + bytes([END_BYTE])


def encode_command(command: Command, *arguments: float, inner: bytes = b"") -> bytes:
    """Returns the payload of a command.

    Args:
        command: which.
        *arguments: in the units of `ARGUMENTS`.
        inner: what follows, for `FORWARD_CAN`: another payload.

    Raises:
        RobotError: if an argument is not finite or does not fit its field.
    """
    fields = ARGUMENTS.get(command, ())
    payload = bytes([command])
    for (code, scale), value in zip(fields, arguments, strict=True):
        if not math.isfinite(value):
            raise RobotError(f"{command.name} takes a finite number, got {value}")
        try:
            payload += struct.pack(f">{code}", round(value * scale))
        except struct.error as error:
            raise RobotError(f"{command.name} cannot carry {value:g}: {error}") from error
    return payload + inner


def decode_command(payload: bytes) -> tuple[Command, tuple[float, ...], bytes] | None:
    """Returns command, arguments and what follows of a payload; None if it is none of ours."""
    try:
        command = Command(payload[0])
    except ValueError:
        return None
    place, arguments = 1, []
    for code, scale in ARGUMENTS.get(command, ()):
        size = struct.calcsize(f">{code}")
        if place + size > len(payload):
            return None
        arguments.append(struct.unpack_from(f">{code}", payload, place)[0] / scale)
        place += size
    return command, tuple(arguments), payload[place:]


class FrameDecoder:
    """Cuts a stream of bytes into payloads; a `robolearn.hardware.serial_link.FrameDecoder`.

    Bytes that merely look like the start of a long frame do not hold up what follows: a whole frame
    further on is taken at once, as its CRC tells it from chance.
    """

    def __init__(self, largest_payload_bytes: int = LARGEST_PAYLOAD_BYTES) -> None:
        """Takes the length above which a start is taken for noise [bytes]."""
        self.bad_frames = 0
        self._largest_bytes = largest_payload_bytes
        self._buffer = b""
        self._in_damage = False

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Takes the next bytes; returns the payloads that are complete by now."""
        self._buffer += data
        payloads, place, waiting = [], 0, -1
        while place < len(self._buffer):
            size = self._measure(place)
            if size is not None and place + size <= len(self._buffer):
                if payload := self._check(place, size):
                    if waiting >= 0:
                        self._note_damage()
                    payloads.append(payload)
                    place, waiting, self._in_damage = place + size, -1, False
                    continue
                size = None
            if size is not None:
                waiting = place if waiting < 0 else waiting
            elif waiting < 0:
                self._note_damage()
            place += 1
        self._buffer = self._buffer[waiting:] if waiting >= 0 else b""
        return payloads

    def clear(self) -> None:
        """Forgets an unfinished frame; counts it as damaged."""
        if self._buffer:
            self._note_damage()
        self._buffer, self._in_damage = b"", False

    def _measure(self, place: int) -> int | None:
        """Returns the size of the frame that may begin there [bytes], None if none can.

        One that has not told its length yet counts as one byte longer than what is there.
        """
        start = self._buffer[place]
        if start not in SHORTEST_LENGTH:
            return None
        header = self._buffer[place + 1 : place + start]
        if len(header) < start - 1:
            return len(self._buffer) - place + 1
        length = int.from_bytes(header, "big")
        if not SHORTEST_LENGTH[start] <= length <= self._largest_bytes:
            return None
        return start + length + TRAILER_BYTES

    def _check(self, place: int, size: int) -> bytes:
        """Returns the payload of a complete frame, nothing if it is damaged."""
        frame = self._buffer[place : place + size]
        payload, crc = frame[frame[0] : -TRAILER_BYTES], int.from_bytes(frame[-3:-1], "big")
        return payload if frame[-1] == END_BYTE and crc == compute_crc(payload) else b""

    def _note_damage(self) -> None:
        """Counts a stretch of damage once, however many bytes it has."""
        if not self._in_damage:
            self.bad_frames += 1
            self._in_damage = True
