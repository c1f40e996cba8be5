"""What this machine can simulate, render and show."""

from __future__ import annotations

import importlib
import os
import sys
import time

from robolearn.diagnostics import Finding, Status, find_version
from robolearn.errors import RobolearnError

NUM_TIMED_FRAMES = 20
NUM_TIMED_PERIODS = 50
# Slower than this, two cameras and the physics no longer fit a control period of 50 ms.
SLOW_FRAME_MS = 20.0


def diagnose() -> list[Finding]:
    """Looks at MuJoCo, off-screen rendering, the display and robosuite."""
    return [*_find_mujoco(), find_display(), _find_robosuite()]


def find_display() -> Finding:
    """Says whether a window can be opened, for steering by hand and looking."""
    if not sys.platform.startswith("linux"):
        return Finding("display", Status.OK, sys.platform)
    for variable in ("WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(variable):
            return Finding("display", Status.OK, f"{variable}={os.environ[variable]}")
    remedy = "steer from the terminal (teleop=terminal); pictures and videos need no display"
    return Finding("display", Status.WARNING, "none: neither DISPLAY nor WAYLAND_DISPLAY", remedy)


def _find_mujoco() -> list[Finding]:
    """Looks at MuJoCo, then at what stands on it.

    Importing it already loads the OpenGL library that `MUJOCO_GL` names, which fails in as many
    ways as there are libraries; hence everything is caught, and reported.
    """
    try:
        importlib.import_module("mujoco")
    except ModuleNotFoundError as error:
        remedy = "pip install 'robolearn[sim]'"
        return [Finding("MuJoCo", Status.MISSING, str(error), remedy)]
    except Exception as error:
        remedy = "unset MUJOCO_GL, or install the library that it names"
        return [Finding("MuJoCo", Status.MISSING, f"{type(error).__name__}: {error}", remedy)]
    return [_find_physics(), _find_rendering()]


def _find_physics() -> Finding:
    """Steps the bare arm, as a measure of the machine."""
    from robolearn.sim.models.so101 import So101Model
    from robolearn.sim.mujoco_robot import MujocoRobot

    with MujocoRobot(So101Model()) as robot:
        period_s = robot.control_period_s
        started_s = time.perf_counter()
        robot.clock.sleep_until(robot.clock.now_s() + NUM_TIMED_PERIODS * period_s)
        passed_s = time.perf_counter() - started_s
    factor = NUM_TIMED_PERIODS * period_s / passed_s
    detail = f"{find_version('mujoco')}; the bare arm runs {factor:.0f} times as fast as real time"
    return Finding("MuJoCo", Status.OK, detail)


def _find_rendering() -> Finding:
    """Draws real pictures: that a library is there does not say that it works."""
    from robolearn.sim.models.so101 import So101Model
    from robolearn.sim.mujoco_robot import MujocoRobot
    from robolearn.sim.rendering import find_back_end

    name = "off-screen rendering"
    try:
        back_end = find_back_end()
        with MujocoRobot(So101Model(), cameras=("front",)) as robot:
            image = robot.render("front", 96, 96)
            started_s = time.perf_counter()
            for _ in range(NUM_TIMED_FRAMES):
                robot.render("front", 96, 96)
            frame_ms = 1e3 * (time.perf_counter() - started_s) / NUM_TIMED_FRAMES
    except RobolearnError as error:
        remedy = "apt install libegl1 libgl1, or libosmesa6; all but cameras and videos runs"
        return Finding(name, Status.MISSING, str(error), remedy)
    detail = f"{back_end}, {frame_ms:.1f} ms per 96 x 96 frame of the bare arm"
    if int(image.max()) == int(image.min()):
        remedy = "try MUJOCO_GL=osmesa (apt install libosmesa6)"
        return Finding(name, Status.WARNING, f"{detail}, but the picture is empty", remedy)
    if frame_ms > SLOW_FRAME_MS:
        return Finding(name, Status.WARNING, f"{detail}: slow", "use few and small cameras")
    return Finding(name, Status.OK, detail)


def _find_robosuite() -> Finding:
    version = find_version("robosuite")
    if version is None:
        remedy = "pip install 'robolearn[robosuite]' (only `robolearn benchmark sim` needs it)"
        return Finding("robosuite", Status.WARNING, "not installed", remedy)
    return Finding("robosuite", Status.OK, version)
