"""`Suite`: a versioned list of tasks that belong together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from robolearn.errors import UnknownNameError
from robolearn.sim.suites.starts import StoredStarts, load_starts
from robolearn.sim.tasks.sim_task import SimTask


@dataclass(frozen=True)
class TaskDescription:
    """What a person, or another command, wants to know of a task.

    Attributes:
        suite: whose it is.
        id: its name within the suite.
        instruction: the goal in words.
        goal: the goal as the judge reads it, a line for each part.
        time_limit_s: of an episode [s].
        robot: the choice of `configs/robot/` that the suite is meant for.
    """

    suite: str
    id: str
    instruction: str
    goal: tuple[str, ...]
    time_limit_s: float
    robot: str

    @property
    def name(self) -> str:
        """The task's full name, as on the command line."""
        return f"{self.suite}/{self.id}"


class Suite(ABC):
    """A list of tasks.

    Attributes:
        name: as on the command line, `task=NAME/…`.
        version: changes with anything that changes what is measured: results of two versions are
            not to be compared.
        robot: the choice of `configs/robot/` that it is meant for, and measured on.
        summary: what its tasks have in common, in a line.
    """

    def __init__(self, name: str, version: int, robot: str, summary: str) -> None:
        self.name, self.version, self.robot, self.summary = name, version, robot, summary

    @property
    @abstractmethod
    def task_ids(self) -> tuple[str, ...]:
        """The names of its tasks within the suite, in order."""

    @abstractmethod
    def build_task(self, task_id: str, **options: Any) -> SimTask:
        """Builds a task of the suite; `task_id` is one of `task_ids`, options go to the task."""

    @abstractmethod
    def describe_goal(self, task: SimTask) -> tuple[str, ...]:
        """Returns a task's goal as the judge reads it, a line for each part."""

    def make_task(self, task_id: str, **options: Any) -> SimTask:
        """Builds a task, by default named after the suite.

        Raises:
            UnknownNameError: if the suite has no such task.
        """
        if task_id not in self.task_ids:
            raise UnknownNameError("task", task_id, self.task_ids, f"in suite {self.name!r}")
        return self.build_task(task_id, **{"name": f"{self.name}/{task_id}", **options})

    def describe(self, task_id: str) -> TaskDescription:
        """Describes a task.

        Raises:
            UnknownNameError: if the suite has no such task.
        """
        task = self.make_task(task_id)
        return TaskDescription(
            self.name,
            task_id,
            task.instruction,
            self.describe_goal(task),
            task.time_limit_s,
            self.robot,
        )

    def load_starts(self, task_id: str) -> StoredStarts:
        """Returns the stored starts of a task.

        Raises:
            RobolearnError: if the suite stores none for it.
        """
        return load_starts(self.name, self.version, task_id)
