"""LIBERO at full fidelity: its own simulation behind our interface.

It stands on robosuite 1.4.0 and so needs an environment of its own, where it is installed beside
robolearn. Its scenes, controller, physics and verdicts are unchanged; an episode begins in one of
its stored initial states. What differs from its own loop: a reset keeps the compiled model unless
asked otherwise, what it draws from numpy's global generator follows from the seed and leaves that
generator as it was, and pictures are drawn by our renderer, upright and without shadows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from robolearn.embodiments.panda_libero import PANDA_LIBERO
from robolearn.errors import MissingDependencyError, RobolearnError
from robolearn.sim.backends.foreign import ForeignRobot, ForeignTask
from robolearn.sim.backends.foreign_world import ForeignWorld, Outcome
from robolearn.sim.backends.libero_files import (
    ensure_config,
    find_package_folder,
    list_tasks,
    read_init_states,
    read_instruction,
)
from robolearn.sim.backends.robosuite_channels import name_objects
from robolearn.sim.backends.robosuite_package import load_robosuite
from robolearn.specs import Array

ROBOSUITE_VERSION = "1.4"
PROPRIOCEPTION = ("robot0_joint_pos", "robot0_eef_pos", "robot0_eef_quat", "robot0_gripper_qpos")
CAMERAS = {"front": "agentview", "wrist": "robot0_eye_in_hand"}
COLLISION_GEOM_GROUP = 0
MAX_PLACEMENT_TRIES = 100


class LiberoWorld(ForeignWorld):
    """One of LIBERO's environments.

    Attributes:
        state_channels: name and unit of each entry of the privileged state.
        own_environment: LIBERO's object, to look at what our interface does not show.
    """

    hidden_geom_groups = (COLLISION_GEOM_GROUP,)

    def __init__(
        self, bddl_file: Path, init_states: Array, settle_steps: int, hard_reset: bool
    ) -> None:
        """Builds the environment; LIBERO must have a configuration by now (`ensure_config`).

        Args:
            bddl_file: what describes the task.
            init_states: flattened MuJoCo states, one per start.
            settle_steps: so many idle steps are made before an episode begins.
            hard_reset: a reset compiles a new model, seconds instead of milliseconds.

        Raises:
            MissingDependencyError: if LIBERO or the robosuite it needs cannot be imported.
        """
        wrapper = _import_environments()
        self._init_states, self._settle_steps = init_states, settle_steps
        with _seeded(0):
            self.own_environment: Any = wrapper.ControlEnv(
                bddl_file_name=str(bddl_file),
                has_offscreen_renderer=False,
                use_camera_obs=False,
                ignore_done=True,
                hard_reset=hard_reset,
                control_freq=PANDA_LIBERO.control_rate_hz,
            )
        self.reset(0)
        self.state_channels = name_objects(self.own_environment.env._observables, self._observation)

    @property
    def model(self) -> mujoco.MjModel:
        """The compiled scene."""
        return self.own_environment.sim.model._model

    @property
    def data(self) -> mujoco.MjData:
        """The scene's state."""
        return self.own_environment.sim.data._data

    def reset(self, seed: int) -> None:
        """Starts in the stored state `seed` modulo their number; see `ForeignWorld.reset`."""
        with _seeded(seed):
            self._place()
        state = self._init_states[seed % len(self._init_states)]
        self._observation: dict[str, Array] = self.own_environment.set_init_state(state)
        self._reward = 0.0
        for _ in range(self._settle_steps):
            self.step(np.asarray(PANDA_LIBERO.rest_position))

    def step(self, action: Array) -> None:
        """Makes one control period pass."""
        self._observation, reward, _, _ = self.own_environment.step(action)
        self._reward = float(reward)

    def get_state(self) -> Array:
        """Returns joints, pose of the hand and fingers."""
        return np.concatenate([self._observation[k] for k in PROPRIOCEPTION]).astype(np.float32)

    def get_environment_state(self) -> Array:
        """Returns LIBERO's `object-state`."""
        return np.asarray(self._observation["object-state"])

    def get_outcome(self) -> Outcome:
        """Returns its reward and verdict."""
        return Outcome(self._reward, bool(self.own_environment.check_success()))

    def name_camera(self, name: str) -> str:
        """Returns LIBERO's name of a camera."""
        return CAMERAS.get(name, name)

    def _place(self) -> None:
        """Resets LIBERO, which draws places until they fit; its own loop would try for ever."""
        from robosuite.utils.errors import RandomizationError

        for _ in range(MAX_PLACEMENT_TRIES):
            with contextlib.suppress(RandomizationError):
                self.own_environment.env.reset()
                # robosuite 1.4 keeps how far the fingers were told to go, unlike 1.5.
                gripper = self.own_environment.robots[0].gripper
                gripper.current_action = np.zeros(gripper.dof)
                return
        raise RobolearnError(f"LIBERO found no room for its objects in {MAX_PLACEMENT_TRIES} tries")


class LiberoRobot(ForeignRobot):
    """LIBERO's Panda."""

    def __init__(
        self,
        cameras: Sequence[str] = (),
        image_height_px: int | None = None,
        image_width_px: int | None = None,
    ) -> None:
        """Checks the choices; the world comes with the task.

        Args:
            cameras: `front` (agentview), `wrist` (robot0_eye_in_hand), or LIBERO's own names.
            image_height_px: of every camera [px]; None means 128, as in LIBERO.
            image_width_px: likewise [px].

        Raises:
            UnknownNameError: if there is no such camera.
        """
        super().__init__(PANDA_LIBERO, cameras, image_height_px, image_width_px, "frontview")


class LiberoTask(ForeignTask):
    """Any of LIBERO's 130 tasks."""

    embodiment_name, robot_choice = PANDA_LIBERO.name, "libero_sim"
    world: LiberoWorld

    def __init__(
        self,
        suite: str,
        index: int,
        name: str | None = None,
        instruction: str | None = None,
        time_limit_s: float = 30.0,
        settle_steps: int = 5,
        hard_reset: bool = False,
        ends_on_success: bool = True,
        config_folder: str | None = None,
    ) -> None:
        """Reads what LIBERO's files say of the task; the world is built by `bind`.

        Args:
            suite: e.g. `libero_goal`.
            index: of the task in it, in LIBERO's order, from 0.
            name: as results show it; None takes suite and LIBERO's name of the task.
            instruction: the goal in words; None takes LIBERO's.
            time_limit_s: after this long the episode is truncated [s]; LIBERO's own evaluation
                allows 600 steps, 30 s.
            settle_steps: idle steps before an episode begins; LIBERO's own evaluation makes 5.
            hard_reset: a reset compiles a new model, as LIBERO does by default.
            ends_on_success: the episode ends with the first success, as LIBERO has it.
            config_folder: where to write LIBERO's configuration if it has none yet.

        Raises:
            MissingDependencyError: if LIBERO is not installed.
            UnknownNameError: if there is no such suite.
            RobolearnError: if there is no such task, or no configuration.
        """
        folder = find_package_folder()
        names = list_tasks(suite, folder)
        if not 0 <= index < len(names):
            raise RobolearnError(f"{suite} has tasks 0 to {len(names) - 1}, no task {index}")
        ensure_config(config_folder, folder)
        own_name = names[index]
        self._bddl_file = folder / "bddl_files" / suite / f"{own_name}.bddl"
        self._init_states_file = folder / "init_files" / suite / f"{own_name}.pruned_init"
        self._settle_steps, self._hard_reset = settle_steps, hard_reset
        super().__init__(
            name or f"{suite}/{own_name}",
            instruction or read_instruction(self._bddl_file),
            time_limit_s,
            ends_on_success=ends_on_success,
        )

    def make_world(self, robot: ForeignRobot) -> LiberoWorld:
        """Builds LIBERO's environment, and learns its channels; see `ForeignTask.make_world`."""
        states = read_init_states(self._init_states_file)
        world = LiberoWorld(self._bddl_file, states, self._settle_steps, self._hard_reset)
        self.describe_state(world.state_channels)
        return world


def _import_environments() -> Any:
    """Imports LIBERO's environments on the robosuite they need.

    Raises:
        MissingDependencyError: if one of them cannot be imported, or robosuite is another.
    """
    version = load_robosuite().__version__
    if not version.startswith(ROBOSUITE_VERSION):
        raise MissingDependencyError(
            f"LIBERO needs robosuite 1.4.0, and {version} is installed here: give LIBERO an"
            " environment of its own; see docs/suites.md"
        )
    try:
        from libero.libero.envs import env_wrapper
    except ImportError as error:
        raise MissingDependencyError(
            f"LIBERO cannot be imported ({error}); what it needs: docs/suites.md"
        ) from error
    return env_wrapper


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seeds numpy's global generator, which LIBERO draws from, and puts it back."""
    before = np.random.get_state()  # noqa: NPY002  (LIBERO knows no other)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
