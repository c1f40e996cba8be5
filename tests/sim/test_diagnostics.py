import subprocess
import sys

import pytest

from robolearn.diagnostics import Status
from robolearn.errors import MissingDependencyError
from robolearn.sim import diagnostics, rendering


def find(name):
    (finding,) = [finding for finding in diagnostics.diagnose() if finding.name == name]
    return finding


@pytest.mark.gl
def test_rendering_is_tried_and_timed():
    finding = find("off-screen rendering")
    assert finding.status in (Status.OK, Status.WARNING)
    assert "ms per 96 x 96 frame" in finding.detail
    assert "empty" not in finding.detail


def test_without_opengl_the_packages_are_named(monkeypatch):
    def fail():
        raise MissingDependencyError("no OpenGL library was found")

    monkeypatch.setattr(rendering, "find_back_end", fail)
    finding = find("off-screen rendering")
    assert finding.status is Status.MISSING
    assert "libegl1" in finding.remedy
    assert find("MuJoCo").status is Status.OK


@pytest.mark.parametrize(
    ("variables", "status"),
    [({}, Status.WARNING), ({"DISPLAY": ":7"}, Status.OK), ({"WAYLAND_DISPLAY": "w"}, Status.OK)],
)
def test_the_display_is_read_from_the_environment(monkeypatch, variables, status):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert find("display").status is status


def test_a_missing_robosuite_is_no_more_than_a_warning(monkeypatch):
    monkeypatch.setattr(diagnostics, "find_version", lambda package: None)
    assert find("robosuite").status is Status.WARNING


@pytest.mark.parametrize(
    ("before", "environment", "remedy"),
    [
        ("import sys; sys.modules['mujoco'] = None", {}, "pip install 'robolearn[sim]'"),
        ("", {"MUJOCO_GL": "nonsense"}, "unset MUJOCO_GL, or install the library that it names"),
    ],
)
def test_a_mujoco_that_cannot_be_imported_is_a_finding(before, environment, remedy):
    code = f"{before}\nfrom robolearn.sim.diagnostics import diagnose\nprint(diagnose()[0].remedy)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == remedy, done.stderr
