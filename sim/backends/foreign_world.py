"""`ForeignWorld`: somebody else's environment, as our robot and task need it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import mujoco

from robolearn.specs import Array


@dataclass(frozen=True)
class Outcome:
    """What a foreign environment says of the step it has just made.

    Attributes:
        reward: its own.
        success: its own verdict on this moment alone.
        failure: it gives the episode up for lost.
    """

    reward: float
    success: bool
    failure: bool = False


class ForeignWorld(ABC):
    """Somebody else's environment: one robot in one scene with one task.

    Its own time limit must be off.

    Attributes:
        hidden_geom_groups: groups of geoms that its pictures leave out, such as collision shapes.
    """

    hidden_geom_groups: ClassVar[tuple[int, ...]] = ()

    @property
    @abstractmethod
    def model(self) -> mujoco.MjModel:
        """The compiled scene; another object after a `reset` that built a new one."""

    @property
    @abstractmethod
    def data(self) -> mujoco.MjData:
        """The scene's state; replaced together with `model`."""

    @abstractmethod
    def reset(self, seed: int) -> None:
        """Starts an episode; the seed alone decides how, whatever happened before."""

    @abstractmethod
    def step(self, action: Array) -> None:
        """Makes one control period pass under an action that fits the embodiment's spec."""

    @abstractmethod
    def get_state(self) -> Array:
        """Returns what the robot itself can measure, as the embodiment's `state_spec` says."""

    @abstractmethod
    def get_environment_state(self) -> Array:
        """Returns the privileged state, as the task's `observation_spec` says."""

    @abstractmethod
    def get_outcome(self) -> Outcome:
        """Returns what became of the last step; asked after one only."""

    def name_camera(self, name: str) -> str:
        """Returns the model's name of a camera that has another name in the embodiment."""
        return name

    def close(self) -> None:
        """Releases what the world holds, until a `reset`. Allowed any number of times."""
        return
