"""`Robot`: the one interface to a body, simulated or physical."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from robolearn.embodiments import Embodiment
from robolearn.errors import RobotError
from robolearn.specs import Array, ArraySpec, BoundedArraySpec
from robolearn.timing import Clock


@dataclass(frozen=True)
class Observation:
    """What a robot saw, and when.

    Attributes:
        values: one array per key of the robot's `observation_spec`; the caller may keep them.
        captured_s: when each stream was captured, on the robot's clock [s]; same keys.
    """

    values: dict[str, Array]
    captured_s: dict[str, float]


class Robot(ABC):
    """A body that can be observed and told where to go.

    Use it as a context manager: it connects on entering, and stops and closes on leaving, also when
    an exception passes. Specs are readable before connecting. Time is the robot's own: between two
    actions the caller sleeps on `clock`, which on a simulated robot is what advances the physics.

    Attributes:
        embodiment: the body as data, the same object for the simulated and the physical twin.
        cameras: names of the cameras that are switched on.
        clock: the robot's time.
    """

    embodiment: Embodiment
    cameras: tuple[str, ...]
    clock: Clock

    @property
    def observation_spec(self) -> dict[str, ArraySpec]:
        """Specs of the values `get_observation` returns."""
        return self.embodiment.observation_spec(self.cameras)

    @property
    def action_spec(self) -> BoundedArraySpec:
        """Spec of the action `send_action` takes."""
        return self.embodiment.action_spec

    @property
    def control_period_s(self) -> float:
        """Time between two actions [s]."""
        return self.embodiment.control_period_s

    @abstractmethod
    def connect(self) -> None:
        """Makes the robot ready to observe and act. Does nothing if it is connected.

        Raises:
            RobotError: if it cannot be reached or must not move.
        """

    @abstractmethod
    def get_observation(self) -> Observation:
        """Returns the newest observation."""

    @abstractmethod
    def send_action(self, action: Array) -> Array:
        """Starts an action and returns at once what is really applied.

        Raises:
            SpecError: if the action does not fit `action_spec`; it is refused, never clipped.
        """

    @abstractmethod
    def stop(self) -> None:
        """Stops all motion and stays still. Allowed in every state, any number of times."""

    @abstractmethod
    def close(self) -> None:
        """Stops and releases every device. Allowed in every state, any number of times."""

    def render(self) -> Array:
        """Returns a picture of the scene for people, uint8 HWC RGB; no policy sees it.

        Raises:
            RobotError: if the robot has no such view.
        """
        raise RobotError(f"{type(self).__name__} has no view of the scene to film")

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            self.close()
