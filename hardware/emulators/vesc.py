"""`VescController`: an emulated VESC with a motor and a steering servo, as its firmware behaves.

From the firmware's sources (vedderb/bldc: comm/commands.c, timeout.c, motor/foc_math.c,
motor/mc_interface.c).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from robolearn.errors import RobotError
from robolearn.hardware.emulators.port import Device
from robolearn.hardware.vesc import replies
from robolearn.hardware.vesc.odometer import ERPM_PER_COUNT_PER_S, WRAP
from robolearn.hardware.vesc.protocol import Command, FrameDecoder, decode_command, encode_frame
from robolearn.hardware.vesc.state import STANDARD_GRAVITY_MPS2
from robolearn.plant import Drive, Plant

MIN_ERPM = 900.0  # MCCONF_S_PID_MIN_RPM: a slower set-point releases the motor
RAMP_ERPM_PER_S = 25000.0  # MCCONF_S_PID_RAMP_ERPMS_S
FAULT_TIME_S = 0.5  # MCCONF_M_FAULT_STOP_TIME

# Length of the values and of the application configuration, and signature of the latter.
LAYOUTS: dict[replies.Version, tuple[int, int, int | None]] = {
    (3, 40): (59, 160, None),
    (5, 2): (73, 419, 3264926020),
    (6, 2): (74, 494, 486554156),
    (7, 1): (74, 285, 982638166),
}
FEEDING = {
    *(Command.SET_DUTY, Command.SET_CURRENT, Command.SET_CURRENT_BRAKE, Command.SET_RPM),
    *(Command.SET_POS, Command.SET_HANDBRAKE, Command.SET_CURRENT_REL, Command.ALIVE),
}


class VescController(Device):
    """A VESC whose motor turns the wheels of a plant and whose servo steers them.

    Everything that a person or an accident could change is an attribute.

    Attributes:
        timeout_s: released after so long without a set-point; 0 means never [s].
        brake_current_a: that then brakes; with 0 the car coasts [A].
        servo_output: whether it drives the servo.
        kill_switch: whether the motor is held by a switch.
        voltage_v: of the battery [V].
        fet_temperature_c: of the transistors [°C].
        motor_temperature_c: of the motor [°C].
        is_timed_out: whether it has stopped the motor for want of a set-point.
    """

    def __init__(
        self,
        plant: Plant,
        version: Sequence[int] = (6, 2),
        erpm_per_radps: float = 150.0,
        servo_gain: float = -0.8,
        servo_offset: float = 0.5,
        timeout_s: float = 0.2,
        brake_current_a: float = 20.0,
        servo_output: bool = True,
        imu: bool = True,
        torque_nm_per_a: float = 0.05,
        largest_current_a: float = 60.0,
        erpm_at_full_duty: float = 40000.0,
        motor: str = "motor",
        steering: str = "steering",
    ) -> None:
        """Boots it.

        Args:
            plant: what it moves.
            version: of the firmware, one of `LAYOUTS`.
            erpm_per_radps: the true gear: ERPM of the motor at 1 rad/s of the wheels.
            servo_gain: true servo position per angle of the wheels [1/rad].
            servo_offset: true servo position that steers straight ahead.
            timeout_s: see the class.
            brake_current_a: see the class.
            servo_output: see the class.
            imu: whether it has an inertial sensor.
            torque_nm_per_a: at the wheels [N m/A].
            largest_current_a: that the motor is given [A].
            erpm_at_full_duty: how fast the motor turns at the full voltage.
            motor: actuator of the plant that the motor turns.
            steering: actuator of the plant that the servo turns.

        Raises:
            RobotError: if there is no such firmware.
        """
        major, minor = version
        if (major, minor) not in LAYOUTS:
            raise RobotError(f"no emulated VESC has firmware {version}; known: {sorted(LAYOUTS)}")
        self.timeout_s, self.brake_current_a = timeout_s, brake_current_a
        self.servo_output, self.kill_switch = servo_output, False
        self.voltage_v, self.fet_temperature_c, self.motor_temperature_c = 15.8, 31.0, 28.0
        self._plant, self._version, self._imu = plant, (major, minor), imu
        self._motor, self._steering = motor, steering
        self._erpm_per_radps = erpm_per_radps
        self._servo_gain, self._servo_offset = servo_gain, servo_offset
        self._torque_nm_per_a, self._largest_current_a = torque_nm_per_a, largest_current_a
        self._erpm_at_full_duty = erpm_at_full_duty
        self.reboot()

    def reboot(self, tachometer: int = 0) -> None:
        """Restarts it, as after a dip of the supply: the motor is free, the tachometers at 0.

        Args:
            tachometer: where both tachometers begin instead, to see them wrap.
        """
        self._decoder = FrameDecoder()
        self._updated_s: float | None = None
        self._fed_s = -math.inf
        self.is_timed_out = False
        self._fault_code, self._fault_until_s = 0, -math.inf
        self._command = Command.SET_CURRENT  # what the motor does: the last set-point
        self._set_point = self._set_erpm = 0.0
        self._wheel_counts = self._measure_counts()
        self._tachometer = self._tachometer_abs = tachometer
        self._current_sum_a, self._num_samples = 0.0, 0

    def trigger_fault(self, code: int, now_s: float) -> None:
        """Makes it complain and let go of the motor for half a second."""
        self._fault_code, self._fault_until_s = code, now_s + FAULT_TIME_S
        self._release()

    def receive(self, data: bytes, now_s: float) -> Sequence[bytes]:
        """See `Device.receive`; set-points have no reply."""
        answers = [self._handle(payload, now_s) for payload in self._decoder.feed(data)]
        return [encode_frame(answer) for answer in answers if answer]

    def update(self, now_s: float) -> None:
        """See `Device.update`: watchdog, ramp and tachometers."""
        passed_s = 0.0 if self._updated_s is None else now_s - self._updated_s
        self._updated_s = now_s
        if now_s >= self._fault_until_s:
            self._fault_code = 0
        self._watch(now_s)
        self._drive_motor(passed_s)
        self._count()
        effort_nm = self._plant.measure(self._motor).effort_nm
        self._current_sum_a += effort_nm / self._torque_nm_per_a
        self._num_samples += 1

    def _handle(self, payload: bytes, now_s: float) -> bytes | None:
        decoded = decode_command(payload)
        if decoded is None:
            return None
        command, arguments, _ = decoded
        if command in FEEDING:
            self._fed_s = now_s
        match command:
            case Command.FW_VERSION:
                return bytes([command, *self._version]) + b"60_MK5\0" + bytes(range(12)) + bytes(9)
            case Command.GET_VALUES:
                return bytes([command]) + self._encode_values()
            case Command.GET_VALUES_SELECTIVE if self._version >= replies.SELECTIVE_SINCE:
                mask = int(arguments[0])
                return payload[:5] + replies.encode_values(self._get_values(), mask)
            case Command.GET_APPCONF:
                return self._encode_configuration()
            case Command.GET_IMU_DATA if self._version >= replies.IMU_SINCE:
                return payload[:3] + self._encode_imu(int(arguments[0]))
            case Command.REBOOT:
                self.reboot()
            case Command.SET_SERVO_POS:
                self._steer(arguments[0])
            case Command.ALIVE:
                pass
            case _ if command in FEEDING and now_s >= self._fault_until_s and not self.kill_switch:
                self._accept(command, arguments[0])
        return None

    def _accept(self, command: Command, value: float) -> None:
        """Takes a set-point for the motor."""
        if command is Command.SET_RPM and self._command is not Command.SET_RPM:
            self._set_erpm = self._measure_erpm()  # the ramp begins where the motor is
        self._command, self._set_point = command, value

    def _release(self) -> None:
        self._command, self._set_point = Command.SET_CURRENT, 0.0

    def _watch(self, now_s: float) -> None:
        """Stops the motor when no set-point has come for too long. The servo stays where it is."""
        self.is_timed_out = self.timeout_s > 0 and now_s - self._fed_s > self.timeout_s
        if (self.is_timed_out or self.kill_switch) and not self._fault_code:
            self._command, self._set_point = Command.SET_CURRENT_BRAKE, self.brake_current_a

    def _drive_motor(self, passed_s: float) -> None:
        value, largest_a = self._set_point, self._largest_current_a
        match self._command:
            case Command.SET_RPM:
                step = RAMP_ERPM_PER_S * passed_s
                self._set_erpm += min(max(value - self._set_erpm, -step), step)
                if abs(self._set_erpm) < MIN_ERPM:
                    self._plant.drive(self._motor, Drive.OFF)
                else:
                    speed_radps = self._set_erpm / self._erpm_per_radps
                    self._plant.drive(self._motor, Drive.VELOCITY, speed_radps)
            case Command.SET_DUTY:
                speed_radps = value * self._erpm_at_full_duty / self._erpm_per_radps
                self._plant.drive(self._motor, Drive.VELOCITY, speed_radps)
            case Command.SET_CURRENT_BRAKE | Command.SET_HANDBRAKE if value != 0.0:
                torque_nm = min(abs(value), largest_a) * self._torque_nm_per_a
                self._plant.drive(self._motor, Drive.BRAKE, torque_nm)
            case Command.SET_CURRENT | Command.SET_CURRENT_REL if value != 0.0:
                current_a = value if self._command is Command.SET_CURRENT else value * largest_a
                torque_nm = min(max(current_a, -largest_a), largest_a) * self._torque_nm_per_a
                self._plant.drive(self._motor, Drive.EFFORT, torque_nm)
            case _:  # SET_POS needs an encoder, which the motor of a car has not
                self._plant.drive(self._motor, Drive.OFF)

    def _steer(self, position: float) -> None:
        if self.servo_output:
            angle_rad = (min(max(position, 0.0), 1.0) - self._servo_offset) / self._servo_gain
            self._plant.drive(self._steering, Drive.POSITION, angle_rad)

    def _count(self) -> None:
        counts = self._measure_counts()
        moved, self._wheel_counts = counts - self._wheel_counts, counts
        self._tachometer = _wrap(self._tachometer + moved)
        self._tachometer_abs = _wrap(self._tachometer_abs + abs(moved))

    def _measure_counts(self) -> int:
        angle_rad = self._plant.measure(self._motor).position_rad
        return math.floor(angle_rad * self._erpm_per_radps / ERPM_PER_COUNT_PER_S)

    def _measure_erpm(self) -> float:
        return self._plant.measure(self._motor).velocity_radps * self._erpm_per_radps

    def _get_values(self) -> dict[str, float]:
        """Returns all values; those that are averages begin anew."""
        erpm = self._measure_erpm()
        duty = erpm / self._erpm_at_full_duty
        current_a = self._current_sum_a / max(self._num_samples, 1)
        self._current_sum_a, self._num_samples = 0.0, 0
        values = dict.fromkeys((name for _, name, _, _ in replies.VALUE_FIELDS), 0.0)
        values |= {
            "fet_temperature_c": self.fet_temperature_c,
            "motor_temperature_c": self.motor_temperature_c,
            "motor_current_a": current_a,
            "input_current_a": current_a * abs(duty),
            "iq_current_a": current_a,
            "duty": duty,
            "erpm": erpm,
            "voltage_v": self.voltage_v,
            "tachometer": self._tachometer,
            "tachometer_abs": self._tachometer_abs,
            "fault_code": self._fault_code,
            "controller_id": 1,
            "status": self.is_timed_out * replies.STATUS_TIMED_OUT
            | self.kill_switch * replies.STATUS_KILL_SWITCH,
        }
        for place in (1, 2, 3):
            values[f"mosfet_{place}_temperature_c"] = self.fet_temperature_c
        return values

    def _encode_values(self) -> bytes:
        """Returns as many of the values as this firmware knew of."""
        length = LAYOUTS[self._version][0]
        return replies.encode_values(self._get_values(), replies.ALL_VALUES)[: length - 1]

    def _encode_configuration(self) -> bytes:
        _, length, signature = LAYOUTS[self._version]
        head = b"" if signature is None else signature.to_bytes(4, "big")
        head += struct.pack(">BIf", 1, round(1000 * self.timeout_s), self.brake_current_a)
        data = bytearray(bytes([Command.GET_APPCONF]) + head.ljust(length - 1, b"\0"))
        if signature in replies.SERVO_OUTPUT_OFFSET:
            data[replies.SERVO_OUTPUT_OFFSET[signature]] = self.servo_output
        return bytes(data)

    def _encode_imu(self, mask: int) -> bytes:
        """Returns the chosen values; zeros where there is no sensor, as the firmware does."""
        values = dict.fromkeys(replies.IMU_FIELDS, 0.0)
        if self._imu:
            seen = self._plant.measure_imu()
            for axis, place in (("x", 0), ("y", 1), ("z", 2)):
                force_g = float(seen.acceleration_mps2[place]) / STANDARD_GRAVITY_MPS2
                values[f"acceleration_{axis}"] = force_g
                gyro_degps = math.degrees(float(seen.angular_velocity_radps[place]))
                values[f"gyro_{axis}"] = gyro_degps
        chosen = [values[name] for bit, name in enumerate(replies.IMU_FIELDS) if mask >> bit & 1]
        tail = b"\x01" if self._version >= (5, 3) else b""
        return struct.pack(f">{len(chosen)}f", *chosen) + tail


def _wrap(count: int) -> int:
    """Returns a count as a signed 32-bit counter would show it."""
    return (count + WRAP // 2) % WRAP - WRAP // 2
