"""`BodyModel`: what the simulation needs to know of a body beyond its embodiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import mujoco

from robolearn.embodiments import Embodiment

if TYPE_CHECKING:
    from robolearn.sim.plant_actuators import PlantActuator
    from robolearn.sim.world import World


@dataclass(frozen=True)
class ActionChannel:
    """One entry of state and action: `joint position = scale * value + offset`.

    Attributes:
        joint: name of the joint it moves; its position servo has the same name.
        scale: joint position per unit of the channel.
        offset: joint position at 0.
    """

    joint: str
    scale: float = 1.0
    offset: float = 0.0


class BodyModel(Protocol):
    """A body that can be added to a scene. Its base frame is the world frame."""

    @property
    def embodiment(self) -> Embodiment:
        """The body as data."""
        ...

    @property
    def channels(self) -> tuple[ActionChannel, ...]:
        """One per entry of `observation.state` and `action`."""
        ...

    @property
    def body_names(self) -> tuple[str, ...]:
        """The bodies whose contacts count as the robot's touch."""
        ...

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds bodies, servos and the body's own cameras."""
        ...

    def make_plant_actuators(self, world: World) -> dict[str, PlantActuator]:
        """Returns what emulated devices drive, by name, in a world that holds this body."""
        ...
