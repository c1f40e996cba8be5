import subprocess
import sys

import numpy as np
import pytest

from robolearn.embodiments.so101 import SO101
from robolearn.errors import (
    MissingDependencyError,
    RobolearnError,
    RobotError,
    SpecError,
    UnknownNameError,
)
from robolearn.sim import rendering
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.physics import Physics


@pytest.fixture
def robot():
    with MujocoRobot(So101Model()) as robot:
        yield robot


def test_observation_obeys_the_spec_and_is_not_shared(robot):
    first, second = robot.get_observation(), robot.get_observation()
    for key, spec in robot.observation_spec.items():
        spec.validate(first.values[key])
        assert not np.shares_memory(first.values[key], second.values[key])


def test_sent_action_is_applied_and_reached(robot):
    action = np.float32(SO101.home_position) + np.float32([0.2, 0.1, -0.1, -0.2, 0.3, -0.2])
    applied = robot.send_action(action)
    np.testing.assert_array_equal(applied, action)
    robot.clock.sleep_until(1.5)
    np.testing.assert_allclose(
        robot.get_observation().values["observation.state"], action, atol=0.01
    )


def test_sleeping_advances_time_by_whole_physics_steps(robot):
    for step in range(1, 101):
        robot.clock.sleep_until(step * 0.05)
        assert robot.clock.now_s() == pytest.approx(step * 0.05, abs=1e-9)
        assert robot.clock.now_s() >= step * 0.05 - 1e-9
    assert robot.world.data.time == pytest.approx(5.0)
    robot.clock.sleep_until(1.0)
    assert robot.clock.now_s() == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("action", "named"),
    [
        (np.full(6, np.nan, np.float32), "shoulder_pan"),
        (np.zeros(5, np.float32), "shape"),
        (np.zeros(6, np.float64), "dtype"),
        (np.float32([0, 0, 0, 0, 0, 1.5]), "gripper"),
        (np.float32([0, 3, 0, 0, 0, 0]), "shoulder_lift"),
    ],
)
def test_an_action_outside_the_spec_is_refused_and_named(robot, action, named):
    before = robot.world.data.ctrl.copy()
    with pytest.raises(SpecError, match=named):
        robot.send_action(action)
    np.testing.assert_array_equal(robot.world.data.ctrl, before)


def test_stop_holds_the_present_posture(robot):
    robot.send_action(np.zeros(6, np.float32))
    robot.clock.sleep_until(0.1)
    robot.stop()
    here = robot.get_observation().values["observation.state"]
    robot.clock.sleep_until(1.0)
    there = robot.get_observation().values["observation.state"]
    # It coasts to a halt from up to 5 rad/s, then stays.
    np.testing.assert_allclose(there, here, atol=0.15)


def test_acting_before_connecting_says_what_to_do():
    with pytest.raises(RobotError, match="connect"):
        MujocoRobot(So101Model()).send_action(np.zeros(6, np.float32))


def test_unknown_camera_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="Did you mean 'front'"):
        MujocoRobot(So101Model(), cameras=("frnt",))


def test_a_timestep_that_does_not_divide_the_control_period_is_refused():
    with pytest.raises(RobolearnError, match="whole number"):
        MujocoRobot(So101Model(), physics=Physics(timestep_s=0.003))


def test_image_size_is_part_of_the_embodiment():
    robot = MujocoRobot(So101Model(), cameras=("wrist",), image_height_px=48, image_width_px=64)
    assert robot.embodiment.get_camera("wrist").height_px == 48
    assert robot.observation_spec["observation.images.wrist"].shape == (48, 64, 3)


@pytest.mark.gl
def test_images_obey_the_spec_and_stand_upright():
    with MujocoRobot(So101Model(), cameras=("front", "wrist")) as robot:
        values = robot.get_observation().values
        for key, spec in robot.observation_spec.items():
            spec.validate(values[key])
        yellow = (values["observation.images.front"][..., 2] < 60) & (
            values["observation.images.front"][..., 0] > 100
        )
        rows = np.flatnonzero(yellow.any(axis=1))
        assert yellow.sum() > 100
        assert rows.mean() < 48  # the arm stands at the far side of the table
        assert robot.render("front", 240, 320).shape == (240, 320, 3)
        picture = robot.render()
        assert picture.shape == (360, 480, 3)
        # Edges are averaged, so that there are more shades than the few flat ones of the scene.
        jagged = robot._get_renderer().render("overview", 360, 480)
        assert np.abs(picture.astype(int) - jagged).mean() < 3
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > len(
            np.unique(jagged.reshape(-1, 3), axis=0)
        )
        with pytest.raises(UnknownNameError, match="wrist"):
            robot.render("wrst")
        with pytest.raises(RobolearnError, match="largest"):
            robot.render("front", 2000, 2000)


def test_nothing_without_cameras_loads_opengl():
    code = (
        "import sys\n"
        "from robolearn.sim.models.so101 import So101Model\n"
        "from robolearn.sim.mujoco_robot import MujocoRobot\n"
        "with MujocoRobot(So101Model()) as robot: robot.get_observation()\n"
        "assert not [name for name in sys.modules if name.startswith('OpenGL')]\n"
    )
    environment = {"PATH": "/usr/bin:/bin"}  # without MUJOCO_GL, as a user starts it
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.mark.gl
@pytest.mark.parametrize(
    "use",
    [
        "with robot: robot.get_observation()",
        "robot.connect(); robot.get_observation()",  # never closed, as in a short script
    ],
)
def test_a_robot_with_cameras_ends_without_noise(use):
    code = (
        "from robolearn.sim.models.so101 import So101Model\n"
        "from robolearn.sim.mujoco_robot import MujocoRobot\n"
        "robot = MujocoRobot(So101Model(), cameras=('front',))\n"
        f"{use}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.gl
def test_whoever_reads_the_world_finds_the_same_with_cameras_and_without():
    with MujocoRobot(So101Model(), cameras=("front",)) as robot:
        robot.send_action(robot.action_spec.clip(np.full(6, 0.3)))
        robot.clock.sleep_until(robot.control_period_s)
        before = robot.world.data.xpos.copy()
        robot.get_observation()
        robot.render()
        np.testing.assert_array_equal(robot.world.data.xpos, before)


def test_missing_opengl_names_the_packages(monkeypatch):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(rendering, "_load_library", lambda *names: None)
    with pytest.raises(MissingDependencyError, match=r"libegl1.*libosmesa6"):
        rendering.find_back_end()


def test_osmesa_is_taken_where_egl_has_no_device(monkeypatch):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(rendering, "_has_egl_device", lambda: False)
    monkeypatch.setattr(rendering, "_load_library", lambda *names: object())
    assert rendering.find_back_end() == "osmesa"
