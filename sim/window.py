"""Steering the simulated arm from a MuJoCo window."""

from __future__ import annotations

import queue
import threading
import time
import warnings
from collections.abc import Sequence
from typing import Any

import glfw
import mujoco.viewer

from robolearn.diagnostics import Status
from robolearn.errors import IncompatibleError, RobotError
from robolearn.keyboard import MOTIONS, TAP_S, KeySource
from robolearn.robot import Robot
from robolearn.sim.diagnostics import find_display
from robolearn.sim.mujoco_robot import MujocoRobot

NAMES: dict[int, str] = {
    glfw.KEY_UP: "up",
    glfw.KEY_DOWN: "down",
    glfw.KEY_LEFT: "left",
    glfw.KEY_RIGHT: "right",
    glfw.KEY_PAGE_UP: "page_up",
    glfw.KEY_PAGE_DOWN: "page_down",
    glfw.KEY_ENTER: "enter",
    glfw.KEY_KP_ENTER: "enter",
    glfw.KEY_BACKSPACE: "backspace",
    glfw.KEY_ESCAPE: "escape",
}
CLOSING_TIME_S = 5.0
HINT = "steer from the terminal instead (teleop=terminal)"


def name_key(code: int) -> str | None:
    """Names a key of a GLFW window as `robolearn.keyboard` does; None if it has no name there."""
    if glfw.KEY_A <= code <= glfw.KEY_Z:
        return chr(code).lower()
    return NAMES.get(code)


class WindowKeys(KeySource):
    """Shows a simulated robot's world in a window and reads the keys typed there.

    MuJoCo's viewer has a meaning of its own for nearly every letter (`w` shows wires, `s` shadows)
    and cannot be told to leave them alone, so its flags are put back after every step. Backspace
    makes it reset the world: here it discards the episode, which fits.

    The viewer reports presses only. That a key is still held is asked of the window itself, which
    is known from the first press on.
    """

    shows_scene = True
    hold_s = TAP_S  # a held key is seen in every step: nothing needs bridging

    def __init__(self) -> None:
        """Begins without a window."""
        self._viewer: Any = None
        self._window: Any = None
        self._threads: list[threading.Thread] = []
        self._pressed: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._down: set[int] = set()

    def connect(self, robot: Robot) -> None:
        """Opens the window on the robot's world.

        Raises:
            RobotError: if there is no display, or no world yet.
            IncompatibleError: if the robot has no MuJoCo world.
        """
        if self._viewer is not None:
            return
        if not isinstance(robot, MujocoRobot):
            raise IncompatibleError(
                f"the window shows a MuJoCo world, and {type(robot).__name__}"
                f" ({robot.embodiment.name}) has none: {HINT}"
            )
        _require_display()
        world = robot.world
        before = set(threading.enumerate())
        try:
            self._viewer = mujoco.viewer.launch_passive(
                world.model,
                world.data,
                key_callback=self._note_press,
                show_left_ui=False,
                show_right_ui=False,
            )
        except RuntimeError as error:  # on macOS, outside mjpython
            raise RobotError(f"the window cannot be opened: {error}") from error
        self._threads = [thread for thread in threading.enumerate() if thread not in before]
        self._option_flags = self._viewer.opt.flags.copy()
        self._scene_flags = self._viewer.user_scn.flags.copy()

    def close(self) -> None:
        """Closes the window and waits for it to be gone: ending Python earlier breaks X11."""
        if self._viewer is None:
            return
        viewer, self._viewer, self._window = self._viewer, None, None
        viewer.close()
        deadline_s = time.monotonic() + CLOSING_TIME_S
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        self._down.clear()

    def read_keys(self) -> Sequence[str]:
        """Shows the world as it is now and returns the keys; Escape if the window was closed."""
        if self._viewer is None:
            raise RobotError("the window is not open: call connect() first")
        if not self._viewer.is_running():
            return ["escape"]  # the person closed the window
        with self._viewer.lock():
            self._viewer.opt.flags[:] = self._option_flags
            self._viewer.user_scn.flags[:] = self._scene_flags
        self._viewer.sync()
        pressed: list[int] = []
        while not self._pressed.empty():
            pressed.append(self._pressed.get())
        held = [code for code in self._down if code not in pressed and self._is_down(code)]
        self._down = {code for code in (*pressed, *held) if name_key(code) in MOTIONS}
        return [name for code in (*pressed, *held) if (name := name_key(code)) is not None]

    def _note_press(self, code: int) -> None:
        """Called by the viewer's thread."""
        if self._window is None:
            self._window = glfw.get_current_context()
        self._pressed.put(code)

    def _is_down(self, code: int) -> bool:
        return self._window is not None and glfw.get_key(self._window, code) == glfw.PRESS


def _require_display() -> None:
    """Makes sure that a window can open: the viewer itself would wait for ever if it cannot."""
    display = find_display()
    if display.status is not Status.OK:
        raise RobotError(f"a window needs a display, and there is {display.detail}: {HINT}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said below, in one sentence
        if not glfw.init():
            raise RobotError(f"no window can be opened on {display.detail}: {HINT}")
