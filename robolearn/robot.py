"""`Robot`: the one interface to a body, simulated or physical."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from robolearn.diagnostics import Finding
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


@dataclass(frozen=True)
class RobotHealth:
    """How the devices of a robot have fared since it was connected.

    Attributes:
        bus_errors: requests that got no valid answer, after all retries.
        limit_violations: how often a measured value lay outside the safety limits.
        counters: further counts by name, e.g. `timeouts`, `bad_frames`, `limited_actions`.
        readings: newest readings worth a look, by name with unit, e.g. `hottest_c`, `voltage_v`.
    """

    bus_errors: int = 0
    limit_violations: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)
    readings: Mapping[str, float] = field(default_factory=dict)

    def describe(self) -> str:
        """Returns one line for people."""
        counts = {
            "bus_errors": self.bus_errors,
            "limit_violations": self.limit_violations,
            **self.counters,
        }
        words = [f"{name} {count}" for name, count in counts.items()]
        words += [f"{name} {value:.3g}" for name, value in self.readings.items()]
        return ", ".join(words)


class Robot(ABC):
    """A body that can be observed and told where to go.

    Use it as a context manager: it connects on entering, and stops and closes on leaving, also when
    an exception passes. Specs are readable before connecting. Time is the robot's own: between two
    actions the caller sleeps on `clock`, which on a simulated robot is what advances the physics.

    Attributes:
        embodiment: the body as data, the same object for the simulated and the physical twin.
        cameras: names of the cameras that are switched on.
        clock: the robot's time.
        is_stop_asked: asked at every step of a move that the robot makes by itself, such as that of
            `prepare`: whether a person wants it to stop. `run_episode` sets it.
    """

    embodiment: Embodiment
    cameras: tuple[str, ...]
    clock: Clock
    is_stop_asked: Callable[[], bool] = staticmethod(lambda: False)

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

    def prepare(self) -> None:
        """Brings the body slowly to its home position, where an episode begins; waits for it.

        A simulated robot does nothing here: its task puts it there.

        Raises:
            RobotError: if it cannot get there, or a person wants it to stop.
        """
        return

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

    def get_health(self) -> RobotHealth:
        """Returns how the devices have fared; a simulated robot has none. Costs no exchange."""
        return RobotHealth()

    @property
    def settings(self) -> Mapping[str, str]:
        """What a dataset must keep of how this robot was set up, by name; empty in simulation.

        E.g. `robot_id`, `calibration` (its hash), `limits_off` (limits that were turned off).
        """
        return {}

    def diagnose(self) -> list[Finding]:
        """Looks at the devices without moving them or switching anything on.

        The robot must not be connected, and is not afterwards. Raises nothing because a device is
        absent: that is a finding. A simulated robot has none.
        """
        return []

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
