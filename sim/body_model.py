"""`BodyModel`: what the simulation needs to know of a body beyond its embodiment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import mujoco
import numpy as np

from robolearn.embodiments import Embodiment
from robolearn.sim.physics import Physics
from robolearn.specs import Array

if TYPE_CHECKING:
    from robolearn.sim.plant_actuators import PlantActuator
    from robolearn.sim.world import World


class BodyHandle(ABC):
    """A body in a compiled world: turns actions into MuJoCo's controls, and its data into state."""

    @abstractmethod
    def begin_episode(self) -> None:
        """Brings the body to its home position, at rest, in a world that was just reset."""

    @abstractmethod
    def act(self, action: Array) -> None:
        """Sets the controls for an action that fits the embodiment's `action_spec`."""

    @abstractmethod
    def measure(self) -> Array:
        """Returns the present `observation.state`; the caller may keep it."""

    @abstractmethod
    def stop(self) -> None:
        """Sets the controls that bring the body to rest and keep it there."""


class BodyModel(Protocol):
    """A body that can be added to a scene. A body that stands has its base in the world frame."""

    @property
    def embodiment(self) -> Embodiment:
        """The body as data."""
        ...

    @property
    def physics(self) -> Physics:
        """The integration settings the body was tried with."""
        ...

    @property
    def body_names(self) -> tuple[str, ...]:
        """The bodies whose contacts count as the robot's touch."""
        ...

    def add_surroundings(self, spec: mujoco.MjSpec) -> None:
        """Adds what the body stands on, light, and cameras beside it, `overview` among them."""
        ...

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds bodies, actuators and the body's own cameras."""
        ...

    def take_hold(self, model: mujoco.MjModel, data: mujoco.MjData) -> BodyHandle:
        """Returns the handle on the body in a compiled world."""
        ...

    def make_plant_actuators(self, world: World) -> dict[str, PlantActuator]:
        """Returns what emulated devices drive, by name, in a world that is theirs alone."""
        ...


@dataclass(frozen=True)
class ActionChannel:
    """One entry of state and action: `joint position = scale * value + offset`.

    Attributes:
        joint: name of the joint it moves; its position servo has the same name.
        scale: joint position per unit of the channel.
        offset: joint position at 0.
        followers: joints coupled to it, which are always where it is.
    """

    joint: str
    scale: float = 1.0
    offset: float = 0.0
    followers: tuple[str, ...] = ()


class PositionServos(BodyHandle):
    """A body with one position servo for each entry of its state and action, as an arm has."""

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        channels: Sequence[ActionChannel],
        home_position: Sequence[float],
    ) -> None:
        """Finds the joints and servos.

        Args:
            model: the compiled world.
            data: its state.
            channels: one per entry of the body's state and action.
            home_position: the action at which an episode begins.
        """
        self._qpos, self._ctrl = data.qpos, data.ctrl
        self._qpos_indices = np.array([model.joint(c.joint).qposadr[0] for c in channels])
        coupled = [(c.joint, follower) for c in channels for follower in c.followers]
        self._follower_indices = [model.joint(name).qposadr[0] for _, name in coupled]
        self._followed_indices = [model.joint(name).qposadr[0] for name, _ in coupled]
        self._ctrl_indices = np.array([model.actuator(c.joint).id for c in channels])
        self._scale = np.array([channel.scale for channel in channels])
        self._offset = np.array([channel.offset for channel in channels])
        self._home = np.array(home_position) * self._scale + self._offset

    def begin_episode(self) -> None:
        """Puts every joint to its home, and its servo's goal with it."""
        self._qpos[self._qpos_indices] = self._home
        self._qpos[self._follower_indices] = self._qpos[self._followed_indices]
        self._ctrl[self._ctrl_indices] = self._home

    def act(self, action: Array) -> None:
        """Sets the servos' goals."""
        self._ctrl[self._ctrl_indices] = action * self._scale + self._offset

    def measure(self) -> Array:
        """Returns joint positions, in the units of the channels."""
        state = (self._qpos[self._qpos_indices] - self._offset) / self._scale
        return state.astype(np.float32)

    def stop(self) -> None:
        """Makes the present posture the servos' goal."""
        self._ctrl[self._ctrl_indices] = self._qpos[self._qpos_indices]
