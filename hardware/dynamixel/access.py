"""`RegisterAccess`: reads and writes the registers of servos on a link, and is sure of what it got.

No late reply to an earlier read is taken for an answer: see `ReplyLengths`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import protocol, registers
from robolearn.hardware.dynamixel.protocol import Packet
from robolearn.hardware.dynamixel.registers import Register
from robolearn.hardware.late_replies import ReplyLengths
from robolearn.hardware.serial_link import LinkTimeoutError, SerialLink
from robolearn.hardware.servo_bus import name_servos

PING_BYTES = 3  # of the answer to a ping
PACKET_BYTES = 11  # of a reply, around its data
BITS_PER_BYTE = 10
LARGEST_SPARE = 24  # bytes that a read may have too much, so that reads can be told apart
# A wait is broken by a word so often: the shortest watchdog that is of use waits for longer [s].
WORD_S = 0.03
# Which nobody answers and nothing follows from: an LED off at an id that hardly any servo has.
WORD = protocol.sync_write(registers.LED.address, {protocol.LARGEST_ID: b"\0"})
PING_S = 0.03  # how long the answers to a ping are waited for, at any patience
SCAN_S_PER_ID = 0.003  # servos answer a broadcast one after the other, each in its slot


class RegisterAccess:
    """Registers of the servos on one link.

    Attributes:
        num_tries: how often something is asked that gets no answer.
        longest_silence_s: longest time between two requests since it was last set to 0 [s].
    """

    def __init__(self, link: SerialLink[Packet], timeout_s: float, num_retries: int) -> None:
        """Takes a link that someone else opens and closes.

        Args:
            link: to the servos.
            timeout_s: how long to wait for an answer, besides the time of its bytes [s].
            num_retries: how often a read is repeated, and a write whose value can be read back.
        """
        self.link = link
        self.longest_silence_s = 0.0
        self.num_tries = num_retries + 1
        self._timeout_s = timeout_s
        self._sent_s = time.monotonic()
        self._lengths = ReplyLengths(self._wait_until)

    def ping(self, servo_id: int) -> list[Packet]:
        """Asks one servo who it is; waits the whole time, so that two with one id are found."""
        return self._collect(protocol.ping(servo_id), servo_id, 2, PING_S)

    def scan(self) -> list[Packet]:
        """Asks all servos who they are."""
        num_ids = protocol.LARGEST_ID + 1
        return self._collect(protocol.ping(), None, num_ids, SCAN_S_PER_ID * num_ids)

    def read(self, register: Register, servo_ids: Sequence[int]) -> dict[int, int]:
        """Returns the value of a register of each servo.

        Raises:
            LinkTimeoutError: if a servo did not answer, after all retries.
            RobotError: if a servo refuses.
        """
        packets = self.read_block(register.address, register.size, servo_ids)
        return {servo_id: register.decode(packet.params) for servo_id, packet in packets.items()}

    def read_block(self, address: int, size: int, servo_ids: Sequence[int]) -> dict[int, Packet]:
        """Returns for each servo a reply whose parameters are the bytes from `address`.

        Args:
            address: of the first byte.
            size: number of bytes.
            servo_ids: whom to ask.

        Raises:
            LinkTimeoutError: if a servo did not answer, after all retries.
            RobotError: if a servo refuses.
        """
        found: dict[int, Packet] = {}
        missing = list(servo_ids)
        if not missing:
            return found
        for attempt in range(self.num_tries):
            before, length = self._choose_stretch(address, size)
            # In the chain of a sync-read, one that is missing may silence those behind it: the last
            # attempt asks each by itself.
            is_last = attempt > 0 and attempt == self.num_tries - 1
            groups = [[servo_id] for servo_id in missing] if is_last else [missing]
            for group in groups:
                read = self._read_once(address - before, length, group)
                found |= {key: _cut(packet, before, size) for key, packet in read.items()}
            # A refusal may be the late answer to a write, so it is asked for again as well.
            missing = [key for key in missing if key not in found or found[key].refusal]
            if not missing:
                break
        self._check_read(found, servo_ids)
        return found

    def send(self, register: Register, values: Mapping[int, int]) -> None:
        """Writes a register of each servo in one packet. No answer, so no way to know."""
        if not values:
            return
        self._note_request()
        data = {servo_id: register.encode(value) for servo_id, value in values.items()}
        self.link.send(protocol.sync_write(register.address, data))

    def write(self, register: Register, values: Mapping[int, int]) -> None:
        """Writes a register of each servo where it has another value, until that is read back.

        Raises:
            LinkTimeoutError: if a servo did not answer, after all retries.
            RobotError: if a servo refuses, or does not keep the value; says why.
        """
        if not values:
            return
        reasons: dict[int, str] = {}
        for _ in range(self.num_tries):
            held = self.read(register, list(values))
            wrong = {key: value for key, value in values.items() if held[key] != value}
            if not wrong:
                return
            for servo_id, value in wrong.items():
                data = protocol.write(servo_id, register.address, register.encode(value))
                for answer in self._ask(data, _answers_write(servo_id), 1, 0):
                    reasons[servo_id] = answer.refusal
        held = self.read(register, list(wrong))
        for servo_id, value in wrong.items():
            if held[servo_id] != value:
                reason = reasons.get(servo_id) or f"it keeps {held[servo_id]}"
                raise RobotError(
                    f"servo {servo_id} on {self.link.port} refuses {register.name} = {value}:"
                    f" {reason}"
                )

    def reboot(self, servo_id: int) -> None:
        """Starts a servo anew; it is deaf for a moment."""
        self._ask(protocol.reboot(servo_id), _answers_write(servo_id), 1, 0)

    def wait_for(self, servo_id: int, timeout_s: float = 2.0) -> None:
        """Waits until a servo answers again.

        Raises:
            LinkTimeoutError: if it does not.
        """
        deadline_s = time.monotonic() + timeout_s
        while not self.ping(servo_id):
            if time.monotonic() > deadline_s:
                self.link.counters.failures += 1
                raise LinkTimeoutError(
                    f"servo {servo_id} on {self.link.port} did not come back within {timeout_s} s:"
                    " switch its power off and on"
                )

    def note_silence(self) -> None:
        """Counts the time since the last request as silence, if it is the longest so far."""
        silence_s = time.monotonic() - self._sent_s
        self.longest_silence_s = max(self.longest_silence_s, silence_s)

    def _collect(
        self, data: bytes, servo_id: int | None, most: int, timeout_s: float
    ) -> list[Packet]:
        """Sends a ping and waits for more answers than are hoped for."""

        def is_answer(packet: Packet) -> bool:
            is_ping = packet.is_status and len(packet.params) == PING_BYTES
            return is_ping and servo_id in (None, packet.servo_id)

        answers = self._ask(data, is_answer, most, PING_BYTES, timeout_s)
        if 0 < len(answers) < most:
            self.link.counters.timeouts -= 1  # that no more came is no miss
        return answers

    def _read_once(self, address: int, length: int, servo_ids: list[int]) -> dict[int, Packet]:
        if len(servo_ids) == 1:
            data = protocol.read(servo_ids[0], address, length)
        else:
            data = protocol.sync_read(servo_ids, address, length)
        waiting = set(servo_ids)

        def is_answer(packet: Packet) -> bool:
            is_one = packet.is_status and packet.servo_id in waiting
            is_one = is_one and (len(packet.params) == length or bool(packet.refusal))
            waiting.discard(packet.servo_id if is_one else -1)
            return is_one

        answers = self._ask(data, is_answer, len(servo_ids), length)
        if len(answers) < len(servo_ids):
            self._lengths.expect_late(length)
        return {packet.servo_id: packet for packet in answers}

    def _check_read(self, found: Mapping[int, Packet], servo_ids: Sequence[int]) -> None:
        if silent := [servo_id for servo_id in servo_ids if servo_id not in found]:
            self.link.counters.failures += 1
            raise LinkTimeoutError(
                f"{name_servos(silent)} on {self.link.port} did not answer, asked {self.num_tries}"
                " times: look at cable and power of the first that is silent"
            )
        for servo_id, packet in found.items():
            if packet.refusal:
                raise RobotError(
                    f"servo {servo_id} on {self.link.port} refuses to be read: {packet.refusal}"
                )

    def _choose_stretch(self, address: int, size: int) -> tuple[int, int]:
        """Returns how much to read: never as many bytes as a late reply may bring.

        What is too much is read before the address and, where that does not suffice, behind.

        Returns:
            How many bytes before the address, and how many bytes in all.
        """
        most_before = registers.count_bytes_before(address)
        most = most_before + registers.count_bytes_behind(address + size)
        lengths = [size + k for k in range(min(LARGEST_SPARE, most) + 1) if size + k != PING_BYTES]
        length = self._lengths.choose(lengths)
        return min(most_before, length - size), length

    def _wait_until(self, moment_s: float) -> None:
        """Waits, but not in silence: that would be taken for the end of this program."""
        while (left_s := moment_s - time.monotonic()) > 0:
            self._note_request()
            self.link.send(WORD)
            time.sleep(min(left_s, WORD_S))

    def _ask(
        self,
        data: bytes,
        is_answer: Callable[[Packet], bool],
        num_packets: int,
        answer_bytes: int,
        timeout_s: float | None = None,
    ) -> list[Packet]:
        self._note_request()
        num_bytes = len(data) + num_packets * (PACKET_BYTES + answer_bytes)
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        timeout_s += num_bytes * BITS_PER_BYTE / self.link.baud_rate
        return self.link.request(data, is_answer, num_packets, timeout_s)

    def _note_request(self) -> None:
        self.note_silence()
        self._sent_s = time.monotonic()


def _cut(packet: Packet, before: int, size: int) -> Packet:
    """Returns a reply without the bytes before and behind those that were wanted."""
    params = packet.params[before : before + size]
    return Packet(packet.servo_id, packet.instruction, params, packet.error)


def _answers_write(servo_id: int) -> Callable[[Packet], bool]:
    return lambda packet: packet.is_status and packet.servo_id == servo_id and not packet.params
