"""`Task`: what is to be done, when it counts as done, and how an episode starts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from robolearn.errors import RobolearnError
from robolearn.policy import Policy
from robolearn.robot import Robot
from robolearn.specs import Array, ArraySpec


@dataclass(frozen=True)
class Evaluation:
    """How the task stands after a step.

    Attributes:
        reward: reward of the step.
        terminated: the task has reached an end of its own, good or bad (never the clock's end).
        success: the goal is reached.
    """

    reward: float
    terminated: bool
    success: bool


class Task(ABC):
    """A goal for a robot.

    Attributes:
        name: as in `configs/task/<name>.yaml`.
        instruction: the goal in words, as a person would say it.
        time_limit_s: after this long the episode is truncated [s].
    """

    name: str
    instruction: str
    time_limit_s: float

    @abstractmethod
    def bind(self, robot: Robot) -> None:
        """Ties the task to the robot that will do it; called once, before anything else.

        Raises:
            IncompatibleError: if this robot cannot do this task.
        """

    @property
    def observation_spec(self) -> dict[str, ArraySpec]:
        """Specs of what the task adds to the observation: privileged state, simulation only."""
        return {}

    def get_observation(self) -> dict[str, Array]:
        """Returns the values of `observation_spec`; the caller may keep them."""
        return {}

    @abstractmethod
    def reset(self, seed: int) -> None:
        """Starts an episode: the same seed gives the same start."""

    @abstractmethod
    def evaluate(self) -> Evaluation:
        """Judges the present state; called once after each step."""

    def make_expert(self) -> Policy:
        """Returns a scripted policy that solves the task with privileged knowledge.

        Raises:
            RobolearnError: if the task has none.
        """
        raise RobolearnError(f"task {self.name!r} has no scripted expert: demonstrate it yourself")

    def close(self) -> None:
        """Releases what the task holds. Allowed once it is bound, any number of times."""
        return
