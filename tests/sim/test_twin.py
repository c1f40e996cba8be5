import concurrent.futures
import json

import numpy as np
import pytest

from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobotError
from robolearn.plant import Drive
from robolearn.sim import suites
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.twin import MujocoPlant


def make_plant(task=None):
    return MujocoPlant(MujocoRobot(So101Model()), task)


def make_task():
    return suites.make_task("desk", "pick_place", name="pick_place", time_limit_s=8.0)


def hold_all(plant):
    for name in plant.actuators:
        plant.drive(name, Drive.POSITION, plant.measure(name).position_rad)


def measure_positions(plant):
    return np.array([plant.measure(name).position_rad for name in plant.actuators])


def test_actuators_are_the_joints_and_cameras_those_of_the_body():
    plant = make_plant()
    assert plant.actuators == (
        "shoulder_pan",
        "shoulder_lift",
        "elbow_flex",
        "wrist_flex",
        "wrist_roll",
        "gripper",
    )
    assert plant.cameras == ("front", "wrist")


def test_many_short_durations_equal_one_long_one():
    plants = [make_plant(), make_plant()]
    for plant in plants:
        hold_all(plant)
        plant.drive("shoulder_pan", Drive.POSITION, 0.5)
    for _ in range(1000):
        plants[0].advance(0.0007)
    plants[1].advance(0.7)
    assert plants[0].now_s == pytest.approx(0.7)
    np.testing.assert_array_equal(*map(measure_positions, plants))
    assert measure_positions(plants[0])[0] > 0.3


def test_a_body_can_begin_as_it_was_laid_down():
    plant = MujocoPlant(MujocoRobot(So101Model()), make_task(), starts_at_rest=True)
    np.testing.assert_allclose(measure_positions(plant)[:5], SO101.rest_position[:5], atol=0.01)
    before = measure_positions(plant)
    plant.advance(1.0)  # without torque
    assert np.abs(measure_positions(plant) - before).max() < 0.1


def test_less_than_a_step_moves_nothing_until_it_adds_up():
    plant = make_plant()
    plant.drive("shoulder_pan", Drive.POSITION, 0.5)
    plant.advance(0.004)
    assert plant.measure("shoulder_pan").position_rad == 0.0
    plant.advance(0.004)
    assert plant.measure("shoulder_pan").position_rad > 0.0


def test_a_servo_goes_where_it_is_told_and_reports_it():
    plant = make_plant()
    hold_all(plant)
    plant.drive("elbow_flex", Drive.POSITION, 0.9)
    plant.advance(0.1)
    moving = plant.measure("elbow_flex")
    assert moving.velocity_radps > 0.1
    assert moving.effort_nm > 0.1
    plant.advance(2.0)
    still = plant.measure("elbow_flex")
    assert still.position_rad == pytest.approx(0.9, abs=0.01)
    assert still.velocity_radps == pytest.approx(0.0, abs=0.01)


def test_an_arm_without_torque_sinks_and_its_servos_give_none():
    plant = make_plant()
    before = measure_positions(plant)
    plant.advance(2.0)
    lift = plant.measure("shoulder_lift")
    assert lift.effort_nm == 0.0
    assert np.abs(measure_positions(plant) - before).max() > 0.02


def test_a_held_arm_stays_and_its_servos_carry_the_weight():
    plant = make_plant()
    hold_all(plant)
    plant.drive("shoulder_lift", Drive.POSITION, 0.6)  # stretched out forwards
    plant.advance(2.0)
    assert plant.measure("shoulder_lift").position_rad == pytest.approx(0.6, abs=0.01)
    assert plant.measure("shoulder_lift").effort_nm < -0.1


def test_a_servo_let_go_of_gives_way_to_what_it_held_against():
    plant = make_plant()
    hold_all(plant)
    plant.drive("shoulder_lift", Drive.POSITION, 0.6)
    plant.advance(2.0)
    plant.drive("shoulder_lift", Drive.OFF)
    plant.advance(1.0)
    assert plant.measure("shoulder_lift").position_rad > 0.65


def test_a_weak_servo_gives_no_more_than_its_share():
    plant = make_plant()
    hold_all(plant)
    plant.drive("elbow_flex", Drive.POSITION, -1.6, 0.4)  # lifting
    efforts_nm = []
    for _ in range(50):
        plant.advance(0.005)
        efforts_nm.append(abs(plant.measure("elbow_flex").effort_nm))
    assert max(efforts_nm) == pytest.approx(0.4 * 2.943)


def test_a_servo_too_weak_for_the_weight_does_not_lift_it():
    plant = make_plant()
    hold_all(plant)
    before_rad = plant.measure("elbow_flex").position_rad
    plant.drive("elbow_flex", Drive.POSITION, -1.6, 0.1)
    plant.advance(1.0)
    assert plant.measure("elbow_flex").position_rad == pytest.approx(before_rad, abs=0.02)


def test_a_servo_has_no_speed_to_drive_by():
    with pytest.raises(RobotError, match="'gripper' cannot drive by velocity"):
        make_plant().drive("gripper", Drive.VELOCITY, 1.0)


def test_an_episode_begins_at_home_and_an_old_goal_does_not_pull_the_arm_back():
    plant = make_plant(make_task())
    hold_all(plant)
    home = measure_positions(plant)
    plant.drive("shoulder_pan", Drive.POSITION, 0.7)
    plant.advance(2.0)
    plant.begin_episode(seed=3)
    for _ in range(100):
        plant.drive("shoulder_pan", Drive.POSITION, 0.7)  # the device repeats its goal
        plant.advance(0.01)
    np.testing.assert_allclose(measure_positions(plant), home, atol=0.01)
    plant.drive("shoulder_pan", Drive.POSITION, 0.2)
    plant.advance(2.0)
    assert plant.measure("shoulder_pan").position_rad == pytest.approx(0.2, abs=0.01)


def test_time_goes_on_over_episodes():
    plant = make_plant(make_task())
    plant.advance(0.3)
    plant.begin_episode(seed=1)
    plant.advance(0.2)
    assert plant.now_s == pytest.approx(0.5)


def test_the_same_seed_sets_out_the_same_scene():
    one, other = make_plant(make_task()), make_plant(make_task())
    one.begin_episode(seed=1)
    other.begin_episode(seed=2)
    assert one.get_state()["qpos"] != other.get_state()["qpos"]
    one.advance(0.5)
    one.begin_episode(seed=2)
    assert one.get_state()["qpos"] == other.get_state()["qpos"]


def test_the_task_judges_the_scene_once_in_a_control_period():
    task = make_task()
    judged, plant = [], make_plant(task)
    task.evaluate = lambda: judged.append(plant._num_steps)
    for _ in range(100):
        plant.advance(0.0031)
    assert judged == [10, 20, 30, 40, 50, 60]


def test_a_plant_without_a_task_has_no_scene_to_set_out():
    with pytest.raises(RobotError, match="no scene"):
        make_plant().begin_episode(seed=0)


def test_the_state_is_plain_numbers():
    plant = make_plant(make_task())
    state = json.loads(json.dumps(plant.get_state()))
    assert state == plant.get_state()
    assert list(state) == ["time_s", "qpos", "qvel", "ctrl", "mocap_pos", "mocap_quat"]
    assert len(state["qpos"]) == 6 + 7


def test_an_arm_has_no_inertial_sensor():
    with pytest.raises(RobotError, match="so101 has no inertial sensor"):
        make_plant().measure_imu()


@pytest.mark.gl
def test_cameras_are_drawn_in_their_own_size():
    plant = MujocoPlant(MujocoRobot(So101Model(), (), 48, 64), make_task())
    image = plant.render("wrist")
    assert image.shape == (48, 64, 3)
    assert image.dtype == np.uint8
    assert image.max() > image.min()
    with pytest.raises(RobotError, match="unknown camera 'behind'"):
        plant.render("behind")
    plant.close()
    plant.close()


@pytest.mark.gl
def test_one_thread_may_draw_and_another_one_close():
    plant = make_plant()
    with concurrent.futures.ThreadPoolExecutor(1) as emulation:
        theirs = emulation.submit(plant.render, "front").result()
        np.testing.assert_array_equal(plant.render("front"), theirs)
    plant.close()
