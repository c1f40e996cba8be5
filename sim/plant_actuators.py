"""`PlantActuator`: what an emulated device drives and measures in a MuJoCo world."""

from __future__ import annotations

from typing import Protocol

from robolearn.plant import ActuatorState, Drive


class PlantActuator(Protocol):
    """One actuator of a body, as `Plant.drive` and `Plant.measure` need it."""

    def drive(self, drive: Drive, target: float, max_effort: float) -> None:
        """Sets what it does from now on; see `Plant.drive`."""
        ...

    def measure(self) -> ActuatorState:
        """Returns what it does at this moment; see `Plant.measure`."""
        ...
