"""The simulated car drives as geometry and friction say, and measures what it does."""

import math

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments import rc_car
from robolearn.sim.models import get_body_model
from robolearn.sim.models.rc_car_controls import STEERINGS, WHEELS
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.testing import check_robot

PERIOD_S = rc_car.RC_CAR.control_period_s
GRAVITY_MPS2 = 9.81


@pytest.fixture
def robot():
    with MujocoRobot(get_body_model("rc_car")) as robot:
        yield robot


def measure(robot):
    """The state by channel."""
    state = robot.get_observation().values[keys.STATE].tolist()
    return dict(zip(rc_car.RC_CAR.state_spec.channels, state, strict=True))


def drive(robot, steering_angle_rad, speed_mps, duration_s):
    """Drives for a while; returns the path of the rear axle, x and y at every control step."""
    car = robot.world.free_body("car")
    path = []
    for _ in range(round(duration_s / PERIOD_S)):
        robot.send_action(np.float32([steering_angle_rad, speed_mps]))
        robot.clock.sleep_until(robot.clock.now_s() + PERIOD_S)
        path.append(car.position_w[:2])
    return np.array(path)


def fit_radius(path):
    """The radius of the circle that comes nearest to the points: linear least squares."""
    matrix = np.column_stack([2 * path, np.ones(len(path))])
    x, y, rest = np.linalg.lstsq(matrix, (path**2).sum(axis=1), rcond=None)[0]
    return math.sqrt(rest + x * x + y * y)


@pytest.mark.parametrize("cameras", [(), pytest.param(("front",), marks=pytest.mark.gl)])
def test_it_keeps_the_contract_of_a_robot(cameras):
    check_robot(MujocoRobot(get_body_model("rc_car"), cameras))


@pytest.mark.parametrize(
    ("steering_angle_rad", "speed_mps"),
    [(0.4, 0.5), (-0.4, 1.5), (0.2, 2.5), (-0.1, 3.0), (0.3, -1.0)],
)
def test_below_the_friction_limit_it_turns_on_the_circle_of_its_geometry(
    robot, steering_angle_rad, speed_mps
):
    demand_mps2 = speed_mps**2 * abs(rc_car.compute_curvature(steering_angle_rad))
    assert demand_mps2 < 0.5 * GRAVITY_MPS2
    path = drive(robot, steering_angle_rad, speed_mps, 6.0)[15:]
    expected_m = rc_car.compute_turning_radius(steering_angle_rad)
    assert fit_radius(path) == pytest.approx(expected_m, rel=0.03)
    seen = measure(robot)
    assert seen["speed"] == pytest.approx(speed_mps, rel=0.02)
    expected_radps = rc_car.compute_yaw_rate(steering_angle_rad, speed_mps)
    assert seen["yaw_rate"] == pytest.approx(expected_radps, rel=0.03)


def test_beyond_the_friction_limit_it_slides_outwards_and_stays_upright(robot):
    path = drive(robot, 0.4, 3.0, 5.0)[20:]
    assert fit_radius(path) > 1.08 * rc_car.compute_turning_radius(0.4)
    assert robot.world.free_body("car").tilt_cosine > 0.95
    # The wheels do not know: odometry still tells the speed that was asked for, or nearly.
    rolled_mps = np.linalg.norm(path[-1] - path[-2]) / PERIOD_S
    assert measure(robot)["speed"] > 1.02 * rolled_mps


def test_every_wheel_turns_and_rolls_as_the_geometry_says(robot):
    drive(robot, 0.3, 1.0, 3.0)
    data = robot.world.data
    angles_rad = [float(data.joint(name).qpos[0]) for name in STEERINGS]
    np.testing.assert_allclose(angles_rad, rc_car.compute_wheel_angles(0.3), rtol=0.02)
    speeds_mps = [float(data.joint(name).qvel[0]) * rc_car.WHEEL_RADIUS_M for name in WHEELS]
    np.testing.assert_allclose(speeds_mps, rc_car.compute_wheel_speeds(0.3, 1.0), rtol=0.02)


def test_it_reaches_its_speed_and_stops_within_a_second(robot):
    drive(robot, 0.0, 3.0, 1.0)
    assert measure(robot)["speed"] > 2.9
    robot.stop()
    robot.clock.sleep_until(robot.clock.now_s() + 1.0)
    assert abs(measure(robot)["speed"]) < 0.02
    here = robot.world.free_body("car").position_w
    robot.clock.sleep_until(robot.clock.now_s() + 5.0)
    np.testing.assert_allclose(robot.world.free_body("car").position_w, here, atol=1e-3)


def test_a_stop_leaves_the_wheels_turned(robot):
    drive(robot, 0.3, 1.0, 0.5)
    robot.stop()
    robot.clock.sleep_until(robot.clock.now_s() + 1.0)
    assert measure(robot)["steering_angle"] == pytest.approx(0.3)
    left_rad = float(robot.world.data.joint(STEERINGS[0]).qpos[0])
    assert left_rad == pytest.approx(rc_car.compute_wheel_angles(0.3)[0], abs=0.02)


def test_odometry_counts_from_the_beginning_of_the_episode(robot):
    path = drive(robot, 0.0, 0.5, 3.0)
    assert measure(robot)["distance"] == pytest.approx(path[-1][0], rel=0.01)
    robot.begin_episode(seed=0)
    assert measure(robot)["distance"] == 0.0
    drive(robot, 0.0, -0.5, 2.0)
    assert measure(robot)["distance"] == pytest.approx(-1.0, rel=0.05)


def test_the_inertial_sensor_feels_gravity_speeding_up_and_the_bend(robot):
    drive(robot, 0.0, 0.0, 0.5)
    imu = get_body_model("rc_car").measure_imu(robot.world)
    np.testing.assert_allclose(imu.acceleration_mps2, [0, 0, GRAVITY_MPS2], atol=0.05)
    np.testing.assert_allclose(imu.angular_velocity_radps, 0.0, atol=0.01)
    robot.send_action(np.float32([0.0, 1.0]))
    robot.clock.sleep_until(robot.clock.now_s() + 0.02)
    assert measure(robot)["acceleration_x"] > 2.0
    drive(robot, 0.2, 1.5, 3.0)
    seen = measure(robot)
    assert seen["acceleration_y"] == pytest.approx(seen["speed"] * seen["yaw_rate"], rel=0.05)
    imu = get_body_model("rc_car").measure_imu(robot.world)
    assert imu.angular_velocity_radps[2] == pytest.approx(seen["yaw_rate"], rel=1e-5)


@pytest.mark.gl
def test_pictures_show_the_way_ahead_and_the_car(robot):
    ahead = robot.render("front", 64, 128).astype(int)
    sky, floor = ahead[:16], ahead[-16:]
    assert (sky[..., 2] > sky[..., 0] + 10).all()  # bluish
    assert (np.ptp(floor, axis=-1) < 20).all()  # grey, and nothing of the car itself
    for camera, least_px in (("overview", 60), ("chase", 1500)):
        picture = robot.render(camera).astype(int)
        red = (picture[..., 0] > 100) & (picture[..., 1] < 60)
        assert red.sum() > least_px
