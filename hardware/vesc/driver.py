"""`Vesc`: a motor and a steering servo on a VESC, driven over its serial port.

Set-points are sent when the caller sends them and at no other time: the VESC stops the motor by
itself when they fail to come, and a thread that kept them up would defeat that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from robolearn.errors import RobotError
from robolearn.hardware.serial_link import LinkCounters, LinkTimeoutError, SerialLink
from robolearn.hardware.vesc import arming, replies
from robolearn.hardware.vesc.odometer import Odometer
from robolearn.hardware.vesc.protocol import Command, FrameDecoder, encode_command, encode_frame
from robolearn.hardware.vesc.replies import AppConfiguration, Firmware
from robolearn.hardware.vesc.state import ImuReading, VescState, make_imu_reading, make_state

logger = logging.getLogger(__name__)

BAUD_RATE = 115200  # of its UART; over USB there is none
# An answer comes within a few milliseconds, on a busy computer within 0.2 s. Asking for so long is
# no danger: without set-points meanwhile, the VESC stops the motor after its own timeout.
ANSWER_TIMEOUT_S, ATTEMPTS = 0.02, 10
# An older VESC marks no answers: after a silence, one that comes late must have passed.
LATE_ANSWER_S = 0.1

WANTED_VALUES = replies.make_mask(
    replies.BIT_OF_VALUE,
    (
        *("fet_temperature_c", "motor_temperature_c", "motor_current_a", "input_current_a"),
        *("erpm", "voltage_v", "tachometer", "tachometer_abs", "fault_code", "status"),
    ),
)
# No firmware knows these bits of the mask, and every one repeats them.
VALUES_TAG_SHIFT, VALUES_TAGS = 24, 1 << 8
WANTED_IMU = replies.make_mask(
    replies.BIT_OF_IMU,
    (
        *("acceleration_x", "acceleration_y", "acceleration_z"),
        *("gyro_x", "gyro_y", "gyro_z"),
    ),
)
# All 16 bits of this mask mean something: those of what is not wanted tell answers apart.
IMU_TAG_SHIFT, IMU_TAGS = replies.BIT_OF_IMU["magnetic_x"], 1 << 7


class Vesc:
    """A VESC on a serial port. Only the control loop calls it, from one thread.

    Every method raises `LinkLostError` if the port is gone, and those that read raise
    `LinkTimeoutError` if no answer came after all attempts.

    Attributes:
        firmware: what runs on it, known once connected.
        configuration: its application configuration, known once connected.
        faults: every fault seen since `connect`, in words; the device forgets its own after 0.5 s.
        remarks: what of its settings is unwise, in words, known once connected.
        restarts: how often it has restarted since `connect`.
    """

    firmware: Firmware
    configuration: AppConfiguration

    def __init__(
        self,
        port: str,
        longest_timeout_s: float = 0.3,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        """Names the port; `connect` opens it.

        Args:
            port: name of the serial port.
            longest_timeout_s: a VESC that would let the motor run on for longer than this without a
                set-point is refused [s].
            answer_timeout_s: how long to wait for an answer, each of several times [s].
        """
        self._link = SerialLink(port, BAUD_RATE, FrameDecoder(), answer_timeout_s)
        self._longest_timeout_s = longest_timeout_s
        self._forget()

    @property
    def port(self) -> str:
        """Name of the serial port."""
        return self._link.port

    @property
    def counters(self) -> LinkCounters:
        """What happened on the link since it was opened."""
        return self._link.counters

    @property
    def is_connected(self) -> bool:
        """Whether the port is open."""
        return self._link.is_open

    @property
    def restarts(self) -> int:
        """See the class."""
        return self._odometer.restarts

    def connect(self) -> None:
        """Opens the port and looks whether this VESC is safe to drive; moves nothing.

        Raises:
            RobotError: if the port cannot be opened, no VESC answers, its firmware is too old, or
                it would not stop the motor in time when this program dies, or does not steer.
        """
        if self._link.is_open:
            return
        self._link.open()
        self._forget()
        try:
            self.firmware = self._read_firmware()
            self.configuration = self._read_configuration()
            arming.require_timeout(self.port, self.configuration, self._longest_timeout_s)
            arming.require_steering(self.port, self.configuration)
            for remark in arming.find_remarks(self.firmware, self.configuration):
                self.remark(remark)
            self.read_values()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the port; the VESC then stops the motor by itself. Allowed in every state."""
        self._link.close()

    def remark(self, words: str) -> None:
        """Tells people something about this VESC, and remembers it for whoever asks later."""
        logger.warning("the VESC on %s %s", self.port, words)
        self.remarks += (words,)

    def set_rpm(self, erpm: float) -> None:
        """Sets the motor's speed [electrical revolutions per minute], positive forwards."""
        self._send(Command.SET_RPM, erpm)

    def set_current_brake(self, current_a: float) -> None:
        """Brakes the motor with this current [A]."""
        self._send(Command.SET_CURRENT_BRAKE, current_a)

    def set_servo(self, position: float) -> None:
        """Moves the servo to a position, 0 to 1. Does not count as a set-point for the timeout.

        Raises:
            RobotError: if there is no such position.
        """
        if not 0.0 <= position <= 1.0:
            raise RobotError(f"a servo position lies between 0 and 1, got {position}")
        self._send(Command.SET_SERVO_POS, position)

    def read_values(self) -> VescState:
        """Returns the present state. Also averages currents anew: nobody else may ask for it."""
        if self.firmware.version >= replies.SELECTIVE_SINCE:
            payload = self._ask(self._ask_values)
        else:
            payload = self._ask(lambda: self._request(Command.GET_VALUES), pause_s=LATE_ANSWER_S)
        values = replies.parse_values(payload)
        self._odometer.update(int(values["tachometer"]), int(values["tachometer_abs"]))
        state = make_state(values, self._odometer.counts)
        if state.fault and state.fault not in self.faults:
            self.faults += (state.fault,)
        return state

    def read_imu(self) -> ImuReading:
        """Returns what the inertial sensor says.

        Raises:
            RobotError: if there is none: its acceleration is exactly zero, even at rest.
        """
        if self.firmware.version < replies.IMU_SINCE:
            raise RobotError(
                f"the VESC on {self.port} has firmware {self.firmware}, which knows no inertial"
                " sensor: use motion_sensor=steering"
            )
        reading = make_imu_reading(replies.parse_imu(self._ask(self._ask_imu)))
        if reading is None:
            raise RobotError(
                f"the VESC on {self.port} has no working inertial sensor: turn it on in VESC Tool"
                " (App Settings, IMU), or use motion_sensor=steering"
            )
        return reading

    def _forget(self) -> None:
        self.faults: tuple[str, ...] = ()
        self.remarks: tuple[str, ...] = ()
        self._odometer = Odometer()
        self._tag = 0

    def _send(self, command: Command, *arguments: float) -> None:
        self._link.send(encode_frame(encode_command(command, *arguments)))

    def _read_firmware(self) -> Firmware:
        try:
            payload = self._ask(lambda: self._request(Command.FW_VERSION))
        except LinkTimeoutError as error:
            raise RobotError(
                f"no VESC answers on {self.port}: check that it is the right port and that the"
                " battery is on"
            ) from error
        firmware = replies.parse_firmware(payload)
        if firmware.version < replies.OLDEST_VERSION:
            raise RobotError(
                f"the VESC on {self.port} has firmware {firmware}, older than 3.27, which lays its"
                " values out differently: update it with VESC Tool"
            )
        return firmware

    def _read_configuration(self) -> AppConfiguration:
        try:
            payload = self._ask(lambda: self._request(Command.GET_APPCONF))
        except LinkTimeoutError as error:
            raise RobotError(
                f"the VESC on {self.port} does not tell its timeout, so nothing might stop the"
                " motor if this program died: update its firmware with VESC Tool"
            ) from error
        return replies.parse_app_configuration(payload, self.firmware.version)

    def _ask(self, request: Callable[[], list[bytes]], pause_s: float = 0.0) -> bytes:
        """Asks until an answer comes, a bounded number of times.

        Args:
            request: asks once; returns the answer, if any.
            pause_s: how long to wait before asking again [s].
        """
        for attempt in range(ATTEMPTS):
            if attempt > 0 and pause_s > 0.0:
                time.sleep(pause_s)
            if answers := request():
                return answers[0]
        self._link.counters.failures += 1
        raise LinkTimeoutError(f"the VESC on {self.port} did not answer {ATTEMPTS} times in a row")

    def _request(self, command: Command) -> list[bytes]:
        frame = encode_frame(encode_command(command))
        return self._link.request(frame, lambda payload: payload[0] == command)

    def _ask_values(self) -> list[bytes]:
        tag = self._take_tag(VALUES_TAGS) << VALUES_TAG_SHIFT
        head = encode_command(Command.GET_VALUES_SELECTIVE, WANTED_VALUES | tag)
        return self._request_masked(head, replies.measure_values(WANTED_VALUES | tag))

    def _ask_imu(self) -> list[bytes]:
        mask = WANTED_IMU | self._take_tag(IMU_TAGS) << IMU_TAG_SHIFT
        head = encode_command(Command.GET_IMU_DATA, mask)
        return self._request_masked(head, replies.measure_imu(mask))

    def _request_masked(self, head: bytes, length: int) -> list[bytes]:
        """Asks with a mask; only an answer that repeats it is ours, not a late one."""
        return self._link.request(
            encode_frame(head),
            lambda payload: payload.startswith(head) and len(payload) >= length,
        )

    def _take_tag(self, num_tags: int) -> int:
        self._tag += 1
        return self._tag % num_tags
