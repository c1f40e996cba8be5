"""A hand that moves an arm of fake servos through a calibration."""

import numpy as np

from robolearn.hardware.arms.so101 import SO101_ASSEMBLY
from robolearn.hardware.servo_bus import RAD_PER_STEP

SPEC = SO101_ASSEMBLY.embodiment.action_spec
JAW_RAD = 1.9


class Hand:
    """Knows how the horns were put on; a gripper's opening spans `JAW_RAD`."""

    def __init__(self, bus, directions=(1,) * 6, zeros=(2048,) * 6):
        self.bus, self.directions, self.zeros = bus, directions, zeros
        scales = np.where(np.array(SPEC.units) == "rad", 1.0, JAW_RAD)
        self._steps_per_unit = np.array(directions) * scales / RAD_PER_STEP
        self.middle = np.where(np.array(SPEC.units) == "rad", 0.0, 0.5)
        self._sweep = iter(())

    def place(self, position):
        offset = (np.asarray(position) - self.middle) * self._steps_per_unit
        for servo, zero, steps in zip(self.bus.servos.values(), self.zeros, offset, strict=True):
            if not servo.torque:
                servo.actual_steps = (zero + steps) % 4096

    def obey(self, text):
        """Does what the person is asked to do."""
        if "middle" in text:
            self.place(self.middle)
        elif "positive" in text:
            self.place(self.middle + 0.2)

    def sweep(self):
        """Moves every joint from stop to stop, a little at every call; says when it is done."""
        shares = [0.5, 0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5]
        for share in shares:
            self.place(SPEC.low + share * (SPEC.high - SPEC.low))
            yield False
        yield True
