"""Meta-World's 50 tasks (package metaworld 3.1.1, the V3 environments) behind `Environment`.

A start and its goal are one random vector, drawn by Meta-World's own sampler. Its multi-task
benchmarks draw 50 of them per task from one seed and evaluate on each: `goals_seed` takes these.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar, Literal

import mujoco
import numpy as np

from robolearn.embodiments.sawyer_metaworld import SAWYER_METAWORLD
from robolearn.errors import MissingDependencyError, UnknownNameError
from robolearn.policy import Policy
from robolearn.sim.backends.foreign import ForeignRobot, ForeignTask
from robolearn.sim.backends.foreign_world import ForeignWorld, Outcome
from robolearn.sim.backends.metaworld_instructions import INSTRUCTIONS
from robolearn.specs import Array

RewardVersion = Literal["v1", "v2"]
REWARD_VERSIONS = ("v1", "v2")
TIME_LIMIT_S = 6.25  # `max_path_length`, 500 steps, at 80 Hz
OVERVIEW = "corner4"

_NOW = (
    ("hand_x", "m"),
    ("hand_y", "m"),
    ("hand_z", "m"),
    ("gripper_opening", "1"),
    # Two objects, zero where the task has only one. Some tasks fill the second otherwise.
    *(
        (f"object_{index}_{part}", unit)
        for index in (1, 2)
        for part, unit in zip(("x", "y", "z", "q0", "q1", "q2", "q3"), "mmm1111", strict=True)
    ),
)
STATE_CHANNELS = (
    *_NOW,
    *((f"{name}_before", unit) for name, unit in _NOW),  # one step earlier
    *((f"goal_{axis}", "m") for axis in "xyz"),
)


def import_metaworld() -> ModuleType:
    """Returns the package, with its policies.

    Raises:
        MissingDependencyError: if it, or something that it needs, is not installed.
    """
    try:
        import metaworld
        import metaworld.policies
    except ImportError as error:
        raise MissingDependencyError(
            f"Meta-World cannot be imported ({error}): pip install 'robolearn[metaworld]', which"
            " brings what it needs, and then pip install --no-deps metaworld==3.1.1, as it demands"
            " another MuJoCo than ours but does not need it"
        ) from error
    return metaworld


def make_env(name: str, reward_version: RewardVersion) -> Any:
    """Builds Meta-World's own environment, whose observation shows the goal, ready for a reset."""
    env = import_metaworld().ALL_V3_ENVIRONMENTS[name](reward_function_version=reward_version)
    env._set_task_called = True  # as its `set_task` does
    env._partially_observable = False
    del env.sawyer_observation_space  # cached for a hidden goal
    return env


class MetaworldWorld(ForeignWorld):
    """One of Meta-World's environments.

    Attributes:
        env: Meta-World's own.
        observation: its last one, as exact as it gave it, shape (39,).
    """

    def __init__(
        self, name: str, reward_version: RewardVersion, goals_seed: int | None = None
    ) -> None:
        """Builds the environment; with `goals_seed` also the 50 goals, in about a second."""
        self.env = make_env(name, reward_version)
        self.env.max_path_length = sys.maxsize  # the time limit is ours
        self._tasks: list[Any] = []
        if goals_seed is not None:
            self._tasks = import_metaworld().MT1(name, seed=goals_seed).train_tasks
        _turn_cameras_upright(self.env.model, self.env.data)

    @property
    def model(self) -> mujoco.MjModel:
        """The compiled scene."""
        return self.env.model

    @property
    def data(self) -> mujoco.MjData:
        """Its state."""
        return self.env.data

    def reset(self, seed: int) -> None:
        """Takes the seed's goal and start."""
        if self._tasks:
            self.env.set_task(self._tasks[seed % len(self._tasks)])
        else:
            self._draw(seed)
        self.observation, _ = self.env.reset()

    def step(self, action: Array) -> None:
        """Makes 12.5 ms pass."""
        self.observation, self._reward, _, _, self._info = self.env.step(action)

    def get_state(self) -> Array:
        """Position of the hand [m] and opening of the gripper."""
        return self.observation[:4].astype(np.float32)

    def get_environment_state(self) -> Array:
        """Meta-World's whole observation."""
        return self.observation

    def get_outcome(self) -> Outcome:
        """Meta-World's reward and success flag."""
        return Outcome(float(self._reward), bool(self._info["success"]))

    def _draw(self, seed: int) -> None:
        """Has Meta-World draw the random vector, and keeps it for the reset to come.

        Meta-World draws within a reset, and twice at that. So that the start depends on the vector
        alone, as in its benchmarks, the draw has a reset of its own.
        """
        env = self.env
        env.seed(seed)
        env.seeded_rand_vec, env._freeze_rand_vec = True, False
        env.reset()
        env._freeze_rand_vec = True


class MetaworldRobot(ForeignRobot):
    """Meta-World's Sawyer."""

    def __init__(
        self,
        cameras: Sequence[str] = (),
        image_height_px: int | None = None,
        image_width_px: int | None = None,
    ) -> None:
        """Checks the choices; see `ForeignRobot`."""
        super().__init__(SAWYER_METAWORLD, cameras, image_height_px, image_width_px, OVERVIEW)


class MetaworldTask(ForeignTask):
    """One of the 50 tasks, by Meta-World's own name, reward and success flag."""

    embodiment_name: ClassVar = SAWYER_METAWORLD.name
    robot_choice: ClassVar = "metaworld_sim"

    def __init__(
        self,
        name: str,
        instruction: str | None = None,
        reward_version: RewardVersion = "v2",
        goals_seed: int | None = None,
        ends_on_success: bool = True,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        """Checks the names; nothing of Meta-World is imported yet.

        Args:
            name: Meta-World's, e.g. `door-open-v3`.
            instruction: the goal in words; None takes ours, as Meta-World has none.
            reward_version: v1, unbounded, or v2, 0 to 10; figures of the two do not compare.
            goals_seed: None gives every start seed a goal of its own; else the goals are the 50 of
                `metaworld.MT1(name, seed=goals_seed)` and a start takes number seed modulo 50.
            ends_on_success: the episode ends with the first success; else at its time limit.
            time_limit_s: after this long the episode is truncated [s].

        Raises:
            UnknownNameError: if there is no such task or reward version.
        """
        if name not in INSTRUCTIONS:
            raise UnknownNameError("Meta-World task", name, INSTRUCTIONS)
        if reward_version not in REWARD_VERSIONS:
            raise UnknownNameError("reward version", reward_version, REWARD_VERSIONS)
        super().__init__(
            f"metaworld-{name}-reward-{reward_version}",
            instruction or INSTRUCTIONS[name],
            time_limit_s,
            STATE_CHANNELS,
            ends_on_success,
        )
        self._metaworld_name, self._goals_seed = name, goals_seed
        self._reward_version: RewardVersion = reward_version

    def make_world(self, robot: ForeignRobot) -> MetaworldWorld:
        """Builds Meta-World's environment."""
        del robot
        return MetaworldWorld(self._metaworld_name, self._reward_version, self._goals_seed)

    def make_expert(self) -> Policy:
        """Returns Meta-World's own scripted policy."""
        assert isinstance(self.world, MetaworldWorld)
        return MetaworldExpert(self._metaworld_name, self.world)


class MetaworldExpert(Policy):
    """A scripted policy of Meta-World; it sees the observation as exactly as it was made."""

    def __init__(self, name: str, world: MetaworldWorld) -> None:
        self._make_policy = import_metaworld().policies.ENV_POLICY_MAP[name]
        self._world = world

    def reset(self, instruction: str, seed: int) -> None:
        """Begins with a new policy."""
        del instruction, seed
        self._policy = self._make_policy()

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the policy's action within bounds."""
        del observation
        return choose_action(self._policy, self._world.observation)


def choose_action(policy: Any, observation: Array) -> Array:
    """Returns what a scripted policy of Meta-World does, clipped as its users do."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Constant\(s\) may be too high")  # it says: is clipped
        action = policy.get_action(observation)
    return SAWYER_METAWORLD.action_spec.clip(action)


def _turn_cameras_upright(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Turns every camera that hangs head down about its line of sight: the four in the corners.

    Those on the hand have no up of their own and stay.
    """
    half_turn = np.array([0.0, 0.0, 0.0, 1.0])
    for index in range(model.ncam):
        up_w = data.cam_xmat[index].reshape(3, 3)[:, 1]
        if model.cam_bodyid[index] == 0 and up_w[2] < 0:
            mujoco.mju_mulQuat(model.cam_quat[index], model.cam_quat[index].copy(), half_turn)
