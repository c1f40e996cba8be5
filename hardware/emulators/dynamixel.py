"""`DynamixelServos`: a chain of Dynamixel X servos, the device end of protocol 2.0."""

from __future__ import annotations

import functools
import math
import operator
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence

from robolearn.errors import RobolearnError
from robolearn.hardware.dynamixel.decoder import PacketDecoder
from robolearn.hardware.dynamixel.protocol import (
    BROADCAST_ID,
    CLEAR_TURNS,
    HEADER,
    LARGEST_LENGTH,
    Instruction,
    Packet,
    compute_crc,
)
from robolearn.hardware.dynamixel.registers import (
    MODELS,
    SERVO_ID,
    STATUS_RETURN_LEVEL,
    ServoModel,
)
from robolearn.hardware.emulators.dynamixel_servo import (
    INSTRUCTION_ERROR,
    LENGTH_ERROR,
    RANGE_ERROR,
    EmulatedServo,
)
from robolearn.hardware.emulators.port import Device
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.plant import Plant

Place = tuple[int, int, int]  # id, address, size
Write = tuple[int, int, bytes]  # id, address, what
Reply = tuple[float, bytes]  # after how long [s], and what
DEFAULT_MODEL = "XL330-M288"
# The status return level from which on an instruction is replied to; 2 if not named.
NEEDED_LEVELS: dict[int, int] = {Instruction.PING: 0, Instruction.READ: 1}
WITH_ADDRESS = (Instruction.READ, Instruction.WRITE, Instruction.REG_WRITE)
# Parameters without which these mean nothing.
LEAST_BYTES: dict[int, int] = {
    Instruction.SYNC_READ: 4,
    Instruction.FAST_SYNC_READ: 4,
    Instruction.SYNC_WRITE: 4,
}


class DynamixelServos(Device):
    """Servos on one line, moving the actuators of a plant. They know no factory reset.

    A servo answers to the id in its register: write that of another, and both talk at once.

    Attributes:
        servos: each servo by the id it was given at first; to look into, or to break.
        waits_in_chain: whether a missing servo silences those behind it in a read of many.
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
            key: EmulatedServo(key, _find_model(names.get(key, DEFAULT_MODEL)), setup, plant)
            for key, setup in servos.items()
        }
        self.waits_in_chain = False
        self._decoder = PacketDecoder()
        self._heard_s = -math.inf
        self._waiting: list[Reply] = []

    def receive(self, data: bytes, now_s: float) -> Sequence[bytes]:
        """See `Device.receive`; replies come after each servo's return delay."""
        for packet in self._decoder.feed(data):
            if packet.is_status:
                continue
            self._heard_s = due_s = now_s
            for delay_s, reply in self._answer(packet):
                due_s += delay_s
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

    def power_cycle(self) -> None:
        """Cuts the supply of all servos and gives it back."""
        for servo in self.servos.values():
            servo.start()
        self._waiting.clear()

    def _answer(self, packet: Packet) -> list[Reply]:
        """Lets the servos do what they are told; returns their replies, each after the last."""
        params = packet.params
        if len(params) < LEAST_BYTES.get(packet.instruction, 0):
            return []  # too short to say whom it is for
        if packet.instruction in WRITES:
            for servo_id, address, data in WRITES[packet.instruction](params):
                for servo in self._find(servo_id):
                    servo.write(address, data)
            return []
        if packet.instruction in READS:
            return self._read_chain(READS[packet.instruction](params))
        if packet.instruction == Instruction.FAST_SYNC_READ:
            return self._read_fast(_split_sync_read(params))
        if packet.servo_id != BROADCAST_ID:
            return _talk_at_once(self._find(packet.servo_id), packet)
        ids = sorted({servo.get(SERVO_ID) for servo in self.servos.values()})
        replies = [reply for key in ids for reply in _talk_at_once(self._find(key), packet)]
        return replies if packet.instruction == Instruction.PING else []

    def _find(self, servo_id: int) -> list[EmulatedServo]:
        """Returns the servos that have an id and listen."""
        servos = self.servos.values()
        return [one for one in servos if one.is_listening and one.get(SERVO_ID) == servo_id]

    def _read_chain(self, places: Iterable[Place]) -> list[Reply]:
        """Lets servos reply one after the other, each with its own registers."""
        replies: list[Reply] = []
        for servo_id, address, size in places:
            request = Packet(servo_id, Instruction.READ, struct.pack("<HH", address, size))
            reply = _talk_at_once(self._find(servo_id), request)
            if not reply and self.waits_in_chain:
                break
            replies += reply
        return replies

    def _read_fast(self, places: Sequence[Place]) -> list[Reply]:
        """Lets servos share one reply, which a missing one cuts short."""
        length = 1 + sum(size + 4 for _, _, size in places)
        if length > LARGEST_LENGTH:
            return []
        reply = HEADER + struct.pack("<BHB", BROADCAST_ID, length, Instruction.STATUS)
        delay_s = 0.0
        for servo_id, address, size in places:
            servos = self._find(servo_id)
            if not servos:
                break
            data, error = servos[0].read(address, size)
            reply += bytes([error | servos[0].alert, servo_id]) + data
            reply += struct.pack("<H", compute_crc(reply))
            delay_s = max(delay_s, servos[0].return_delay_s)
        return [(delay_s, reply)]


def _talk_at_once(servos: Sequence[EmulatedServo], packet: Packet) -> list[Reply]:
    """Returns what is heard when servos with one id reply to an instruction; nothing if none do."""
    replies = [reply for servo in servos if (reply := _obey(servo, packet)) is not None]
    if not replies:
        return []
    # The line is low as soon as one of them pulls it down.
    heard = functools.reduce(lambda one, two: bytes(map(operator.and_, one, two)), replies)
    return [(max(servo.return_delay_s for servo in servos), heard)]


def _obey(servo: EmulatedServo, packet: Packet) -> bytes | None:
    """Lets one servo do what it is told; returns its reply, None if it gives none."""
    params, level = packet.params, servo.get(STATUS_RETURN_LEVEL)
    error, data, alert = 0, b"", servo.alert
    if packet.instruction == Instruction.PING:
        data = servo.identity
    elif packet.instruction == Instruction.READ and len(params) == 4:
        data, error = servo.read(*struct.unpack("<HH", params))
    elif packet.instruction == Instruction.WRITE and len(params) > 2:
        error = servo.write(*_split_write(params))
    elif packet.instruction == Instruction.REG_WRITE and len(params) > 2:
        servo.keep(*_split_write(params))
    elif packet.instruction == Instruction.ACTION:
        servo.act()
    elif packet.instruction == Instruction.REBOOT:
        servo.reboot()
    elif packet.instruction == Instruction.CLEAR:
        error = servo.clear_turns() if params == CLEAR_TURNS else RANGE_ERROR
    else:
        error = LENGTH_ERROR if packet.instruction in WITH_ADDRESS else INSTRUCTION_ERROR
    if level < NEEDED_LEVELS.get(packet.instruction, 2):
        return None
    return Packet(servo.get(SERVO_ID), Instruction.STATUS, data, error | alert).encode()


def _split_write(params: bytes) -> tuple[int, bytes]:
    (address,) = struct.unpack_from("<H", params)
    return address, params[2:]


def _split_sync_read(params: bytes) -> list[Place]:
    address, size = struct.unpack_from("<HH", params)
    return [(servo_id, address, size) for servo_id in params[4:]]


def _split_bulk_read(params: bytes) -> list[Place]:
    places = range(0, len(params) - 4, 5)
    return [struct.unpack_from("<BHH", params, place) for place in places]


def _split_sync_write(params: bytes) -> Iterable[Write]:
    address, size = struct.unpack_from("<HH", params)
    for place in range(4, len(params) - size, size + 1):
        yield params[place], address, params[place + 1 : place + 1 + size]


def _split_bulk_write(params: bytes) -> Iterable[Write]:
    place = 0
    while place + 5 < len(params):
        servo_id, address, size = struct.unpack_from("<BHH", params, place)
        yield servo_id, address, params[place + 5 : place + 5 + size]
        place += 5 + size


READS: dict[int, Callable[[bytes], list[Place]]] = {
    Instruction.SYNC_READ: _split_sync_read,
    Instruction.BULK_READ: _split_bulk_read,
}
WRITES: dict[int, Callable[[bytes], Iterable[Write]]] = {
    Instruction.SYNC_WRITE: _split_sync_write,
    Instruction.BULK_WRITE: _split_bulk_write,
}


def _find_model(name: str) -> ServoModel:
    for model in MODELS.values():
        if model.name == name:
            return model
    known = ", ".join(model.name for model in MODELS.values())
    raise RobolearnError(f"no Dynamixel is called {name!r}; known: {known}")
