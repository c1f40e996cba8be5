"""`RcCar`: the physical RC car, on a VESC that drives its motor and its steering servo."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from robolearn import keys
from robolearn.diagnostics import Finding, Status
from robolearn.embodiments.rc_car import RC_CAR
from robolearn.errors import RobotError
from robolearn.hardware.cameras import Cameras
from robolearn.hardware.car_calibration import CarCalibration
from robolearn.hardware.car_motion import CarMotion
from robolearn.hardware.car_safety import CarGuard, CarLimits
from robolearn.hardware.serial_link import LinkTimeoutError
from robolearn.hardware.settings import require_positive
from robolearn.hardware.vesc import arming
from robolearn.hardware.vesc.driver import Vesc
from robolearn.hardware.vesc.state import VescState
from robolearn.robot import Observation, Robot, RobotHealth
from robolearn.specs import Array
from robolearn.timing import MonotonicClock

# A stop brakes until the car stands, at most so long, and tells the VESC so this often.
STOP_TIME_S, STOP_PERIOD_S = 2.0, 0.05
STILL_MPS = 0.05


class RcCar(Robot):
    """A car with a VESC.

    Every observation reads the VESC, and every action sends it set-points once. If this program
    hangs or dies, none come, and the VESC stops the motor by its own timeout, which is looked at
    when it is connected. Whatever goes wrong brakes the car; what makes it unsafe to go on keeps it
    stopped until it is connected anew.
    """

    def __init__(
        self,
        port: str | None,
        cameras: Sequence[str] = (),
        camera_sources: Mapping[str, str | None] | None = None,
        robot_id: str = "rc_car",
        motion_sensor: str = "imu",
        brake_current_a: float = 20.0,
        longest_timeout_s: float = 0.3,
        calibration: CarCalibration | None = None,
        limits: CarLimits | None = None,
        limits_off: Sequence[str] = (),
        image_height_px: int = 64,
        image_width_px: int = 128,
        camera_reader: Cameras | None = None,
    ) -> None:
        """Describes the car; `connect` reaches it.

        Args:
            port: serial port of the VESC, best a name below /dev/serial/by-id.
            cameras: names of the cameras that are switched on.
            camera_sources: where each camera is found, by name.
            robot_id: which car this is, kept with what is recorded on it.
            motion_sensor: `imu` or `steering`, see `CarMotion`.
            brake_current_a: brakes when the car stops [A].
            longest_timeout_s: a VESC that would drive on for longer than this on its own is refused
                [s].
            calibration: numbers of this car.
            limits: what it may do.
            limits_off: names of limits that are turned off, e.g. `steering_rate`.
            image_height_px: of every camera [px].
            image_width_px: of every camera [px].
            camera_reader: reads the cameras; built from `camera_sources` if not given.

        Raises:
            UnknownNameError: if there is no such camera, sensor or limit.
            RobotError: if a camera has no source, or a setting makes no sense.
        """
        require_positive(brake_current_a=brake_current_a, longest_timeout_s=longest_timeout_s)
        self.embodiment = RC_CAR.resize_cameras(image_height_px, image_width_px)
        self.clock, self.cameras = MonotonicClock(), tuple(cameras)
        specs = [self.embodiment.get_camera(name) for name in self.cameras]
        self._camera_reader = camera_reader or Cameras(specs, camera_sources or {})
        self._robot_id, self._brake_current_a = robot_id, brake_current_a
        self._calibration = calibration or CarCalibration()
        self._motion = CarMotion(self._calibration, motion_sensor)
        self._limits_off = tuple(limits_off)
        self._guard = CarGuard(limits or CarLimits(), limits_off)
        self._port = port
        self._vesc = Vesc(port or "", longest_timeout_s)
        self._state: VescState | None = None
        self._angle_rad = self._speed_mps = 0.0  # last set-points
        self._sent_s = 0.0

    def connect(self) -> None:
        """See `Robot.connect`; brakes and steers straight ahead, once all is found to be well.

        Raises:
            RobotError: if the VESC or a camera cannot be reached, or it would not be safe to drive.
        """
        if self._vesc.is_connected:
            return
        self._camera_reader.close()  # open still if the port was lost
        self._guard.reset()
        self._speed_mps = 0.0
        try:
            self._connect_vesc()
            self._camera_reader.open()
            self._motion.begin()
            self.get_observation()
            self._vesc.set_current_brake(self._brake_current_a)
            self._steer(self.embodiment.home_position[0])
        except BaseException:
            self._release()
            raise

    def prepare(self) -> None:
        """Stops, steers straight ahead, and begins to count the distance anew."""
        self._require_connected()
        self._guard.require_sound()
        self.stop()
        self._steer(self.embodiment.home_position[0])
        self._motion.begin()

    def get_observation(self) -> Observation:
        """See `Robot.get_observation`.

        Raises:
            RobotError: if the VESC or a camera does not answer, or the car must not go on; then it
                brakes.
        """
        self._require_connected()
        try:
            state = self._vesc.read_values()
            captured_s = self.clock.now_s()
            self._state = state
            seen = self._motion.compute_state(self._vesc, state, self._angle_rad, captured_s)
            self._guard.check(state, self._vesc.faults)
            pictures = self._camera_reader.read()
        except RobotError:
            self._brake()
            raise
        values, times_s = {keys.STATE: seen}, {keys.STATE: captured_s}
        for key, (image, received_s) in pictures.items():
            values[key], times_s[key] = image, received_s
        return Observation(values, times_s)

    def send_action(self, action: Array) -> Array:
        """See `Robot.send_action`; set-points that go too far are slowed down and counted.

        Below the lowest speed that the motor can keep, the car brakes and 0 is what is applied.

        Raises:
            RobotError: if the car was stopped, or the port is gone.
        """
        asked_rad, asked_mps = map(float, self.action_spec.validate(action))
        self._require_connected()
        self._guard.require_sound()
        now_s = self.clock.now_s()
        elapsed_s = now_s - self._sent_s
        if elapsed_s > self._vesc.configuration.timeout_s:
            self._speed_mps = 0.0  # the VESC has stopped the motor meanwhile
        # Who calls late gains nothing by it, and who calls more often than agreed neither.
        period_s = min(elapsed_s, self.control_period_s)
        speed_mps = self._guard.limit_speed(asked_mps, self._speed_mps, period_s)
        angle_rad = self._guard.limit_steering(asked_rad, self._angle_rad, period_s)
        self._steer(angle_rad)
        moved_aside = max(abs(speed_mps - asked_mps), abs(self._angle_rad - asked_rad)) > 1e-6
        self._guard.limited_actions += moved_aside
        self._speed_mps, self._sent_s = speed_mps, now_s
        applied_mps = speed_mps if abs(speed_mps) >= self._calibration.min_speed_mps else 0.0
        if applied_mps == 0.0:
            self._vesc.set_current_brake(self._brake_current_a)
        else:
            self._vesc.set_rpm(self._calibration.compute_erpm(applied_mps))
        return self.action_spec.clip(np.array([self._angle_rad, applied_mps]))

    def stop(self) -> None:
        """Brakes until the car stands; the steering stays as it is. Returns within seconds.

        Does nothing without a connection: then no set-points come, and the VESC stops by itself.

        Raises:
            RobotError: if the car does not stand after all, or the port is gone.
        """
        deadline_s = time.monotonic() + STOP_TIME_S
        while self._vesc.is_connected:
            self._brake()
            if self._is_still():
                return
            if time.monotonic() >= deadline_s:
                raise RobotError(
                    f"the car does not stand after braking for {STOP_TIME_S:g} s: switch it off"
                )
            time.sleep(STOP_PERIOD_S)

    def close(self) -> None:
        """Brakes until the car stands, then falls silent, so that the VESC's timeout takes over."""
        try:
            self.stop()
        finally:
            self._release()

    def get_health(self) -> RobotHealth:
        """See `Robot.get_health`."""
        link, state = self._vesc.counters, self._state
        counters = {
            "timeouts": link.timeouts,
            "bad_frames": link.bad_frames,
            "late_replies": link.strays,
            "vesc_restarts": self._vesc.restarts,
            "limited_actions": self._guard.limited_actions,
            **self._camera_reader.counters,
        }
        readings = {}
        if state is not None:
            readings["voltage_v"] = state.voltage_v
            readings["hottest_c"] = max(state.fet_temperature_c, state.motor_temperature_c)
        return RobotHealth(link.failures, self._guard.limit_violations, counters, readings)

    @property
    def settings(self) -> Mapping[str, str]:
        """Which car it is and how it was set up; see `Robot.settings`."""
        settings = {
            "robot_id": self._robot_id,
            "calibration": self._calibration.compute_hash(),
            "limits_off": ", ".join(self._limits_off) or "none",
            "motion_sensor": self._motion.motion_sensor,
        }
        if self._vesc.is_connected:
            settings["vesc_firmware"] = str(self._vesc.firmware)
            settings["vesc_timeout_s"] = f"{self._vesc.configuration.timeout_s:g}"
        return settings

    def diagnose(self) -> list[Finding]:
        """Looks at the VESC without moving anything; see `Robot.diagnose`."""
        name = self.embodiment.name
        try:
            self._connect_vesc()
            state = self._vesc.read_values()
        except RobotError as error:
            return [Finding(name, Status.MISSING, str(error))]
        finally:
            self._vesc.close()
        words = arming.describe(self._vesc.firmware, self._vesc.configuration)
        detail = f"{words}; {state.voltage_v:.1f} V, {state.fet_temperature_c:.0f} °C"
        if remarks := self._vesc.remarks:
            return [Finding(name, Status.WARNING, detail, "; ".join(remarks))]
        return [Finding(name, Status.OK, detail)]

    def _require_connected(self) -> None:
        if not self._vesc.is_connected:
            raise RobotError("the car is not connected: connect first")

    def _connect_vesc(self) -> None:
        """Reaches the VESC and looks whether it fits this car; moves nothing."""
        if self._port is None:
            raise RobotError(
                "rc_car needs the serial port of its VESC: add port=/dev/serial/by-id/..."
                " (robolearn find-port)"
            )
        self._vesc.connect()
        remark = arming.find_pace_remark(self._vesc.configuration, self.control_period_s)
        if self._motion.motion_sensor == "imu":
            remark = arming.find_axes_remark(self._vesc.read_imu()) or remark
        if remark is not None:
            self._vesc.remark(remark)

    def _steer(self, angle_rad: float) -> None:
        """Steers as far as the servo's limits allow, and keeps where that is."""
        position = self._calibration.compute_servo_position(angle_rad)
        self._vesc.set_servo(position)
        self._angle_rad = self._calibration.compute_steering_angle(position)

    def _brake(self) -> None:
        self._speed_mps = 0.0  # whoever goes on after this sets off anew
        if self._vesc.is_connected:
            self._vesc.set_current_brake(self._brake_current_a)

    def _is_still(self) -> bool:
        """Returns whether the car is known to stand."""
        try:
            speed_mps = self._calibration.compute_speed(self._vesc.read_values().erpm)
        except LinkTimeoutError:
            return False  # not known: brake on
        return abs(speed_mps) < STILL_MPS

    def _release(self) -> None:
        """Closes everything."""
        try:
            self._vesc.close()
        finally:
            self._camera_reader.close()
