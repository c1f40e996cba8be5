import math

import pytest

from robolearn.errors import RobotError, UnknownNameError
from robolearn.hardware.car_safety import LIMIT_NAMES, PERSISTENCE, CarGuard, CarLimits
from robolearn.hardware.vesc.state import VescState

PERIOD_S = 0.1
WELL = {
    "erpm": 0.0,
    "motor_current_a": 1.0,
    "input_current_a": 1.0,
    "voltage_v": 11.1,
    "fet_temperature_c": 40.0,
    "motor_temperature_c": 40.0,
    "fault": None,
    "timed_out": False,
    "kill_switch": False,
    "odometer_counts": 0,
}


def make_state(**values):
    return VescState(**{**WELL, **values})


def drive(asked_mps, last_mps=0.0, num_steps=100, guard=None):
    guard, speeds = guard or CarGuard(CarLimits()), []
    for _ in range(num_steps):
        last_mps = guard.limit_speed(asked_mps, last_mps, PERIOD_S)
        speeds.append(last_mps)
    return speeds


def test_limits_are_named_without_their_units():
    assert (
        *("speed", "acceleration", "deceleration", "steering_rate"),
        *("fet_temperature", "motor_temperature", "lowest_voltage", "highest_voltage"),
    ) == LIMIT_NAMES


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_the_car_speeds_up_no_faster_than_allowed(direction):
    speeds = [direction * speed for speed in drive(direction * 2.0)]
    assert speeds[:3] == pytest.approx([0.35, 0.7, 1.05])
    assert speeds[-1] == 2.0


def test_the_car_never_drives_faster_than_allowed():
    assert drive(9.0)[-1] == 3.0
    assert drive(-9.0)[-1] == -3.0


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_the_car_slows_down_stands_and_then_turns_back(direction):
    speeds = [direction * speed for speed in drive(-direction * 1.0, direction * 2.0)]
    assert speeds[:4] == pytest.approx([1.3, 0.6, 0.0, -0.35])
    assert speeds[-1] == -1.0


def test_a_limit_that_is_turned_off_does_not_bind():
    free = CarGuard(CarLimits(), ["speed", "acceleration", "deceleration", "steering_rate"])
    assert drive(9.0, num_steps=1, guard=free) == [9.0]
    assert drive(1.0, 9.0, num_steps=1, guard=free) == [1.0]
    assert free.limit_steering(0.4, -0.4, PERIOD_S) == 0.4


def test_the_car_steers_no_faster_than_allowed():
    guard = CarGuard(CarLimits(steering_rate_radps=2.0))
    assert guard.limit_steering(0.4, -0.4, PERIOD_S) == pytest.approx(-0.2)
    assert guard.limit_steering(-0.4, 0.4, PERIOD_S) == pytest.approx(0.2)
    assert guard.limit_steering(0.1, 0.0, PERIOD_S) == 0.1


def test_an_unknown_limit_is_refused():
    with pytest.raises(UnknownNameError, match="steering_rate"):
        CarGuard(CarLimits(), ["steering_rates"])


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, None])
def test_a_limit_that_is_none_is_refused(value):
    with pytest.raises(RobotError, match="acceleration_mps2"):
        CarLimits(acceleration_mps2=value)


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ({"fet_temperature_c": 81.0}, "fet_temperature 81.0 °C is beyond the limit of 80 °C"),
        ({"motor_temperature_c": 95.0}, "motor_temperature 95.0 °C"),
        ({"voltage_v": 6.0}, "lowest_voltage 6.0 V"),
        ({"voltage_v": 20.0}, "highest_voltage 20.0 V"),
    ],
)
def test_readings_beyond_a_limit_stop_the_car_when_they_persist(reading, words):
    guard = CarGuard(CarLimits())
    for _ in range(PERSISTENCE - 1):
        guard.check(make_state(**reading), ())
    guard.check(make_state(), ())  # well again: it begins anew
    for _ in range(PERSISTENCE - 1):
        guard.check(make_state(**reading), ())
    with pytest.raises(RobotError, match=words):
        guard.check(make_state(**reading), ())
    with pytest.raises(RobotError, match=words):  # latched
        guard.check(make_state(), ())
    with pytest.raises(RobotError, match="connect anew"):
        guard.require_sound()
    assert guard.limit_violations == 2 * PERSISTENCE - 1
    guard.reset()
    guard.require_sound()


def test_a_reading_whose_limit_is_turned_off_is_ignored():
    guard = CarGuard(CarLimits(), ["motor_temperature"])
    for _ in range(2 * PERSISTENCE):
        guard.check(make_state(motor_temperature_c=150.0), ())
    assert guard.limit_violations == 0


def test_a_fault_and_a_kill_switch_stop_the_car_at_once():
    guard = CarGuard(CarLimits(), LIMIT_NAMES)
    with pytest.raises(RobotError, match="reported gate driver, motor too hot"):
        guard.check(make_state(), ("gate driver", "motor too hot"))
    with pytest.raises(RobotError, match="kill switch"):
        CarGuard(CarLimits()).check(make_state(kill_switch=True), ())
