import logging
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from robolearn import keys
from robolearn.diagnostics import Status
from robolearn.embodiments.rc_car import RC_CAR, WHEEL_RADIUS_M, compute_yaw_rate
from robolearn.errors import RobotError, SpecError, UnknownNameError
from robolearn.hardware.car_calibration import CarCalibration
from robolearn.hardware.car_safety import PERSISTENCE, CarLimits
from robolearn.hardware.rc_car import RcCar
from robolearn.hardware.serial_link import LinkLostError
from robolearn.testing import check_robot
from tests.hardware.vesc.car_plant import WHEEL_RADIUS_M as PLANT_RADIUS_M
from tests.hardware.vesc.line import Line

CHILD = Path(__file__).with_name("car_child.py")
STATE = {name: place for place, name in enumerate(RC_CAR.state_spec.channels)}
WAIT_S = 10.0  # for what happens at once, on a machine that may be busy
STOPPED_MPS = 0.05


@pytest.fixture
def line(tmp_path):
    with Line(tmp_path, timeout_s=0.3) as line:  # the longest: the machine may be busy
        yield line


@pytest.fixture
def car(line):
    car = RcCar(line.path)
    yield car
    car.close()


def act(angle_rad, speed_mps):
    return np.array([angle_rad, speed_mps], np.float32)


def drive(car, angle_rad, speed_mps, num_steps=7):
    """Runs the control loop; returns what was applied and the last state."""
    applied = []
    for _ in range(num_steps):
        deadline_s = car.clock.now_s() + car.control_period_s
        applied.append(car.send_action(act(angle_rad, speed_mps)))
        car.clock.sleep_until(deadline_s)
        state = car.get_observation().values[keys.STATE]
    return np.array(applied), state


def wait_until(condition, what):
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.01)


def get_speed(line):
    return line.look(lambda line: line.plant.speed_mps)


def test_the_tests_and_the_body_agree_on_the_wheels():
    assert PLANT_RADIUS_M == WHEEL_RADIUS_M


@pytest.mark.parametrize("motion_sensor", ["imu", pytest.param("steering", marks=pytest.mark.slow)])
def test_the_car_keeps_the_contract_of_robots(line, motion_sensor):
    check_robot(RcCar(line.path, motion_sensor=motion_sensor))


def test_the_car_is_the_body_of_its_twin(line):
    assert RcCar(line.path).embodiment is RC_CAR
    resized = RcCar(
        line.path,
        cameras=["front"],
        camera_reader=Pictures(),
        image_height_px=32,
        image_width_px=128,
    )
    assert resized.observation_spec[keys.image_key("front")].shape == (32, 128, 3)


def test_the_car_goes_where_it_is_sent_and_says_so(line, car):
    line.look(lambda line: line.plant.angular_velocity_radps.put(2, 0.6))
    line.look(lambda line: line.plant.acceleration_mps2.put([0, 1], [0.5, 1.5]))
    car.connect()
    car.prepare()
    applied, state = drive(car, 0.2, 1.5)
    assert applied[-1] == pytest.approx([0.2, 1.5])
    assert get_speed(line) == pytest.approx(1.5, rel=0.02)
    assert line.look(lambda line: line.plant.steering_rad) == pytest.approx(0.2, abs=0.01)
    assert state[STATE["steering_angle"]] == pytest.approx(0.2, abs=1e-6)
    assert state[STATE["speed"]] == pytest.approx(1.5, rel=0.02)
    assert state[STATE["yaw_rate"]] == pytest.approx(0.6, abs=1e-4)
    assert state[STATE["acceleration_x"]] == pytest.approx(0.5, abs=1e-4)
    assert state[STATE["acceleration_y"]] == pytest.approx(1.5, abs=1e-4)
    travelled_m = line.look(lambda line: line.plant.measure("motor").position_rad) * WHEEL_RADIUS_M
    assert state[STATE["distance"]] == pytest.approx(travelled_m, abs=0.1)


def test_without_a_sensor_motion_is_computed_from_speed_and_steering(tmp_path):
    with (
        Line(tmp_path, version=(3, 40)) as line,
        RcCar(line.path, motion_sensor="steering") as car,
    ):
        _, state = drive(car, 0.2, 1.5)
        speed_mps = state[STATE["speed"]]
        yaw_rate_radps = compute_yaw_rate(0.2, speed_mps)
        assert state[STATE["yaw_rate"]] == pytest.approx(yaw_rate_radps, rel=1e-3)
        assert state[STATE["acceleration_y"]] == pytest.approx(speed_mps * yaw_rate_radps, rel=1e-3)
        assert abs(state[STATE["acceleration_x"]]) < 1.0


def test_distance_counts_from_the_first_observation_after_prepare(line, car):
    car.connect()
    drive(car, 0.0, 1.0, num_steps=2)
    car.prepare()
    line.look(lambda line: line.plant.place("motor", 5.0))  # carried to the start, wheels turning
    time.sleep(0.05)
    assert car.get_observation().values[keys.STATE][STATE["distance"]] == 0.0


def test_a_reversed_motor_and_a_mirrored_servo_are_matters_of_calibration(tmp_path):
    with Line(tmp_path, servo_gain=0.9, servo_offset=0.45) as line:
        calibration = CarCalibration(servo_gain=0.9, servo_offset=0.45, erpm_per_mps=-4614.0)
        with RcCar(line.path, calibration=calibration) as car:
            _, state = drive(car, 0.2, 1.0, num_steps=8)
            assert line.look(lambda line: line.plant.steering_rad) == pytest.approx(0.2, abs=0.01)
            assert get_speed(line) == pytest.approx(-1.0, rel=0.05)
            assert state[STATE["speed"]] == pytest.approx(1.0, rel=0.05)
            assert state[STATE["distance"]] > 0.1


def test_set_points_that_go_too_far_are_slowed_down_and_counted(line):
    limits = CarLimits(acceleration_mps2=2.0, steering_rate_radps=1.0)
    with RcCar(line.path, limits=limits) as car:
        applied, _ = drive(car, 0.3, 2.0, num_steps=6)
        angle_steps, speed_steps = np.diff(applied[:, 0]), np.diff(applied[:, 1])
        assert applied[0, 0] <= 0.1 + 1e-6
        assert angle_steps.max() <= 0.1 + 1e-6
        assert speed_steps[1:].max() <= 0.2 + 1e-6
        assert car.get_health().counters["limited_actions"] == 6
        assert car.settings["limits_off"] == "none"


def test_a_limit_that_is_turned_off_is_recorded(line):
    with RcCar(line.path, limits_off=["steering_rate", "acceleration"]) as car:
        assert car.send_action(act(0.4, 2.0)) == pytest.approx([0.4, 2.0])
        assert car.settings["limits_off"] == "steering_rate, acceleration"


def test_acting_more_often_than_agreed_gains_no_acceleration(car):
    car.connect()
    begin_s = time.monotonic()
    for _ in range(50):
        applied = car.send_action(act(0.0, 3.0))
    passed_s = time.monotonic() - begin_s
    assert applied[1] <= 3.5 * (passed_s + 0.1) + 1e-3


def test_the_servo_limits_bound_what_is_applied(line):
    calibration = CarCalibration(servo_lower=0.3, servo_upper=0.7)
    with RcCar(line.path, calibration=calibration) as car:
        applied, state = drive(car, 0.4, 0.0, num_steps=3)
        assert applied[-1, 0] == pytest.approx(0.25)
        assert state[STATE["steering_angle"]] == pytest.approx(0.25)
        assert car.get_health().counters["limited_actions"] == 3


def test_a_speed_too_low_for_the_motor_is_not_pretended(line, car):
    car.connect()
    drive(car, 0.0, 1.0, num_steps=3)
    applied, state = drive(car, 0.0, 0.1, num_steps=4)
    assert applied[-1, 1] == 0.0
    assert abs(state[STATE["speed"]]) < STOPPED_MPS


@pytest.mark.parametrize("name", ["brake_current_a", "longest_timeout_s"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_setting_without_which_the_car_would_not_stop_is_refused(name, value):
    with pytest.raises(RobotError, match=name):
        RcCar("/dev/none", **{name: value})


@pytest.mark.parametrize(
    "action",
    [act(math.nan, 0.0), act(0.0, math.inf), act(0.5, 0.0), act(0.0, 3.5), np.zeros(3, "f4")],
)
def test_an_action_that_does_not_fit_is_refused_and_the_car_stands(line, car, action):
    car.connect()
    with pytest.raises(SpecError):
        car.send_action(action)
    time.sleep(0.1)
    assert abs(get_speed(line)) < STOPPED_MPS


def test_stop_brakes_until_the_car_stands_and_goes_on_from_there(line, car):
    car.stop()
    car.connect()
    drive(car, 0.2, 2.0)
    car.stop()
    assert abs(get_speed(line)) < STOPPED_MPS
    assert line.look(lambda line: line.plant.steering_rad) == pytest.approx(0.2, abs=0.01)
    applied, _ = drive(car, 0.2, 2.0, num_steps=2)
    assert applied[0, 1] <= 0.35 + 1e-6


def test_a_car_that_does_not_stand_after_braking_is_said(line, car, monkeypatch):
    car.connect()
    monkeypatch.setattr("robolearn.hardware.rc_car.STOP_TIME_S", 0.1)
    line.look(lambda line: setattr(line.device, "_measure_erpm", lambda: 9000.0))
    with pytest.raises(RobotError, match="does not stand after braking"):
        car.stop()
    line.look(lambda line: setattr(line.device, "_measure_erpm", lambda: 0.0))


def test_after_a_pause_the_car_sets_off_gently_again(line, car):
    car.connect()
    drive(car, 0.0, 2.0, num_steps=3)
    wait_until(lambda: line.look(lambda line: line.device.is_timed_out), "the VESC never stopped")
    assert car.send_action(act(0.0, 2.0))[1] <= 0.35 + 1e-6


def test_closing_brakes_and_falls_silent_so_that_the_device_times_out(line, car):
    car.connect()
    drive(car, 0.0, 2.0, num_steps=4)
    car.close()
    assert abs(get_speed(line)) < STOPPED_MPS
    wait_until(lambda: line.look(lambda line: line.device.is_timed_out), "somebody still speaks")
    with pytest.raises(RobotError, match="not connected"):
        car.send_action(act(0.0, 0.0))
    with pytest.raises(RobotError, match="not connected"):
        car.get_observation()


def test_a_fault_stops_the_car_for_good_though_the_device_forgets_it(line, car):
    car.connect()
    drive(car, 0.0, 2.0, num_steps=3)
    line.look(lambda line: line.device.trigger_fault(4, time.monotonic()))
    with pytest.raises(RobotError, match=r"absolute over-current.*connect anew"):
        car.get_observation()
    time.sleep(0.6)
    for call in (car.get_observation, lambda: car.send_action(act(0.0, 1.0)), car.prepare):
        with pytest.raises(RobotError, match="absolute over-current"):
            call()
    car.stop()
    assert abs(get_speed(line)) < STOPPED_MPS
    car.close()
    car.connect()
    drive(car, 0.0, 1.0, num_steps=2)


def test_a_hot_controller_stops_the_car(line, car):
    car.connect()
    drive(car, 0.0, 2.0, num_steps=3)
    line.set(fet_temperature_c=95.0)
    for _ in range(PERSISTENCE - 1):
        car.get_observation()
    with pytest.raises(RobotError, match=r"fet_temperature 95\.0 °C"):
        car.get_observation()
    assert car.get_health().limit_violations == PERSISTENCE
    wait_until(lambda: abs(get_speed(line)) < STOPPED_MPS, "the car drives on")


def test_a_kill_switch_stops_the_car(line, car):
    car.connect()
    line.set(kill_switch=True)
    with pytest.raises(RobotError, match="kill switch"):
        car.get_observation()


def test_nothing_moves_when_the_device_would_drive_on_by_itself(tmp_path):
    with Line(tmp_path, timeout_s=0.0) as line:
        car = RcCar(line.path)
        with pytest.raises(RobotError, match="no timeout"):
            car.connect()
        with pytest.raises(RobotError, match="not connected"):
            car.send_action(act(0.0, 1.0))
        assert line.look(lambda line: line.plant._drives["steering"][0].value) == "off"


def test_a_timeout_that_spoils_the_drive_is_said(tmp_path, caplog):
    line = Line(tmp_path, timeout_s=0.1)
    with line, caplog.at_level(logging.WARNING), RcCar(line.path):
        assert "stutter: set a timeout of 200 ms" in caplog.text


def test_a_car_that_would_not_steer_is_refused(tmp_path):
    with Line(tmp_path, servo_output=False) as line:
        with pytest.raises(RobotError, match="servo output disabled, so the car would not steer"):
            RcCar(line.path).connect()
        assert line.look(lambda line: line.plant._drives["steering"][0].value) == "off"


def test_a_sensor_that_is_mounted_askew_is_said(line, car, caplog):
    line.look(lambda line: line.plant.acceleration_mps2.put([0, 1, 2], [0.0, 9.8, 0.0]))
    with caplog.at_level(logging.WARNING):
        car.connect()
    assert "z axis does not point up" in caplog.text


def test_a_car_without_a_sensor_says_what_to_do(tmp_path):
    with Line(tmp_path, imu=False) as line, pytest.raises(RobotError, match="motion_sensor"):
        RcCar(line.path).connect()


def test_what_is_asked_for_wrongly_is_refused():
    with pytest.raises(RobotError, match="port="):
        RcCar(None).connect()
    with pytest.raises(UnknownNameError, match="steering"):
        RcCar("x", motion_sensor="compass")
    with pytest.raises(UnknownNameError, match="steering_rate"):
        RcCar("x", limits_off=["steering_rat"])
    with pytest.raises(UnknownNameError, match="front"):
        RcCar("x", cameras=["back"])
    with pytest.raises(RobotError, match="cannot be opened"):
        RcCar("/dev/no-such-port").connect()


class Pictures:
    """A stand-in for `Cameras` that shows one picture."""

    counters = {"front_reconnects": 3}  # noqa: RUF012

    def __init__(self):
        self.is_open, self.problem = False, None

    def open(self):
        self.is_open = True

    def read(self):
        assert self.is_open
        if self.problem:
            raise RobotError(self.problem)
        return {keys.image_key("front"): (np.zeros((64, 128, 3), np.uint8), time.monotonic())}

    def close(self):
        self.is_open = False


def test_cameras_are_seen_and_a_stale_one_brakes_the_car(line):
    pictures = Pictures()
    car = RcCar(line.path, cameras=["front"], camera_reader=pictures)
    with car:
        seen = car.get_observation()
        assert seen.values[keys.image_key("front")].shape == (64, 128, 3)
        assert set(seen.captured_s) == {keys.STATE, keys.image_key("front")}
        assert car.get_health().counters["front_reconnects"] == 3
        drive(car, 0.0, 2.0, num_steps=3)
        pictures.problem = "camera 'front' is stale"
        with pytest.raises(RobotError, match="stale"):
            car.get_observation()
        # Braked, it does not jump back to the speed it had.
        assert car.send_action(act(0.0, 2.0))[1] <= 0.35 + 1e-6
        car.stop()
        wait_until(lambda: abs(get_speed(line)) < 0.5, "the car drives on")
    assert not pictures.is_open


def test_health_and_settings_tell_how_it_went(line, car):
    assert car.get_health().readings == {}
    assert set(car.settings) == {"robot_id", "calibration", "limits_off", "motion_sensor"}
    line.set(voltage_v=11.1, fet_temperature_c=44.0, motor_temperature_c=50.0)
    car.connect()
    health = car.get_health()
    assert health.readings == {"voltage_v": 11.1, "hottest_c": 50.0}
    assert (health.bus_errors, health.limit_violations) == (0, 0)
    assert "timeouts 0, bad_frames 0, late_replies 0" in health.describe()
    assert car.settings["calibration"] == CarCalibration().compute_hash()
    assert car.settings["vesc_timeout_s"] == "0.3"
    assert car.settings["vesc_firmware"].startswith("6.02")


def test_a_diagnosis_moves_nothing(tmp_path):
    with Line(tmp_path, brake_current_a=0.0) as line:
        (finding,) = RcCar(line.path).diagnose()
        assert (finding.status, finding.name) == (Status.WARNING, "rc_car")
        assert "stops after 0.2 s of silence with 0 A; 15.8 V" in finding.detail
        assert "coast" in finding.remedy
        line.set(brake_current_a=20.0)
        assert RcCar(line.path).diagnose()[0].status is Status.OK
        assert line.look(lambda line: line.plant._drives["steering"][0].value) == "off"
    (finding,) = RcCar(line.path).diagnose()
    assert finding.status is Status.MISSING


def test_killing_the_driving_program_stops_the_car_by_the_device_s_own_timeout(line):
    child = subprocess.Popen(
        [sys.executable, str(CHILD), line.path], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "drives\n"
        wait_until(lambda: get_speed(line) > 1.5, "the car never drove")
        assert not line.look(lambda line: line.device.is_timed_out)
        os.kill(child.pid, signal.SIGKILL)
        killed_s = time.monotonic()
        wait_until(lambda: get_speed(line) < STOPPED_MPS, "the car drives on without a driver")
        assert time.monotonic() - killed_s < 3.0
        assert line.look(lambda line: line.device.is_timed_out)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_a_pulled_plug_stops_the_car_within_the_timeout_of_the_last_command(tmp_path):
    timed_out_s = []

    def watch(line, now_s):
        if line.device.is_timed_out:
            timed_out_s.append(now_s)

    with Line(tmp_path, on_tick=watch) as line:
        car = RcCar(line.path)
        car.connect()
        drive(car, 0.0, 2.0)
        line.emulation.call(line.port.unplug)
        timed_out_s.clear()
        last_command_s = line.look(lambda line: line.device._fed_s)
        with pytest.raises(LinkLostError, match=r"is gone .*plug it in again"):
            drive(car, 0.0, 2.0)
        wait_until(lambda: get_speed(line) < STOPPED_MPS, "the car drives on without a line")
        assert 0.2 < timed_out_s[0] - last_command_s < 1.0  # 0.2 s, and the machine may be busy
        car.stop()
        car.close()
        line.emulation.call(line.port.plug)
        car.connect()
        drive(car, 0.0, 1.0, num_steps=2)
        car.close()
