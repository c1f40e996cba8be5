"""robosuite's own tasks for one arm, behind our interface.

Nothing of robosuite is changed: its models, its default composite controller (operational-space
pose for the arm) with its Python code in every physics step, its rewards and its verdicts. What
differs from its own loop: the time limit is ours; success ends the episode and a reset keeps the
compiled model, unless asked otherwise; every start follows from its seed alone; pictures are drawn
by our renderer, upright and without shadows.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from robolearn.embodiments.delta_hand import DeltaHand
from robolearn.sim.backends.foreign import ForeignRobot, ForeignTask
from robolearn.sim.backends.foreign_world import ForeignWorld
from robolearn.sim.backends.robosuite_package import check_name, list_tasks
from robolearn.sim.backends.robosuite_world import PROPRIOCEPTION, RobosuiteWorld

PLAINEST_TASK = "Lift"
OVERVIEW = "frontview"

INSTRUCTIONS = {
    "Door": "Open the door.",
    "Lift": "Lift the red cube.",
    "NutAssembly": "Put the square nut on the square peg and the round nut on the round peg.",
    "NutAssemblyRound": "Put the round nut on the round peg.",
    "NutAssemblySingle": "Put the nut on the peg of its shape.",
    "NutAssemblySquare": "Put the square nut on the square peg.",
    "PickPlace": "Put each object into its bin.",
    "PickPlaceBread": "Put the bread into its bin.",
    "PickPlaceCan": "Put the can into its bin.",
    "PickPlaceCereal": "Put the cereal into its bin.",
    "PickPlaceMilk": "Put the milk into its bin.",
    "PickPlaceSingle": "Put the object into its bin.",
    "Stack": "Stack the red cube on the green cube.",
    "ToolHang": "Assemble the frame and hang the tool on it.",
    "Wipe": "Wipe the dirt off the table.",
}


class RobosuiteRobot(ForeignRobot):
    """Any of robosuite's robots with one arm."""

    def __init__(
        self,
        arm: str = "Panda",
        cameras: Sequence[str] = (),
        image_height_px: int | None = None,
        image_width_px: int | None = None,
        control_rate_hz: float = 20.0,
        proprioception: Sequence[str] = PROPRIOCEPTION,
    ) -> None:
        """Looks the body up; it is that of the plainest task until a task is bound.

        Args:
            arm: robosuite's name of it, e.g. `Panda` or `UR5e`.
            cameras: `front` (agentview), `wrist` (robot0_eye_in_hand), or any of robosuite's names.
            image_height_px: of every camera [px]; None means 96.
            image_width_px: likewise [px].
            control_rate_hz: how often an action is taken [Hz].
            proprioception: which of robosuite's observables of the robot make up its state.

        Raises:
            MissingDependencyError: if robosuite is not installed.
            UnknownNameError: if there is no such arm, camera or observable.
        """
        self.arm, self.proprioception = arm, tuple(proprioception)
        body = _find_body(arm, control_rate_hz, self.proprioception)
        super().__init__(body, cameras, image_height_px, image_width_px, OVERVIEW)

    def enter(self, world: ForeignWorld) -> None:
        """Takes the world that a task lends, and the tool it has fitted."""
        assert isinstance(world, RobosuiteWorld)
        self._take_body(world.embodiment)
        super().enter(world)


class RobosuiteTask(ForeignTask):
    """Any of robosuite's tasks for one arm."""

    embodiment_name, robot_choice = "any of robosuite's", "robosuite_sim"
    world: RobosuiteWorld

    def __init__(
        self,
        name: str,
        time_limit_s: float = 25.0,
        instruction: str | None = None,
        reward_shaping: bool = False,
        hard_reset: bool = False,
        ends_on_success: bool = True,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Takes the choice; the world is built by `bind`.

        Args:
            name: robosuite's name of it, e.g. `Lift`.
            time_limit_s: after this long the episode is truncated [s].
            instruction: the goal in words; None takes ours.
            reward_shaping: rewards are robosuite's dense ones instead of its sparse ones.
            hard_reset: a reset compiles a new model; see `RobosuiteWorld`.
            ends_on_success: the episode ends with the first success; else at its time limit.
            options: further arguments of `robosuite.make`.

        Raises:
            MissingDependencyError: if robosuite is not installed.
            UnknownNameError: if there is no such task for one arm.
        """
        check_name("robosuite task", name, list_tasks(), "for one arm")
        self._own_name, self._options = name, options
        self._reward_shaping, self._hard_reset = reward_shaping, hard_reset
        words = instruction or INSTRUCTIONS.get(name, f"Do robosuite's task {name}.")
        super().__init__(f"robosuite/{name}", words, time_limit_s, ends_on_success=ends_on_success)

    def fits(self, robot: ForeignRobot) -> bool:
        """Says whether it is one of robosuite's robots."""
        return isinstance(robot, RobosuiteRobot)

    def make_world(self, robot: ForeignRobot) -> RobosuiteWorld:
        """Builds robosuite's environment, and learns its channels; see `ForeignTask.make_world`."""
        assert isinstance(robot, RobosuiteRobot)
        world = RobosuiteWorld(
            self._own_name,
            robot.arm,
            robot.embodiment.control_rate_hz,
            robot.proprioception,
            self._reward_shaping,
            self._hard_reset,
            self._options,
        )
        self.describe_state(world.state_channels)
        return world


@functools.cache
def _find_body(arm: str, control_rate_hz: float, proprioception: tuple[str, ...]) -> DeltaHand:
    """Returns an arm with its own gripper: robosuite has no arm without a scene."""
    return RobosuiteWorld(PLAINEST_TASK, arm, control_rate_hz, proprioception).embodiment
