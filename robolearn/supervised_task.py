"""`SupervisedTask`: a person sets out the scene of a physical robot, and judges what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable

from robolearn.errors import RobolearnError
from robolearn.robot import Robot
from robolearn.task import Evaluation, Task


def wait_for_enter(text: str) -> None:
    """Shows a line and waits for Enter; without a terminal it shows the line and goes on."""
    if sys.stdin is not None and sys.stdin.isatty():
        # With its own end of line: Enter shows none where every key is read at once.
        input(f"{text}, then press Enter\n")
    else:
        print(text, file=sys.stderr)


def go_on(text: str) -> None:
    """Asks nobody."""


class SupervisedTask(Task):
    """A goal that only a person can see: an episode ends by their word or by the time limit."""

    def __init__(
        self,
        name: str,
        instruction: str,
        time_limit_s: float,
        ask: Callable[[str], None] = wait_for_enter,
    ) -> None:
        """Takes the description of the task.

        Args:
            name: the task's name, as stored with every episode.
            instruction: the goal in words.
            time_limit_s: after this long the episode is truncated [s].
            ask: shows the person what to do, and returns when it is done.

        Raises:
            RobolearnError: if there is no instruction.
        """
        if not instruction:
            raise RobolearnError(
                f"task {name!r} has no instruction: say what is to be done, as"
                ' task.instruction="Fold the towel."'
            )
        self.name, self.instruction, self.time_limit_s = name, instruction, time_limit_s
        self._ask = ask

    def bind(self, robot: Robot) -> None:
        """Takes the robot; a person can have any robot do anything."""
        self._robot = robot

    def reset(self, seed: int) -> None:
        """Moves the robot to its home position, and has the person set out the scene."""
        self._robot.prepare()
        self._ask(f"set out the scene for start {seed} ({self.instruction})")

    def evaluate(self) -> Evaluation:
        """Knows nothing: the person says whether it worked."""
        return Evaluation(reward=0.0, terminated=False, success=False)


class FreeTask(SupervisedTask):
    """Nothing in particular: a person moves the robot about, and nobody sets anything out."""

    def __init__(self, time_limit_s: float = 3600.0) -> None:
        """Ends by itself after so long [s]."""
        super().__init__("free", "Move about.", time_limit_s, go_on)
