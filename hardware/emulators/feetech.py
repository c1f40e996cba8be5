"""`FeetechServos`: a chain of emulated Feetech servos on one line."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from robolearn.hardware.emulators.feetech_servo import FeetechServo
from robolearn.hardware.emulators.port import Device
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.protocol import BROADCAST_ID, Frame, FrameDecoder, Instruction
from robolearn.plant import Plant

# After such a silence in the middle of a request a servo waits for a new one [s].
PATIENCE_S = 0.02


class FeetechServos(Device):
    """Servos that hear everything on the line and answer to the id in their registers.

    Attributes:
        servos: each servo by the id it was given at first; to look into, or to break.
    """

    def __init__(self, plant: Plant, servos: Mapping[int, ServoSetup]) -> None:
        """Powers them up.

        Args:
            plant: what they move.
            servos: for each id how the servo is built in.
        """
        self.servos = {key: FeetechServo(key, setup, plant) for key, setup in servos.items()}
        self._decoder = FrameDecoder()
        self._heard_s = self._updated_s = -math.inf
        self._replies: list[tuple[float, bytes]] = []
        self._deferred: list[tuple[FeetechServo, bytes]] = []

    def update(self, now_s: float) -> None:
        """Lets the servos follow their goals."""
        duration_s = now_s - self._updated_s if math.isfinite(self._updated_s) else 0.0
        self._updated_s = now_s
        for servo in self.servos.values():
            servo.update(duration_s)

    def receive(self, data: bytes, now_s: float) -> Sequence[bytes]:
        """See `Device.receive`."""
        if data:
            if now_s - self._heard_s > PATIENCE_S:
                self._decoder.clear()
            self._heard_s = now_s
        for request in self._decoder.feed(data):
            self._obey(request, now_s)
        due = list(itertools.takewhile(lambda reply: reply[0] <= now_s, self._replies))
        del self._replies[: len(due)]
        return [reply for _, reply in due]

    @property
    def next_due_s(self) -> float:
        """See `Device.next_due_s`."""
        return self._replies[0][0] if self._replies else math.inf

    def power_cycle(self) -> None:
        """Cuts the supply of all servos and gives it back."""
        for servo in self.servos.values():
            servo.power_cycle()
        self._replies.clear()
        self._deferred.clear()

    def _obey(self, request: Frame, now_s: float) -> None:
        parameters = request.parameters
        if request.code == Instruction.SYNC_READ and len(parameters) >= 2:
            for servo_id in parameters[2:]:
                self._reply_together(self._find(servo_id), parameters[:2], now_s)
        elif request.code == Instruction.SYNC_WRITE and len(parameters) >= 2:
            self._sync_write(parameters[0], parameters[1], parameters[2:])
        elif request.code == Instruction.ACTION:
            for servo, write in self._deferred:
                servo.write(write[0], write[1:])
            self._deferred.clear()
        else:
            self._obey_alone(request, now_s)

    def _obey_alone(self, request: Frame, now_s: float) -> None:
        """Does what one servo, or each alike, is asked for."""
        servos, parameters = self._find(request.servo_id), request.parameters
        is_question = request.code in (Instruction.PING, Instruction.READ)
        for servo in servos:
            if request.code == Instruction.WRITE and parameters:
                servo.write(parameters[0], parameters[1:])
            elif request.code == Instruction.REG_WRITE and parameters:
                self._deferred.append((servo, parameters))
            elif request.code == Instruction.RESET:
                servo.reset()
            elif not is_question:
                return
        if request.servo_id == BROADCAST_ID:
            return
        wanted = parameters[:2] if request.code == Instruction.READ else b""
        talkers = [servo for servo in servos if is_question or servo.get(reg.RESPONSE_LEVEL)]
        self._reply_together(talkers, wanted, now_s)

    def _sync_write(self, address: int, num_bytes: int, parameters: bytes) -> None:
        if len(parameters) % (num_bytes + 1):
            return
        for begin in range(0, len(parameters), num_bytes + 1):
            for servo in self._find(parameters[begin]):
                servo.write(address, parameters[begin + 1 : begin + 1 + num_bytes])

    def _find(self, servo_id: int) -> list[FeetechServo]:
        """Returns the living servos that answer to an id, more than one if two have the same."""
        return [
            servo
            for servo in self.servos.values()
            if servo_id in (servo.servo_id, BROADCAST_ID) and not servo.dead
        ]

    def _reply_together(self, servos: Sequence[FeetechServo], wanted: bytes, now_s: float) -> None:
        """Queues the replies of all servos with one id; those at the same moment collide.

        Args:
            servos: that answer to the id.
            wanted: first register and number of bytes; empty to reply without any.
            now_s: when they were asked [s].
        """
        by_delay: dict[int, bytes] = {}
        for servo in servos:
            values = servo.read(*wanted) if wanted else b""
            reply = Frame(servo.servo_id, servo.flags, values).encode()
            delay = servo.get(reg.RETURN_DELAY)
            by_delay[delay] = _collide(by_delay.get(delay, reply), reply)
        # On one wire a reply waits for the one before it.
        earlier_s = self._replies[-1][0] if self._replies else now_s
        for delay in sorted(by_delay):
            due_s = max(now_s, earlier_s) + reg.RETURN_DELAY_UNIT_S * delay
            self._replies.append((due_s, by_delay[delay]))


def _collide(first: bytes, second: bytes) -> bytes:
    """Returns what is heard when two speak at once: on this wire a 0 wins."""
    size = max(len(first), len(second))
    pairs = zip(first.ljust(size, b"\xff"), second.ljust(size, b"\xff"), strict=True)
    return bytes(one & other for one, other in pairs)
