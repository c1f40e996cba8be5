"""An emulated VESC on a pseudo-terminal, for tests of whatever is at its other end."""

from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.vesc import VescController
from tests.hardware.vesc.car_plant import ERPM_PER_RADPS, CarPlant


class Line:
    """A context manager; everything emulated is looked at through `look` and changed by `set`.

    At every tick `on_tick` is called with this line and the time.
    """

    def __init__(self, folder, make_device=VescController, on_tick=None, **settings):
        self.plant = CarPlant()
        self.device = make_device(self.plant, erpm_per_radps=ERPM_PER_RADPS, **settings)
        self.port = EmulatedPort(self.device, folder / "vesc")
        self.path = str(self.port.path)
        watch = None if on_tick is None else lambda now_s: on_tick(self, now_s)
        self.emulation = Emulation(self.plant, [self.port], watch)

    def set(self, **attributes):
        """Changes attributes of the device while it runs."""
        self.look(lambda line: [setattr(line.device, *item) for item in attributes.items()])

    def look(self, function):
        """Returns what a function of this line returns while nothing moves."""
        return self.emulation.call(lambda: function(self))

    def __enter__(self):
        self.emulation.start()
        return self

    def __exit__(self, *error):
        self.emulation.close()
