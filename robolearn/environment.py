"""`Environment`: a robot with a task, as a `gymnasium.Env`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from robolearn import keys
from robolearn.errors import RobolearnError
from robolearn.robot import Robot
from robolearn.specs import Array, ArraySpec, BoundedArraySpec
from robolearn.task import Task
from robolearn.timing import Pacer


class Environment(gymnasium.Env[dict[str, Array], Array]):
    """Steps a robot at its control rate and asks the task how it stands.

    `step` sends the action, sleeps on the robot's clock until the next absolute deadline, observes
    and evaluates. Deadlines count from an episode's first action. `terminated` is the task's own
    end; `truncated` is the time limit and is never true together with it. `info` holds:

    - `is_success`: the goal is reached,
    - `action_applied`: what the robot really applied,
    - `sent_s`: when the action was sent, on the robot's clock [s],
    - `captured_s`: when each stream of the returned observation was captured [s].
    """

    metadata = {"render_modes": []}  # noqa: RUF012  (gymnasium's own declaration)

    def __init__(self, robot: Robot, task: Task) -> None:
        """Binds the task to the robot; connects at the first `reset`."""
        task.bind(robot)
        self.robot, self.task = robot, task
        self.observation_spec: dict[str, ArraySpec] = {
            **robot.observation_spec,
            **task.observation_spec,
        }
        self.action_spec: BoundedArraySpec = robot.action_spec
        self.observation_space: gymnasium.Space[dict[str, Array]] = gymnasium.spaces.Dict(  # type: ignore[assignment]
            {key: _make_space(spec) for key, spec in self.observation_spec.items()}
        )
        self.action_space = _make_space(self.action_spec)
        self.max_episode_steps = round(task.time_limit_s / robot.control_period_s)
        self._connected = False
        self._step_index: int | None = None  # None before the first reset

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Starts an episode; see `gymnasium.Env.reset`. `info["seed"]` names its start."""
        super().reset(seed=seed)
        if not self._connected:
            self.robot.connect()
            self._connected = True
            self.pacer = Pacer(self.robot.clock, self.robot.control_period_s)
        start_seed = int(self.np_random.integers(2**31)) if seed is None else int(seed)
        self.task.reset(start_seed)
        self._step_index = 0
        values, captured_s = self._observe()
        return values, {"seed": start_seed, "captured_s": captured_s}

    def step(self, action: Array) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """Runs one control period; see `gymnasium.Env.step`.

        Raises:
            SpecError: if the action does not fit `action_spec`.
            RobolearnError: before the first `reset`.
        """
        self.begin_step(action)
        self.pass_period()
        return self.finish_step()

    def begin_step(self, action: Array) -> None:
        """Sends the action: the part of `step` before time passes.

        Whoever steps many worlds does each part for all of them in turn, which keeps it in the
        processor's caches, or lets their time pass in one call.

        Raises:
            SpecError: as `step`; then the step has not begun.
            RobolearnError: as `step`.
        """
        if self._step_index is None:
            raise RobolearnError("step() before reset(): an episode begins with reset()")
        if self._step_index == 0:
            # Nothing moves before the first action, however long the policy takes to choose it.
            self.pacer.start()
        self._sent_s = self.robot.clock.now_s()
        self._applied = self.robot.send_action(action)

    def pass_period(self) -> None:
        """Lets the rest of the control period pass; `begin_step` comes before."""
        self.pacer.wait()

    def finish_step(self) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """Observes and judges what `pass_period` led to: what `step` returns."""
        assert self._step_index is not None, "finish_step() without begin_step()"
        values, captured_s = self._observe()
        evaluation = self.task.evaluate()
        self._step_index += 1
        truncated = self._step_index >= self.max_episode_steps and not evaluation.terminated
        info = {
            "is_success": evaluation.success,
            keys.ACTION_APPLIED: self._applied,
            "sent_s": self._sent_s,
            "captured_s": captured_s,
        }
        return values, evaluation.reward, evaluation.terminated, truncated, info

    def close(self) -> None:
        """Stops and releases the robot, and what the task holds."""
        self.robot.close()
        self.task.close()
        self._connected, self._step_index = False, None

    def _observe(self) -> tuple[dict[str, Array], dict[str, float]]:
        """Adds the task's privileged values, captured at the same moment as the robot's state."""
        seen, privileged = self.robot.get_observation(), self.task.get_observation()
        captured_s = dict.fromkeys(privileged, seen.captured_s[keys.STATE])
        return {**seen.values, **privileged}, {**seen.captured_s, **captured_s}


def _make_space(spec: ArraySpec) -> gymnasium.spaces.Box:
    """Turns a spec into a Gymnasium space; without bounds of its own it spans the dtype."""
    if isinstance(spec, BoundedArraySpec):
        return gymnasium.spaces.Box(spec.low.copy(), spec.high.copy(), dtype=spec.numpy_dtype.type)
    return gymnasium.spaces.Box(-np.inf, np.inf, spec.shape, spec.numpy_dtype.type)
