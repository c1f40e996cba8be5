from contextlib import ExitStack

import pytest

from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.vesc import VescController
from robolearn.hardware.vesc.driver import Vesc
from tests.hardware.vesc.car_plant import ERPM_PER_RADPS, CarPlant

PATIENT_S = 1.0  # the machine may be busy: no answer that comes is too late


class Line:
    """An emulated VESC on a pseudo-terminal, and the driver at its other end."""

    def __init__(self, folder, answer_timeout_s, make_device, settings):
        self.plant = CarPlant()
        self.device = make_device(self.plant, erpm_per_radps=ERPM_PER_RADPS, **settings)
        self.port = EmulatedPort(self.device, folder / "vesc")
        self.emulation = Emulation(self.plant, [self.port])
        self.vesc = Vesc(str(self.port.path), answer_timeout_s=answer_timeout_s)

    def set(self, **attributes):
        """Changes attributes of the device while it runs."""
        self.emulation.call(lambda: [setattr(self.device, *item) for item in attributes.items()])

    def look(self, function):
        return self.emulation.call(lambda: function(self))


@pytest.fixture
def start(tmp_path):
    """Returns a function that starts a line; all are closed after the test."""
    with ExitStack() as stack:

        def start_line(answer_timeout_s=PATIENT_S, make_device=VescController, **settings):
            line = Line(tmp_path, answer_timeout_s, make_device, settings)
            stack.enter_context(line.emulation)
            stack.callback(line.vesc.close)
            return line

        yield start_line
