"""For all tests: Ctrl-C works in what they start, and marks are obeyed.

Tests that need OpenGL are skipped where there is none, and fail where there must be.
"""

import functools
import os
import signal

import pytest

# A shell starts what it runs in the background with Ctrl-C ignored, and children inherit that: the
# tests that interrupt a program would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which `nohup` ignores

# Set by .ci/run: a machine that installed the OpenGL libraries may not skip what needs them.
REQUIRE_GL = "ROBOLEARN_REQUIRE_GL"


@functools.cache
def find_gl_problem() -> str | None:
    """Returns what keeps this machine from rendering off-screen, or None."""
    from robolearn.errors import RobolearnError
    from robolearn.sim.rendering import find_back_end

    try:
        find_back_end()
    except RobolearnError as error:
        return str(error)
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gl") is None or (problem := find_gl_problem()) is None:
        return
    if os.environ.get(REQUIRE_GL):
        pytest.fail(f"{REQUIRE_GL} is set, but {problem}")
    pytest.skip(problem)
