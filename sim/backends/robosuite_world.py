"""`RobosuiteWorld`: one of robosuite's environments, as our robot and task need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from robolearn import keys
from robolearn.embodiments import CameraSpec
from robolearn.embodiments.delta_hand import DeltaHand
from robolearn.errors import RobolearnError
from robolearn.sim.backends.foreign_world import ForeignWorld, Outcome
from robolearn.sim.backends.robosuite_channels import (
    Channels,
    name_actions,
    name_objects,
    name_proprioception,
)
from robolearn.sim.backends.robosuite_package import (
    check_name,
    list_arms,
    list_tasks,
    load_robosuite,
)
from robolearn.specs import Array, ArraySpec, BoundedArraySpec

PREFIX = "robot0_"
PROPRIOCEPTION = ("joint_pos", "eef_pos", "eef_quat", "gripper_qpos")
IMAGE_SIZE_PX = 96
FRONT_CAMERA, HAND_CAMERA_ENDING = "agentview", "eye_in_hand"
COLLISION_GEOM_GROUP = 0
SEED_OF_MODEL = 0  # some models have random parts, e.g. Lift the size of its cube


class RobosuiteWorld(ForeignWorld):
    """One of robosuite's environments.

    Attributes:
        embodiment: its arm, with the gripper of this task.
        state_channels: name and unit of each entry of the privileged state.
        own_environment: robosuite's object, to look at what our interface does not show.
    """

    hidden_geom_groups = (COLLISION_GEOM_GROUP,)

    def __init__(
        self,
        task: str,
        arm: str,
        control_rate_hz: float = 20.0,
        proprioception: Sequence[str] = PROPRIOCEPTION,
        reward_shaping: bool = False,
        hard_reset: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Builds the environment.

        Args:
            task: robosuite's name of it, e.g. `Lift`.
            arm: robosuite's name of the robot, e.g. `Panda`.
            control_rate_hz: how often an action is taken [Hz].
            proprioception: which of robosuite's observables of the robot make up its state.
            reward_shaping: rewards are robosuite's dense ones instead of its sparse ones.
            hard_reset: a reset compiles a new model, 0.1 s instead of 2 ms, and draws what is
                random in it.
            options: further arguments of `robosuite.make`.

        Raises:
            MissingDependencyError: if robosuite is not installed.
            UnknownNameError: if there is no such task, arm or observable.
            RobolearnError: if the control period is no whole number of physics steps, or an option
                is ours to set or not accepted.
        """
        robosuite = load_robosuite()
        check_name("robosuite task", task, list_tasks(), "for one arm")
        check_name("robosuite arm", arm, list_arms(), "")
        _check_rate(control_rate_hz, robosuite.macros.SIMULATION_TIMESTEP)
        arguments: dict[str, Any] = {
            "robots": arm,
            "control_freq": control_rate_hz,
            "reward_shaping": reward_shaping,
            "hard_reset": hard_reset,
            "seed": SEED_OF_MODEL,
            "ignore_done": True,
            "renderer": "mujoco",  # the one of its two that opens nothing while nothing is shown
            "has_renderer": False,
            "has_offscreen_renderer": False,
            "use_camera_obs": False,
        }
        self.own_environment: Any = _make(robosuite, task, arguments, options or {})
        self._draws_object = getattr(self.own_environment, "single_object_mode", 0) == 1
        self._proprioception = tuple(proprioception)
        self._reward, self._is_over = 0.0, False
        self.reset(SEED_OF_MODEL)
        self._own_cameras = [self.model.camera(index).name for index in range(self.model.ncam)]
        self._cameras = _rename_cameras(self._own_cameras)
        self.embodiment = self._describe_body(arm, control_rate_hz)
        self.state_channels = self._describe_objects()

    @property
    def model(self) -> mujoco.MjModel:
        """The compiled scene."""
        return self.own_environment.sim.model._model

    @property
    def data(self) -> mujoco.MjData:
        """The scene's state."""
        return self.own_environment.sim.data._data

    def reset(self, seed: int) -> None:
        """Starts an episode; see `ForeignWorld.reset`.

        robosuite seeds its generator once, in its constructor. Its samplers hold on to it, so it is
        set anew rather than replaced.
        """
        generator = self.own_environment.rng
        generator.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        if self._draws_object:
            _choose_object(self.own_environment, generator)
        self._observation: dict[str, Array] = self.own_environment.reset()
        self._reward, self._is_over = 0.0, False

    def step(self, action: Array) -> None:
        """Makes one control period pass."""
        self._observation, reward, self._is_over, _ = self.own_environment.step(action)
        self._reward = float(reward)

    def get_state(self) -> Array:
        """Returns the chosen observables of the robot, one after the other."""
        parts = [np.atleast_1d(self._observation[PREFIX + name]) for name in self._proprioception]
        return np.concatenate(parts).astype(np.float32)

    def get_environment_state(self) -> Array:
        """Returns robosuite's `object-state`."""
        return np.asarray(self._observation["object-state"])

    def get_outcome(self) -> Outcome:
        """Returns its reward and verdict. Wipe alone gives up: when the arm hits table or limit."""
        success = bool(self.own_environment._check_success())
        return Outcome(self._reward, success, failure=bool(self._is_over) and not success)

    def name_camera(self, name: str) -> str:
        """Returns robosuite's name of a camera."""
        return self._cameras.get(name, name)

    def _describe_body(self, arm: str, control_rate_hz: float) -> DeltaHand:
        channels = self._describe_proprioception()
        names, units = zip(*channels, strict=True)
        actions = name_actions(_list_action_parts(self.own_environment.robots[0]))
        low, high = self.own_environment.action_spec
        idle = (0.0,) * len(actions)
        return DeltaHand(
            name=f"{arm.lower()}_robosuite",
            state_spec=ArraySpec(keys.STATE, (len(names),), "float32", names, units),
            action_spec=BoundedArraySpec(
                keys.ACTION,
                (len(actions),),
                "float32",
                actions,
                ("1",) * len(actions),
                minimum=tuple(low.tolist()),
                maximum=tuple(high.tolist()),
            ),
            control_rate_hz=control_rate_hz,
            cameras=tuple(
                CameraSpec(name, IMAGE_SIZE_PX, IMAGE_SIZE_PX)
                for name in (*self._cameras, *self._own_cameras)
            ),
            home_position=idle,
            rest_position=idle,
        )

    def _describe_proprioception(self) -> Channels:
        robot, model = self.own_environment.robots[0], self.model
        own = [k.removeprefix(PREFIX) for k in self._observation if k.startswith(PREFIX)]
        own = [name for name in own if not name.endswith("-state")]
        joints = [model.joint(index) for index in robot._ref_joint_indexes]
        arm = [(joint.name.removeprefix(PREFIX), int(joint.type[0])) for joint in joints]
        fingers = [model.joint(name) for name in robot.gripper[robot.arms[0]].joints]
        gripper = [(f"gripper_{i}", int(joint.type[0])) for i, joint in enumerate(fingers)]
        channels: Channels = []
        for name in self._proprioception:
            check_name("observable", name, own, "of the robot")
            channels += name_proprioception(name, self._observation[PREFIX + name], arm, gripper)
        return channels

    def _describe_objects(self) -> Channels:
        """Names the privileged state; an object that each episode draws anew is called so."""
        channels = name_objects(self.own_environment._observables, self._observation)
        if not self._draws_object:
            return channels
        drawn = self.own_environment.obj_to_use
        return [(name.replace(drawn, "object"), unit) for name, unit in channels]


def _make(
    robosuite: Any, task: str, arguments: Mapping[str, Any], options: Mapping[str, Any]
) -> Any:
    taken = sorted(set(arguments) & set(options))
    if taken:
        raise RobolearnError(f"robosuite's {', '.join(taken)} cannot be set among the options")
    try:
        return robosuite.make(task, **arguments, **options)
    except (TypeError, KeyError, AssertionError) as error:
        if not options:
            raise
        raise RobolearnError(
            f"robosuite's {task} does not accept the options {dict(options)}: {error}"
        ) from error


def _choose_object(env: Any, generator: np.random.Generator) -> None:
    """Draws the object of a task that is about one of several, and turns it to that one.

    robosuite would draw from a Python set of names, whose order is another in each process.
    """
    index, parts = ("nut_id", env.nuts) if hasattr(env, "nuts") else ("object_id", env.objects)
    setattr(env, index, int(generator.integers(len(parts))))
    env.single_object_mode = 2


def _rename_cameras(names: Sequence[str]) -> dict[str, str]:
    """Returns robosuite's name of each camera that has one of ours."""
    in_hand = [name for name in names if name.endswith(HAND_CAMERA_ENDING)]
    return {"front": FRONT_CAMERA, **({"wrist": in_hand[0]} if in_hand else {})}


def _list_action_parts(robot: Any) -> list[tuple[str, int]]:
    """Returns the parts of a robot that take a share of its action, in order, with its length."""
    shares = robot.composite_controller._action_split_indexes
    parts = [(part, end - begin) for part, (begin, end) in shares.items()]
    # A mobile base takes one entry more: whether it is the base's turn or the arm's.
    surplus = robot.action_dim - sum(length for _, length in parts)
    return [*parts, *([("mode", surplus)] if surplus else [])]


def _check_rate(control_rate_hz: float, timestep_s: float) -> None:
    """Refuses a rate that robosuite would round without a word."""
    period_s = 1.0 / control_rate_hz
    if abs(int(period_s / timestep_s) * timestep_s - period_s) > 1e-9:  # its own formula
        raise RobolearnError(
            f"at {control_rate_hz:g} Hz a control period is no whole number of robosuite's physics"
            f" steps of {timestep_s:g} s: take a rate such as 20, 50 or 100 Hz"
        )
