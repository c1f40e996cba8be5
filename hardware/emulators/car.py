"""`EmulatedCar`: the VESC of a car; what is calibrated about a car stands in its driver's YAML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from robolearn.hardware.emulators.port import Device
from robolearn.plant import Plant


class EmulatedCar:
    """A car whose only device on the port is its VESC.

    Attributes:
        device: the VESC.
    """

    def __init__(self, plant: Plant, make_vesc: Callable[[Plant], Device]) -> None:
        """Builds the VESC in.

        Args:
            plant: the car's physics.
            make_vesc: gives the emulated VESC.
        """
        self.device = make_vesc(plant)

    def calibrate(self, port: str, folder: Path) -> Path | None:
        """Does nothing: a car keeps no calibration in a file of its own."""
        return None
