import pytest

from robolearn.errors import RobotError
from robolearn.hardware.car_calibration import CarCalibration


def test_speed_and_motor_speed_are_inverse():
    calibration = CarCalibration(erpm_per_mps=4200.0)
    assert calibration.compute_erpm(2.0) == 8400.0
    assert calibration.compute_speed(8400.0) == 2.0
    assert calibration.min_speed_mps == pytest.approx(900 / 4200)


def test_a_tachometer_count_is_ten_over_the_gear():
    assert CarCalibration(erpm_per_mps=4614.0).metres_per_count == pytest.approx(0.00217, abs=1e-5)
    assert CarCalibration(erpm_per_mps=-4614.0).metres_per_count < 0


def test_the_servo_keeps_within_its_limits():
    calibration = CarCalibration(servo_gain=-1.2135, servo_offset=0.5304)  # F1TENTH's
    assert calibration.compute_servo_position(0.2) == pytest.approx(0.5304 - 0.2427)
    assert calibration.compute_servo_position(0.4) == 0.15
    assert calibration.compute_steering_angle(0.15) == pytest.approx(0.3135, abs=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"erpm_per_mps": 0.0},
        {"servo_gain": 0.0},
        {"servo_offset": 0.9},
        {"servo_lower": -0.1},
        {"servo_upper": 1.1},
        {"servo_lower": float("nan")},
        {"min_erpm": None},
    ],
)
def test_numbers_that_make_no_car_are_refused(wrong):
    with pytest.raises(RobotError, match="car's"):
        CarCalibration(**wrong)


def test_the_hash_tells_calibrations_apart():
    assert CarCalibration().compute_hash() == CarCalibration(erpm_per_mps=4614).compute_hash()
    assert CarCalibration().compute_hash() != CarCalibration(servo_offset=0.51).compute_hash()
