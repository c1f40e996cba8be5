"""`Recording`: what an expert does in many worlds, to be done again by whoever is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np

from robolearn.environment import Environment
from robolearn.errors import IncompatibleError
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.specs import Array

# With the solver's memory: from the same state the same controls lead to the same, to the bit.
STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@dataclass(frozen=True)
class Recording:
    """Steps of many worlds, autoresets among them.

    Attributes:
        seeds: of each world's first episode.
        actions: asked of each world, shape (num_steps, num_worlds, *action).
        ctrl: MuJoCo's controls that came of them, shape (num_steps, num_worlds, num_actuators).
        starts: the state in which an episode begins, by step and world; -1 is before the first.
        substeps: physics steps of a control step.
    """

    seeds: list[int]
    actions: Array
    ctrl: Array
    starts: dict[tuple[int, int], Array]
    substeps: int

    def repeat_worlds(self, num_worlds: int) -> Recording:
        """Returns so many worlds: the first of these, or these again and again."""
        rows = [row % len(self.seeds) for row in range(num_worlds)]
        by_row: dict[int, dict[int, Array]] = {row: {} for row in set(rows)}
        for (step, row), start in self.starts.items():
            if row in by_row:
                by_row[row][step] = start
        return Recording(
            [self.seeds[row] for row in rows],
            self.actions[:, rows],
            self.ctrl[:, rows],
            {
                (step, new): start
                for new, row in enumerate(rows)
                for step, start in by_row[row].items()
            },
            self.substeps,
        )


def record_worlds(
    make_environment: Callable[[], Environment], num_worlds: int, num_steps: int, seed: int
) -> Recording:
    """Lets the task's expert act in one world after the other.

    Raises:
        IncompatibleError: if the robot is not simulated by MuJoCo alone.
    """
    environment = make_environment()
    robot = environment.robot
    if not isinstance(robot, MujocoRobot):
        raise IncompatibleError(f"a {type(robot).__name__} cannot be recorded to its controls")
    expert = environment.task.make_expert()
    data = robot.world.data
    actions = np.zeros((num_steps, num_worlds, *environment.action_spec.shape), np.float32)
    ctrl = np.zeros((num_steps, num_worlds, data.ctrl.size))
    starts: dict[tuple[int, int], Array] = {}
    home = np.asarray(robot.embodiment.home_position, np.float32)
    for row in range(num_worlds):
        start_seed: int | None = seed + row
        ended = True
        for step in range(-1, num_steps):
            if ended:
                observation, info = environment.reset(seed=start_seed)
                expert.reset(environment.task.instruction, info["seed"])
                starts[step, row] = _get_state(robot)
                start_seed, ended = None, False
                actions[max(step, 0), row] = home  # ignored: the step is a reset
                continue
            actions[step, row] = expert.select_action(observation)
            environment.begin_step(actions[step, row])
            ctrl[step, row] = data.ctrl
            environment.pass_period()
            observation, _, terminated, truncated, _ = environment.finish_step()
            ended = terminated or truncated
    environment.close()
    seeds = list(range(seed, seed + num_worlds))
    return Recording(seeds, actions, ctrl, starts, robot.substeps)


def _get_state(robot: MujocoRobot) -> Array:
    model, data = robot.world.model, robot.world.data
    state = np.empty(mujoco.mj_stateSize(model, STATE))
    mujoco.mj_getState(model, data, state, STATE)
    return state
