"""The window's keys with a viewer that is fake, and once with the real one on a virtual display."""

import shutil
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import glfw
import mujoco.viewer
import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.errors import IncompatibleError, RobotError
from robolearn.keyboard import EVENTS, MOTIONS, Keyboard
from robolearn.sim import window
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.window import WindowKeys, name_key
from robolearn.steering import SteeringTeleoperator
from robolearn.teleoperator import Event
from robolearn.testing import FakeClock, FakeRobot, check_teleoperator

STATE = np.array([0.0, -0.934, 0.487, 1.647, 0.3, 0.5], np.float32)


class FakeViewer:
    """Stands for MuJoCo's viewer, its window and the person at it."""

    def __init__(self):
        self.opt = SimpleNamespace(flags=np.zeros(4, np.uint8))
        self.user_scn = SimpleNamespace(flags=np.ones(4, np.uint8))
        self.num_syncs = self.num_launches = 0
        self.is_open = False
        self.down = set()

    def launch(self, model, data, *, key_callback, show_left_ui, show_right_ui):
        assert isinstance(model, mujoco.MjModel)
        self.num_launches += 1
        self.is_open = True
        self.key_callback = key_callback
        return self

    def press(self, code):
        """Presses a key, as the person; the viewer toggles a flag of its own with it."""
        self.opt.flags[0] ^= 1
        self.user_scn.flags[1] ^= 1
        self.down.add(code)
        self.key_callback(code)

    def is_running(self):
        return self.is_open

    def lock(self):
        return nullcontext()

    def sync(self):
        self.num_syncs += 1

    def close(self):
        self.is_open = False


@pytest.fixture
def viewer(monkeypatch):
    viewer = FakeViewer()
    monkeypatch.setattr(mujoco.viewer, "launch_passive", viewer.launch)
    monkeypatch.setattr(window, "_require_display", lambda: None)
    monkeypatch.setattr(glfw, "get_current_context", lambda: "the window")
    monkeypatch.setattr(
        glfw, "get_key", lambda _, code: glfw.PRESS if code in viewer.down else glfw.RELEASE
    )
    return viewer


@pytest.fixture
def robot():
    robot = MujocoRobot(So101Model())
    robot.connect()
    yield robot
    robot.close()


@pytest.fixture
def keyboard(viewer, robot):
    keyboard = SteeringTeleoperator(robot, Keyboard(WindowKeys(), FakeClock()))
    with keyboard:
        keyboard.reset({keys.STATE: STATE})
        yield keyboard


def step(keyboard):
    command = keyboard.get_command({})
    keyboard._device._clock.sleep_until(keyboard._device._clock.now_s() + SO101.control_period_s)
    return command


def test_it_keeps_the_contract_of_a_teleoperator(viewer, robot):
    keyboard = SteeringTeleoperator(robot, Keyboard(WindowKeys()))
    check_teleoperator(keyboard, SO101.observation_spec(), SO101.action_spec)
    assert viewer.num_launches == 2  # connected twice, and again after it was closed
    assert not viewer.is_open


def test_the_window_is_a_view_of_the_scene(keyboard):
    assert keyboard.shows_scene


def test_a_key_moves_while_it_is_down_and_stops_when_it_is_let_go(viewer, keyboard):
    viewer.press(glfw.KEY_O)
    openings = [step(keyboard).action[5] for _ in range(4)]
    viewer.down.clear()
    openings += [step(keyboard).action[5] for _ in range(3)]
    np.testing.assert_allclose(np.diff(openings), [0.075] * 3 + [0] * 3, atol=1e-6)
    assert openings[0] == pytest.approx(0.575)


def test_a_tap_between_two_steps_moves_once(viewer, keyboard):
    viewer.press(glfw.KEY_O)
    viewer.down.clear()
    openings = [step(keyboard).action[5] for _ in range(3)]
    np.testing.assert_allclose(openings, 0.575, atol=1e-6)


@pytest.mark.parametrize(
    ("code", "event"),
    [
        (glfw.KEY_Y, Event.SUCCESS),
        (glfw.KEY_N, Event.FAILURE),
        (glfw.KEY_ENTER, Event.END),
        (glfw.KEY_BACKSPACE, Event.DISCARD),
        (glfw.KEY_ESCAPE, Event.STOP),
    ],
)
def test_an_event_key_says_its_event_once(viewer, keyboard, code, event):
    viewer.press(code)
    assert step(keyboard).event is event
    assert step(keyboard).event is None


def test_what_the_viewer_makes_of_the_keys_is_undone(viewer, keyboard):
    viewer.press(glfw.KEY_W)
    step(keyboard)
    assert not viewer.opt.flags.any()
    assert viewer.user_scn.flags.all()


def test_every_step_is_shown(viewer, keyboard):
    before = viewer.num_syncs
    for _ in range(3):
        step(keyboard)
    assert viewer.num_syncs == before + 3


def test_closing_the_window_stops_the_robot(viewer, keyboard):
    viewer.is_open = False
    assert step(keyboard).event is Event.STOP


def test_every_key_of_the_help_can_be_typed_in_a_window():
    codes = range(32, glfw.KEY_LAST)
    assert {name_key(code) for code in codes} >= set(MOTIONS) | set(EVENTS)


def test_without_a_display_the_terminal_is_recommended(monkeypatch, robot):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(RobotError, match=r"needs a display, .* neither DISPLAY .*teleop=terminal"):
        WindowKeys().connect(robot)


def test_a_display_that_does_not_answer_is_refused_and_not_waited_for(monkeypatch, robot):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":no-such-display")
    monkeypatch.setattr(glfw, "init", lambda: False)
    with pytest.raises(RobotError, match=r"no window can be opened on DISPLAY=:no-such-display"):
        WindowKeys().connect(robot)


def test_a_robot_without_a_world_is_refused(viewer):
    with pytest.raises(IncompatibleError, match=r"FakeRobot \(so101\) has none: .*teleop=terminal"):
        WindowKeys().connect(FakeRobot())
    assert viewer.num_launches == 0


def test_reading_before_connecting_is_refused():
    with pytest.raises(RobotError, match="the window is not open"):
        WindowKeys().read_keys()


PROGRAM = """
import subprocess, time

from robolearn import keys
from robolearn.keyboard import Keyboard
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.window import WindowKeys
from robolearn.steering import SteeringTeleoperator

def type_key(*arguments):
    subprocess.run(["xdotool", *arguments], check=True)

def read(keyboard, duration_s):
    for _ in range(round(duration_s / 0.05)):
        command = keyboard.get_command({})
        if command.event:
            break
        time.sleep(0.05)
    return command

robot = MujocoRobot(So101Model())
robot.connect()
with SteeringTeleoperator(robot, Keyboard(WindowKeys())) as keyboard:
    keyboard.reset(robot.get_observation().values)
    closed = read(keyboard, 1.0).action[5]
    found = subprocess.check_output(["xdotool", "search", "--name", "MuJoCo"], text=True)
    type_key("windowfocus", found.split()[-1])
    time.sleep(0.3)
    type_key("keydown", "o")
    opened = read(keyboard, 0.4).action[5]
    type_key("keyup", "o")
    type_key("key", "y")
    print(round(opened - closed, 1) > 0.3, read(keyboard, 2.0).event.value)
"""


@pytest.mark.skipif(
    not (shutil.which("xvfb-run") and shutil.which("xdotool")),
    reason="needs a virtual display and keyboard: apt install xvfb xauth xdotool",
)
def test_a_real_window_on_a_virtual_display_takes_held_keys_and_closes_cleanly():
    done = subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 640x480x24", sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "True success\n", done.stderr
    assert done.returncode == 0
