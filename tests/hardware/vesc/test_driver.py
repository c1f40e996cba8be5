import logging
import math
import time

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.emulators.vesc import VescController
from robolearn.hardware.serial_link import LinkLostError, LinkTimeoutError
from robolearn.hardware.vesc.driver import ATTEMPTS, Vesc

VERSIONS = [(3, 40), (5, 2), (6, 2), (7, 1)]
WITH_SENSOR = [(5, 2), (6, 2), (7, 1)]


def drive(line, erpm, duration_s=0.4):
    """Sends set-points as a control loop would, and returns the last state."""
    deadline_s = time.monotonic() + duration_s
    while True:
        line.vesc.set_rpm(erpm)
        state = line.vesc.read_values()
        if time.monotonic() >= deadline_s:
            return state
        time.sleep(0.02)


class SilentController(VescController):
    """Answers as many questions as it is told to, and no more."""

    answers_left = 0

    def receive(self, data, now_s):
        replies = super().receive(data, now_s)
        kept = replies[: self.answers_left]
        self.answers_left -= len(kept)
        return kept


@pytest.mark.parametrize("version", VERSIONS)
def test_each_firmware_is_driven_and_read(start, version):
    line = start(version=version, brake_current_a=5.0)
    line.vesc.connect()
    assert line.vesc.firmware.version == version
    assert line.vesc.configuration.timeout_s == 0.2
    assert line.vesc.configuration.brake_current_a == 5.0
    line.set(voltage_v=11.3, fet_temperature_c=44.4, motor_temperature_c=51.2)
    state = drive(line, 4000)
    assert state.erpm == pytest.approx(4000, rel=0.02)
    assert (state.voltage_v, state.fet_temperature_c) == (11.3, 44.4)
    assert state.motor_temperature_c == 51.2
    assert (state.fault, state.timed_out, state.kill_switch) == (None, False, False)
    assert state.odometer_counts > 100
    line.vesc.set_current_brake(20.0)
    line.vesc.set_servo(0.26)
    time.sleep(0.5)
    assert line.look(lambda line: line.plant.steering_rad) == pytest.approx(0.3, abs=0.02)
    assert line.vesc.read_values().erpm == pytest.approx(0, abs=50)
    assert line.vesc.counters.failures == 0


@pytest.mark.parametrize("version", WITH_SENSOR)
def test_the_inertial_sensor_is_read_in_si_units(start, version):
    line = start(version=version)
    line.look(lambda line: line.plant.angular_velocity_radps.put(2, 0.7))
    line.look(lambda line: line.plant.acceleration_mps2.put(0, -3.0))
    line.vesc.connect()
    for _ in range(200):  # through every tag
        reading = line.vesc.read_imu()
        assert reading.acceleration_mps2 == pytest.approx((-3.0, 0.0, 9.80665), abs=1e-5)
        assert reading.angular_velocity_radps == pytest.approx((0.0, 0.0, 0.7), abs=1e-6)
    assert line.vesc.counters.strays == 0


@pytest.mark.parametrize("settings", [{"imu": False}, {"version": (3, 40)}])
def test_a_missing_inertial_sensor_is_said(start, settings):
    line = start(**settings)
    line.vesc.connect()
    with pytest.raises(RobotError, match=r"inertial sensor.*motion_sensor=steering"):
        line.vesc.read_imu()


def test_a_sensor_that_gives_no_number_is_not_believed(start):
    line = start()
    line.vesc.connect()
    line.look(lambda line: line.plant.acceleration_mps2.put(1, math.nan))
    with pytest.raises(RobotError, match="no working inertial sensor"):
        line.vesc.read_imu()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("timeout_s", "words"), [(0.0, "no timeout"), (1.0, "drive on for 1 s.*0.3 s allowed")]
)
def test_a_device_that_would_drive_on_by_itself_is_refused(start, version, timeout_s, words):
    line = start(version=version, timeout_s=timeout_s)
    with pytest.raises(RobotError, match=f"{words}.*VESC Tool"):
        line.vesc.connect()
    assert not line.vesc.is_connected


def test_a_longer_timeout_can_be_allowed(start):
    line = start(timeout_s=1.0)
    vesc = Vesc(line.vesc.port, longest_timeout_s=1.0)
    vesc.connect()
    vesc.close()


def test_a_device_that_does_not_tell_its_timeout_is_refused(start):
    line = start(answer_timeout_s=0.05, make_device=SilentController)
    line.set(answers_left=1)  # its version, no more
    with pytest.raises(RobotError, match="does not tell its timeout"):
        line.vesc.connect()


def test_a_port_without_a_vesc_is_said(start):
    line = start(answer_timeout_s=0.01, make_device=SilentController)
    with pytest.raises(RobotError, match=r"no VESC answers on .*battery"):
        line.vesc.connect()
    assert not line.vesc.is_connected


def test_too_old_a_firmware_is_refused(start):
    line = start()
    line.set(_version=(3, 26))
    with pytest.raises(RobotError, match=r"3\.26.*older than 3\.27"):
        line.vesc.connect()


def test_a_vesc_that_does_not_steer_is_refused(start):
    line = start(servo_output=False)
    with pytest.raises(RobotError, match=r"servo output disabled.*Enable Servo Output"):
        line.vesc.connect()
    assert not line.vesc.is_connected


def test_settings_that_are_unwise_are_said_plainly(start, caplog):
    line = start(brake_current_a=0.0)
    with caplog.at_level(logging.WARNING):
        line.vesc.connect()
    assert "coast after its timeout" in caplog.text


def test_good_settings_are_not_remarked_on(start, caplog):
    with caplog.at_level(logging.WARNING):
        start().vesc.connect()
    assert caplog.text == ""


def test_a_firmware_newer_than_known_is_remarked_on(start, caplog):
    line = start(version=(7, 1))
    line.set(_version=(8, 0))
    line.look(lambda line: setattr(line.device, "_encode_configuration", lambda: b"\x11" + CONFIG))
    with caplog.at_level(logging.WARNING):
        line.vesc.connect()
    assert "newer than any this program knows" in caplog.text
    assert line.vesc.configuration.servo_output is None


CONFIG = bytes(4) + b"\x01" + (200).to_bytes(4, "big") + b"\x41\xa0\x00\x00" + bytes(250)


def test_a_fault_is_remembered_after_the_device_has_forgotten_it(start):
    line = start()
    line.vesc.connect()
    line.look(lambda line: line.device.trigger_fault(5, time.monotonic()))
    assert line.vesc.read_values().fault == "MOSFETs too hot"
    time.sleep(0.6)
    assert line.vesc.read_values().fault is None
    assert line.vesc.faults == ("MOSFETs too hot",)


def test_the_device_stops_when_the_loop_falls_silent_however_much_is_read(start):
    line = start(timeout_s=0.2)
    line.vesc.connect()
    drive(line, 4000)
    deadline_s = time.monotonic() + 5.0
    while not (state := line.vesc.read_values()).timed_out:
        line.vesc.set_servo(0.5)
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    time.sleep(0.3)
    assert line.vesc.read_values().erpm == pytest.approx(0, abs=50)
    assert state.kill_switch is False


def test_a_restart_of_the_device_is_counted(start):
    line = start()
    line.vesc.connect()
    before = drive(line, 4000).odometer_counts
    line.look(lambda line: line.device.reboot())
    after = drive(line, 4000).odometer_counts
    assert line.vesc.restarts == 1
    assert after > before


def test_a_servo_position_that_is_none_is_refused(start):
    line = start()
    line.vesc.connect()
    for position in (-0.01, 1.01, math.nan):
        with pytest.raises(RobotError, match="servo position"):
            line.vesc.set_servo(position)


def test_no_answer_is_an_error_after_a_bounded_number_of_attempts(start):
    line = start(answer_timeout_s=0.02, make_device=SilentController)
    line.set(answers_left=3)
    line.vesc.connect()
    requests = line.vesc.counters.requests
    with pytest.raises(LinkTimeoutError, match=f"did not answer {ATTEMPTS} times"):
        line.vesc.read_values()
    assert line.vesc.counters.requests == requests + ATTEMPTS
    assert line.vesc.counters.failures == 1


def test_a_pulled_plug_is_an_error_and_the_driver_connects_anew(start):
    line = start()
    line.vesc.connect()
    line.emulation.call(line.port.unplug)
    with pytest.raises(LinkLostError, match="is gone"):
        line.vesc.read_values()
    assert not line.vesc.is_connected
    line.emulation.call(line.port.plug)
    line.vesc.connect()
    assert line.vesc.read_values().fault is None


def test_closing_is_allowed_at_any_time(start):
    line = start()
    line.vesc.close()
    line.vesc.connect()
    line.vesc.connect()
    line.vesc.close()
    line.vesc.close()
