from contextlib import ExitStack

import pytest

from robolearn.hardware.vesc.driver import Vesc
from tests.hardware.vesc.line import Line

PATIENT_S = 1.0  # the machine may be busy: no answer that comes is too late


@pytest.fixture
def start(tmp_path):
    """Returns a function that starts a line with a driver; all are closed after the test."""
    with ExitStack() as stack:

        def start_line(answer_timeout_s=PATIENT_S, **settings):
            line = stack.enter_context(Line(tmp_path, **settings))
            line.vesc = Vesc(line.path, answer_timeout_s=answer_timeout_s)
            stack.callback(line.vesc.close)
            return line

        yield start_line
