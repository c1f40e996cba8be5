"""What an emulated motor controller drives and measures of the simulated car."""

import numpy as np
import pytest

from robolearn.embodiments import rc_car
from robolearn.errors import RobotError
from robolearn.plant import Drive
from robolearn.sim.models import get_body_model
from robolearn.sim.models.rc_car import CHASSIS_MASS_KG, TYRE_MASS_KG, WHEEL_TORQUE_LIMIT_NM
from robolearn.sim.models.rc_car_controls import STEERINGS
from robolearn.sim.world import World

RADIUS_M = rc_car.WHEEL_RADIUS_M
MASS_KG = CHASSIS_MASS_KG + 4 * TYRE_MASS_KG


class Car:
    """A car in an empty world, driven through its plant actuators."""

    def __init__(self):
        body = get_body_model("rc_car")
        self.world = World(body, lambda spec: None, body.physics)
        self.body = self.world.free_body("car")
        actuators = body.make_plant_actuators(self.world)
        assert set(actuators) == {"motor", "steering"}
        self.motor, self.steering = actuators["motor"], actuators["steering"]
        self.steering.drive(Drive.POSITION, 0.0, 1.0)
        self.advance(0.2)

    def advance(self, duration_s):
        self.world.advance(round(duration_s / self.world.model.opt.timestep))

    @property
    def speed_mps(self):
        return self.motor.measure().velocity_radps * RADIUS_M


@pytest.fixture
def car():
    return Car()


def test_a_speed_is_kept_and_the_motor_s_angle_is_the_way_of_the_rear_axle(car):
    car.motor.drive(Drive.VELOCITY, 1.0 / RADIUS_M, 1.0)
    car.advance(2.0)
    assert car.speed_mps == pytest.approx(1.0, rel=0.02)
    x = float(car.body.position_w[0])
    assert car.motor.measure().position_rad * RADIUS_M == pytest.approx(x, rel=0.01)


def test_steering_is_measured_in_the_middle_and_turns_the_car(car):
    for angle_rad in (0.35, -0.35):
        car.motor.drive(Drive.VELOCITY, 1.0 / RADIUS_M, 1.0)
        car.steering.drive(Drive.POSITION, angle_rad, 1.0)
        car.advance(2.0)
        assert car.steering.measure().position_rad == pytest.approx(angle_rad, abs=0.005)
        expected_radps = rc_car.compute_yaw_rate(angle_rad, 1.0)
        assert car.body.yaw_rate_radps == pytest.approx(expected_radps, rel=0.03)
        assert car.speed_mps == pytest.approx(1.0, rel=0.02)


def test_a_torque_speeds_the_car_up_as_its_mass_allows(car):
    torque_nm = 0.10
    car.motor.drive(Drive.EFFORT, torque_nm, 1.0)
    car.advance(0.1)
    before_mps = car.speed_mps
    car.advance(0.5)
    assert car.motor.measure().effort_nm == pytest.approx(torque_nm, rel=1e-6)
    # The wheels' own inertia makes it a little lazier than force over mass.
    expected_mps2 = torque_nm / RADIUS_M / MASS_KG
    assert 0.8 * expected_mps2 < (car.speed_mps - before_mps) / 0.5 < expected_mps2


def test_a_brake_slows_down_by_its_torque_and_then_holds(car):
    car.motor.drive(Drive.VELOCITY, 2.0 / RADIUS_M, 1.0)
    car.advance(1.0)
    before_mps = car.speed_mps
    car.motor.drive(Drive.BRAKE, 0.2, 1.0)
    car.advance(0.2)
    expected_mps2 = 0.2 / RADIUS_M / MASS_KG
    assert (before_mps - car.speed_mps) / 0.2 == pytest.approx(expected_mps2, rel=0.2)
    car.advance(3.0)
    assert abs(car.speed_mps) < 0.01
    x = float(car.body.position_w[0])
    car.advance(2.0)
    assert float(car.body.position_w[0]) == pytest.approx(x, abs=1e-3)


def test_without_torque_the_car_rolls_on(car):
    car.motor.drive(Drive.VELOCITY, 2.0 / RADIUS_M, 1.0)
    car.advance(1.0)
    car.motor.drive(Drive.OFF, 0.0, 1.0)
    car.advance(1.0)
    assert car.motor.measure().effort_nm == 0.0
    assert 1.2 < car.speed_mps < 1.95


def test_the_share_of_effort_limits_every_drive(car):
    for drive, target in ((Drive.VELOCITY, 50.0), (Drive.EFFORT, 9.0)):
        car.motor.drive(drive, target, 0.1)
        car.advance(0.004)
        assert car.motor.measure().effort_nm == pytest.approx(0.4 * WHEEL_TORQUE_LIMIT_NM)
    car.motor.drive(Drive.VELOCITY, -50.0, 0.0)
    car.advance(0.004)
    assert car.motor.measure().effort_nm == 0.0


def test_both_are_off_at_first_and_the_wheels_can_be_turned_by_hand():
    body = get_body_model("rc_car")
    world = World(body, lambda spec: None, body.physics)
    actuators = body.make_plant_actuators(world)
    for name in STEERINGS:
        world.joint(name).place(0.2)
    world.data.ctrl[:] = 1.0
    world.forward()
    assert [actuator.measure().effort_nm for actuator in actuators.values()] == [0.0, 0.0]
    assert actuators["steering"].measure().position_rad == pytest.approx(0.2, abs=0.01)


def test_what_cannot_be_driven_is_refused(car):
    with pytest.raises(RobotError, match="motor cannot drive by position"):
        car.motor.drive(Drive.POSITION, 0.0, 1.0)
    with pytest.raises(RobotError, match="steering cannot drive by velocity"):
        car.steering.drive(Drive.VELOCITY, 0.0, 1.0)


def test_the_middle_angle_is_the_inverse_of_the_wheels_angles(car):
    for angle_rad in np.linspace(-0.4, 0.4, 9).tolist():
        for name, wheel_rad in zip(STEERINGS, rc_car.compute_wheel_angles(angle_rad), strict=True):
            car.world.joint(name).place(wheel_rad)
        assert car.steering.measure().position_rad == pytest.approx(angle_rad, abs=1e-9)
