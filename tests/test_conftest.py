"""The rule for tests that need OpenGL, tried on a machine that seems to have none."""

import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
import pytest

@pytest.mark.gl
def test_renders():
    pass
"""
# Where no library can be loaded, there is no OpenGL.
NO_LIBRARIES = """
from robolearn.sim import rendering

rendering._load_library = lambda *names: None
"""


def run_pytest(folder, environment):
    (folder / "test_picture.py").write_text(TEST)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = gl: renders\n")
    (folder / "no_libraries.py").write_text(NO_LIBRARIES)
    conftest = Path(__file__).with_name("conftest.py").read_text()
    (folder / "conftest.py").write_text(f"import no_libraries\n{conftest}")
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider"]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_opengl_they_are_skipped_and_the_package_to_install_is_named(tmp_path):
    result = run_pytest(tmp_path, {})
    assert "1 skipped" in result.stdout
    assert "apt install libegl1" in result.stdout


def test_where_opengl_must_be_they_fail_instead(tmp_path):
    result = run_pytest(tmp_path, {"ROBOLEARN_REQUIRE_GL": "1"})
    assert result.returncode == 1
    assert "ROBOLEARN_REQUIRE_GL is set, but no OpenGL library" in result.stdout


@pytest.mark.gl
def test_where_there_is_opengl_they_run(tmp_path):
    result = run_pytest(tmp_path, {"MUJOCO_GL": "egl"})
    assert "1 passed" in result.stdout
