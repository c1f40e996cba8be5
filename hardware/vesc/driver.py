"""`Vesc`: a motor and a steering servo on a VESC, driven over its serial port.

Set-points are sent when the caller sends them and at no other time: the VESC stops the motor by
itself when they fail to come, and a thread that kept them up would defeat that.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from robolearn.errors import RobotError
from robolearn.hardware.serial_link import LinkCounters, LinkTimeoutError, SerialLink
from robolearn.hardware.vesc import replies
from robolearn.hardware.vesc.odometer import Odometer
from robolearn.hardware.vesc.protocol import Command, FrameDecoder, encode_command, encode_frame
from robolearn.hardware.vesc.replies import AppConfiguration, Firmware

logger = logging.getLogger(__name__)

BAUD_RATE = 115200  # of its UART; over USB there is none
STANDARD_GRAVITY_MPS2 = 9.80665
# An answer comes within a few milliseconds. Reads are over, one way or the other, well before the
# longest silence that a VESC may be set to take.
ANSWER_TIMEOUT_S, ATTEMPTS = 0.02, 5
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


@dataclass(frozen=True)
class VescState:
    """What a VESC says of itself.

    Attributes:
        erpm: electrical revolutions per minute, positive forwards.
        motor_current_a: on average since the last reading [A].
        input_current_a: from the battery, on average since the last reading [A].
        voltage_v: of the battery [V].
        fet_temperature_c: of its transistors [°C].
        motor_temperature_c: of the motor [°C]; without a sensor there, anything.
        fault: what it complains of at this moment, in words; None if nothing.
        timed_out: whether it has stopped the motor because no set-point came.
        kill_switch: whether a switch on it holds the motor.
        odometer_counts: how far the motor has turned since `connect`, six counts per electrical
            revolution.
    """

    erpm: float
    motor_current_a: float
    input_current_a: float
    voltage_v: float
    fet_temperature_c: float
    motor_temperature_c: float
    fault: str | None
    timed_out: bool
    kill_switch: bool
    odometer_counts: int


@dataclass(frozen=True)
class ImuReading:
    """What a VESC's inertial sensor says, in the axes set in VESC Tool.

    Attributes:
        acceleration_mps2: specific force along x, y, z; at rest 9.81 upwards [m/s^2].
        angular_velocity_radps: about x, y, z [rad/s].
    """

    acceleration_mps2: tuple[float, float, float]
    angular_velocity_radps: tuple[float, float, float]


class Vesc:
    """A VESC on a serial port. Only the control loop calls it, from one thread.

    Every method raises `LinkLostError` if the port is gone, and those that read raise
    `LinkTimeoutError` if no answer came after all attempts.

    Attributes:
        firmware: what runs on it, known once connected.
        configuration: its application configuration, known once connected.
        faults: every fault seen since `connect`, in words; the device forgets its own after 0.5 s.
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
                it would not stop the motor in time when this program dies.
        """
        if self._link.is_open:
            return
        self._link.open()
        self._forget()
        try:
            self.firmware = self._read_firmware()
            self.configuration = self._read_configuration()
            self._check_configuration()
            self.read_values()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the port; the VESC then stops the motor by itself. Allowed in every state."""
        self._link.close()

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
        fault_code, status = int(values["fault_code"]), int(values.get("status", 0))
        fault = replies.describe_fault(fault_code) if fault_code else None
        if fault and fault not in self.faults:
            self.faults += (fault,)
        return VescState(
            erpm=values["erpm"],
            motor_current_a=values["motor_current_a"],
            input_current_a=values["input_current_a"],
            voltage_v=values["voltage_v"],
            fet_temperature_c=values["fet_temperature_c"],
            motor_temperature_c=values["motor_temperature_c"],
            fault=fault,
            timed_out=bool(status & replies.STATUS_TIMED_OUT),
            kill_switch=bool(status & replies.STATUS_KILL_SWITCH),
            odometer_counts=self._odometer.counts,
        )

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
        values = replies.parse_imu(self._ask(self._ask_imu))
        acceleration_g = tuple(values[f"acceleration_{axis}"] for axis in "xyz")
        gyro_degps = tuple(values[f"gyro_{axis}"] for axis in "xyz")
        if not all(map(math.isfinite, acceleration_g + gyro_degps)) or not any(acceleration_g):
            raise RobotError(
                f"the VESC on {self.port} has no working inertial sensor: turn it on in VESC Tool"
                " (App Settings, IMU), or use motion_sensor=steering"
            )
        ax, ay, az = (STANDARD_GRAVITY_MPS2 * value for value in acceleration_g)
        gx, gy, gz = map(math.radians, gyro_degps)
        return ImuReading((ax, ay, az), (gx, gy, gz))

    def _forget(self) -> None:
        self.faults: tuple[str, ...] = ()
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
                f"the VESC on {self.port} does not tell its timeout, so nothing would stop the car"
                " if this program died: update its firmware with VESC Tool"
            ) from error
        return replies.parse_app_configuration(payload, self.firmware.version)

    def _check_configuration(self) -> None:
        """Refuses a VESC that would drive on without us; says what else is amiss."""
        timeout_s, longest_s = self.configuration.timeout_s, self._longest_timeout_s
        remedy = "set 100 to 300 ms in VESC Tool (App Settings, General, Timeout) and write it"
        if timeout_s == 0.0:
            raise RobotError(
                f"the VESC on {self.port} has no timeout: it would drive on if this program died;"
                f" {remedy}"
            )
        if timeout_s > longest_s:
            raise RobotError(
                f"the VESC on {self.port} would drive on for {timeout_s:g} s if this program died,"
                f" more than the {longest_s:g} s allowed; {remedy}"
            )
        if self.firmware.version > replies.NEWEST_VERSION:
            logger.warning(
                "the VESC on %s has firmware %s, newer than any this program knows: its timeout of"
                " %g s was read from where older ones keep it; compare it with VESC Tool",
                *(self.port, self.firmware, timeout_s),
            )
        if self.configuration.brake_current_a == 0.0:
            logger.warning(
                "the VESC on %s lets the car coast after its timeout: set a timeout brake current"
                " in VESC Tool (App Settings, General)",
                self.port,
            )
        if self.configuration.servo_output is False:
            logger.warning(
                "the VESC on %s has its servo output disabled, the steering will not move: turn on"
                " Enable Servo Output in VESC Tool (App Settings, General) and write it",
                self.port,
            )

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
