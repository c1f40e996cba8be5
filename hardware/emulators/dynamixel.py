"""`DynamixelServos`: a chain of Dynamixel X servos, the device end of protocol 2.0."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence

from robolearn.errors import RobolearnError
from robolearn.hardware.dynamixel.decoder import PacketDecoder
from robolearn.hardware.dynamixel.protocol import (
    ALERT,
    BROADCAST_ID,
    CLEAR_TURNS,
    HEADER,
    Instruction,
    Packet,
    compute_crc,
)
from robolearn.hardware.dynamixel.registers import MODELS, STATUS_RETURN_LEVEL, ServoModel
from robolearn.hardware.emulators.dynamixel_servo import ACCESS_ERROR, LENGTH_ERROR, EmulatedServo
from robolearn.hardware.emulators.port import Device
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.plant import Plant

DEFAULT_MODEL = "XL330-M288"
UNKNOWN_INSTRUCTION = 2
# The status return level from which on an instruction is replied to; 2 if not named.
NEEDED_LEVELS: dict[int, int] = {Instruction.PING: 0, Instruction.READ: 1}
# Parameters without which an instruction to many means nothing.
LEAST_BYTES: dict[int, int] = {
    Instruction.SYNC_READ: 4,
    Instruction.FAST_SYNC_READ: 4,
    Instruction.SYNC_WRITE: 4,
}
WITH_ADDRESS = (Instruction.READ, Instruction.WRITE, Instruction.REG_WRITE)


class DynamixelServos(Device):
    """Servos on one line, moving the actuators of a plant.

    Attributes:
        servos: id to servo, in the order of their ids.
        doubled: ids that a second servo of the same model has as well, whose horn stands elsewhere:
            the two talk at the same time.
        waits_in_chain: whether a missing servo silences those behind it in a sync-read.
    """

    def __init__(
        self,
        plant: Plant,
        servos: Mapping[int, ServoSetup],
        models: Mapping[int, str] | None = None,
    ) -> None:
        """Switches the servos on.

        Args:
            plant: what they move.
            servos: id to how it is built in.
            models: id to the name of its model; `XL330-M288` where none is given.

        Raises:
            RobolearnError: if there is no such model.
        """
        names = models or {}
        self.servos = {
            key: EmulatedServo(key, _find_model(names.get(key, DEFAULT_MODEL)), servos[key], plant)
            for key in sorted(servos)
        }
        self.doubled: set[int] = set()
        self.waits_in_chain = False
        self._decoder = PacketDecoder()
        self._heard_s = 0.0
        self._waiting: list[tuple[float, bytes]] = []

    def receive(self, data: bytes, now_s: float) -> Sequence[bytes]:
        """See `Device.receive`; replies come after each servo's return delay."""
        for packet in self._decoder.feed(data):
            if packet.is_status:
                continue
            self._heard_s = due_s = now_s
            for servo_id, reply in self._answer(packet):
                due_s += self.servos[servo_id].return_delay_s if servo_id in self.servos else 0.0
                self._waiting.append((due_s, reply))
        due = [reply for due_s, reply in self._waiting if due_s <= now_s]
        self._waiting = [entry for entry in self._waiting if entry[0] > now_s]
        return due

    @property
    def next_due_s(self) -> float:
        """See `Device.next_due_s`."""
        return min((due_s for due_s, _ in self._waiting), default=math.inf)

    def update(self, now_s: float) -> None:
        """See `Device.update`."""
        for servo in self.servos.values():
            servo.update(now_s, now_s - self._heard_s)

    def _answer(self, packet: Packet) -> list[tuple[int, bytes]]:
        """Returns who replies to an instruction, and with what, in order."""
        if packet.servo_id == BROADCAST_ID and len(packet.params) < LEAST_BYTES.get(
            packet.instruction, 0
        ):
            return []
        if packet.instruction == Instruction.SYNC_READ:
            address, size = struct.unpack_from("<HH", packet.params)
            return self._read_chain([(key, address, size) for key in packet.params[4:]])
        if packet.instruction == Instruction.BULK_READ:
            return self._read_chain(_split_bulk_read(packet.params))
        if packet.instruction == Instruction.FAST_SYNC_READ:
            return self._read_fast(packet.params)
        if packet.instruction == Instruction.SYNC_WRITE:
            self._write_each(_split_sync_write(packet.params))
            return []
        if packet.instruction == Instruction.BULK_WRITE:
            self._write_each(_split_bulk_write(packet.params))
            return []
        is_broadcast = packet.servo_id == BROADCAST_ID
        replies = []
        for servo_id in self.servos if is_broadcast else [packet.servo_id]:
            if self._is_listening(servo_id):
                reply = self._obey(servo_id, packet)
                if not is_broadcast or packet.instruction == Instruction.PING:
                    replies += reply
        return replies

    def _obey(self, servo_id: int, packet: Packet) -> list[tuple[int, bytes]]:
        """Lets one servo do what it was told; returns its reply, if it gives one."""
        servo, params = self.servos[servo_id], packet.params
        error, data = 0, b""
        level = servo.get(STATUS_RETURN_LEVEL)
        if packet.instruction == Instruction.PING:
            data, error = servo.read(0, 2)[0] + servo.read(6, 1)[0], 0
        elif packet.instruction == Instruction.READ and len(params) == 4:
            data, error = servo.read(*struct.unpack("<HH", params))
        elif packet.instruction == Instruction.WRITE and len(params) > 2:
            error = servo.write(*struct.unpack_from("<H", params), params[2:])
        elif packet.instruction == Instruction.REG_WRITE and len(params) > 2:
            servo.keep(*struct.unpack_from("<H", params), params[2:])
        elif packet.instruction == Instruction.ACTION:
            servo.act()
        elif packet.instruction == Instruction.REBOOT:
            servo.reboot()
        elif packet.instruction == Instruction.CLEAR:
            error = servo.clear_turns() if params == CLEAR_TURNS else ACCESS_ERROR
        elif packet.instruction in WITH_ADDRESS:
            error = LENGTH_ERROR
        else:
            error = UNKNOWN_INSTRUCTION
        needed = NEEDED_LEVELS.get(packet.instruction, 2)
        return [(servo_id, self._reply(servo_id, data, error))] if level >= needed else []

    def _reply(self, servo_id: int, data: bytes, error: int) -> bytes:
        servo = self.servos[servo_id]
        error |= ALERT if servo.has_alert else 0
        reply = Packet(servo_id, Instruction.STATUS, data, error).encode()
        if servo_id not in self.doubled or len(data) <= 3:
            return reply
        # The line is low as soon as one of two pulls it down; the other one's bytes are other ones.
        other = Packet(servo_id, Instruction.STATUS, bytes(b ^ 0x5A for b in data), error).encode()
        return bytes(mine & theirs for mine, theirs in zip(reply, other, strict=False))

    def _is_listening(self, servo_id: int) -> bool:
        return servo_id in self.servos and self.servos[servo_id].is_listening

    def _read_chain(self, places: list[tuple[int, int, int]]) -> list[tuple[int, bytes]]:
        """Lets servos reply one after the other, each with its own registers."""
        replies = []
        for servo_id, address, size in places:
            if self._is_listening(servo_id):
                if self.servos[servo_id].get(STATUS_RETURN_LEVEL) >= 1:
                    data, error = self.servos[servo_id].read(address, size)
                    replies.append((servo_id, self._reply(servo_id, data, error)))
            elif self.waits_in_chain:
                break
        return replies

    def _read_fast(self, params: bytes) -> list[tuple[int, bytes]]:
        """Lets servos share one reply, which a missing one cuts short."""
        address, size = struct.unpack_from("<HH", params)
        servo_ids = params[4:]
        length = len(servo_ids) * (size + 4) + 1
        reply = HEADER + struct.pack("<BHB", BROADCAST_ID, length, Instruction.STATUS)
        for servo_id in servo_ids:
            if not self._is_listening(servo_id):
                break
            data, error = self.servos[servo_id].read(address, size)
            error |= ALERT if self.servos[servo_id].has_alert else 0
            reply += bytes([error, servo_id]) + data
            reply += struct.pack("<H", compute_crc(reply))
        return [(BROADCAST_ID, reply)]

    def _write_each(self, writes: Iterable[tuple[int, int, bytes]]) -> None:
        for servo_id, address, data in writes:
            if self._is_listening(servo_id):
                self.servos[servo_id].write(address, data)


def _split_sync_write(params: bytes) -> Iterable[tuple[int, int, bytes]]:
    address, size = struct.unpack_from("<HH", params)
    for place in range(4, len(params) - size, size + 1):
        yield params[place], address, params[place + 1 : place + 1 + size]


def _split_bulk_read(params: bytes) -> list[tuple[int, int, int]]:
    places = range(0, len(params) - 4, 5)
    return [struct.unpack_from("<BHH", params, place) for place in places]


def _split_bulk_write(params: bytes) -> Iterable[tuple[int, int, bytes]]:
    place = 0
    while place + 5 < len(params):
        servo_id, address, size = struct.unpack_from("<BHH", params, place)
        yield servo_id, address, params[place + 5 : place + 5 + size]
        place += 5 + size


def _find_model(name: str) -> ServoModel:
    for model in MODELS.values():
        if model.name == name:
            return model
    known = ", ".join(model.name for model in MODELS.values())
    raise RobolearnError(f"no Dynamixel is called {name!r}; known: {known}")
