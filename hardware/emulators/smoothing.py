"""What an emulated sensor makes of a quantity that shakes."""

from __future__ import annotations

import math

# Servos report the current of their motor averaged over some control periods: how much a set-point
# that moves on in steps shakes the arm is not seen in it. How long they average is not published.
TORQUE_TIME_CONSTANT_S = 0.05


class SmoothedReading:
    """A first-order average.

    Attributes:
        value: what the sensor shows.
    """

    def __init__(self, time_constant_s: float = TORQUE_TIME_CONSTANT_S) -> None:
        """Begins at 0; after `time_constant_s` it has come 63 % nearer to a new reading [s]."""
        self.value = 0.0
        self._time_constant_s = time_constant_s

    def update(self, reading: float, duration_s: float) -> None:
        """Takes what has been so for a duration [s]."""
        share = 1.0 - math.exp(-duration_s / self._time_constant_s)
        self.value += share * (reading - self.value)
