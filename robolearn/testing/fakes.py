"""Stand-ins that obey the interfaces: a whole stack in memory, for tests that need no room.

They check what they are given against the specs, so that a test which passes with a fake has also
shown that its caller keeps the contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from robolearn import keys
from robolearn.embodiments import Embodiment
from robolearn.embodiments.so101 import SO101
from robolearn.errors import IncompatibleError, RobolearnError, RobotError
from robolearn.policy import Policy
from robolearn.robot import Observation, Robot
from robolearn.specs import Array, ArraySpec, BoundedArraySpec, Specs
from robolearn.task import Evaluation, Task
from robolearn.teleoperator import Command, Teleoperator


class FakeClock:
    """Simulated time that passes only while somebody sleeps, in no real time at all."""

    kind = "simulated"

    def __init__(self) -> None:
        self._now_s = 0.0

    def now_s(self) -> float:
        """Time now [s]."""
        return self._now_s

    def sleep_until(self, deadline_s: float) -> None:
        """Lets time pass up to the deadline [s]."""
        self._now_s = max(self._now_s, deadline_s)

    def restart(self) -> None:
        """Begins again at zero, as simulated time does when an episode is reset."""
        self._now_s = 0.0


class FakeRobot(Robot):
    """A body whose every channel follows its target with a first-order lag.

    Its state must have the same channels as its action, as an arm's has. Its images show a white
    square whose column and row follow the first two channels, so that there is something to learn.

    Attributes:
        sent: every action it accepted, oldest first.
        is_connected: whether it is connected.
        num_stops: how often it was stopped.
    """

    def __init__(
        self,
        embodiment: Embodiment = SO101,
        cameras: tuple[str, ...] = (),
        time_constant_s: float = 0.1,
    ) -> None:
        """Builds the body at rest.

        Args:
            embodiment: what to pretend to be.
            cameras: which of its cameras are switched on.
            time_constant_s: after this long a channel has gone 63 % of its way [s].

        Raises:
            IncompatibleError: if the embodiment's state and action have different channels.
        """
        if embodiment.state_spec.channels != embodiment.action_spec.channels:
            raise IncompatibleError(
                f"FakeRobot needs a body whose state has its action's channels; {embodiment.name}"
                f" has {embodiment.state_spec.channels} and {embodiment.action_spec.channels}"
            )
        self.embodiment, self.cameras = embodiment, cameras
        self.clock: FakeClock = FakeClock()
        self.sent: list[Array] = []
        self.is_connected = False
        self.num_stops = 0
        self._time_constant_s = time_constant_s
        self.place(np.asarray(embodiment.rest_position))

    def place(self, position: Array) -> None:
        """Puts the body at this position, at rest, at time zero: how `FakeTask` makes a start."""
        self.clock.restart()
        self._position = np.array(position, np.float64)
        self._target = self._position.copy()
        self._updated_s = self.clock.now_s()

    def connect(self) -> None:
        """Connects; nothing is there to fail."""
        self.is_connected = True

    def get_observation(self) -> Observation:
        """Returns the state, and an image per camera that is switched on."""
        self._require_connection()
        self._update()
        values: dict[str, Array] = {keys.STATE: self._position.astype(np.float32)}
        for name in self.cameras:
            camera = self.embodiment.get_camera(name)
            values[camera.key] = self._draw(camera.height_px, camera.width_px)
        return Observation(values, dict.fromkeys(values, self.clock.now_s()))

    def send_action(self, action: Array) -> Array:
        """Moves towards the action from now on."""
        self._require_connection()
        applied = self.action_spec.validate(action).copy()
        self._update()
        self._target = applied.astype(np.float64)
        self.sent.append(applied.copy())
        return applied

    def stop(self) -> None:
        """Stays where it is; what is a speed goes to zero."""
        self.num_stops += 1
        self._update()
        self._target = np.where(self.action_spec.is_speed, 0.0, self._position)

    def close(self) -> None:
        """Stops and disconnects."""
        if self.is_connected:
            self.stop()
        self.is_connected = False

    def _require_connection(self) -> None:
        if not self.is_connected:
            raise RobotError(f"{self.embodiment.name} is not connected: call connect() first")

    def _update(self) -> None:
        """Brings the position up to now: the exact solution of the first-order lag."""
        now_s = self.clock.now_s()
        remaining = np.exp(-(now_s - self._updated_s) / self._time_constant_s)
        self._position = self._target + (self._position - self._target) * remaining
        self._updated_s = now_s

    def _draw(self, height_px: int, width_px: int) -> Array:
        """Draws the square; its side is a quarter of the image's height."""
        image = np.zeros((height_px, width_px, 3), np.uint8)
        low, high = self.action_spec.low[:2], self.action_spec.high[:2]
        column, row = np.clip((self._position[:2] - low) / (high - low), 0.0, 1.0)
        side_px = height_px // 4
        top_px, left_px = int(row * (height_px - side_px)), int(column * (width_px - side_px))
        image[top_px : top_px + side_px, left_px : left_px + side_px] = 255
        return image


class FakeTask(Task):
    """Bring every channel of a `FakeRobot` to a target drawn at random.

    The target is the privileged `observation.environment_state`. Success is being within
    `tolerance` of it, as a fraction of each channel's range, and it ends the episode.
    """

    name = "fake_reach"
    instruction = "bring every joint to its target"

    def __init__(self, time_limit_s: float = 2.0, tolerance: float = 0.02) -> None:
        self.time_limit_s = time_limit_s
        self._tolerance = tolerance

    def bind(self, robot: Robot) -> None:
        """Takes the robot.

        Raises:
            IncompatibleError: if it is no `FakeRobot`, which alone can be placed.
        """
        if not isinstance(robot, FakeRobot):
            raise IncompatibleError(f"FakeTask needs a FakeRobot, got {type(robot).__name__}")
        self._robot = robot
        self._target = np.asarray(robot.embodiment.rest_position, np.float32)

    @property
    def observation_spec(self) -> dict[str, ArraySpec]:
        """The spec of the target."""
        action_spec = self._robot.action_spec
        channels = tuple(f"target_{channel}" for channel in action_spec.channels)
        spec = BoundedArraySpec(
            keys.ENVIRONMENT_STATE,
            action_spec.shape,
            action_spec.dtype,
            channels,
            action_spec.units,
            action_spec.minimum,
            action_spec.maximum,
        )
        return {keys.ENVIRONMENT_STATE: spec}

    def get_observation(self) -> dict[str, Array]:
        """Returns the target."""
        return {keys.ENVIRONMENT_STATE: self._target.copy()}

    def reset(self, seed: int) -> None:
        """Draws a start and a target."""
        generator = np.random.default_rng(seed)
        spec = self._robot.action_spec
        self._robot.place(generator.uniform(spec.low, spec.high))
        self._target = spec.clip(generator.uniform(spec.low, spec.high))

    def evaluate(self) -> Evaluation:
        """Rewards nearness; the largest distance of any channel counts."""
        spec = self._robot.action_spec
        position = self._robot.get_observation().values[keys.STATE]
        distance = float(np.max(np.abs(position - self._target) / (spec.high - spec.low)))
        success = distance <= self._tolerance
        return Evaluation(reward=1.0 - distance, terminated=success, success=success)

    def make_expert(self) -> Policy:
        """Returns a policy that asks for the target."""
        return _TargetPolicy()


class _TargetPolicy(Policy):
    """Asks for the target that `FakeTask` shows in the privileged observation."""

    def reset(self, instruction: str, seed: int) -> None:
        pass

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        return observation[keys.ENVIRONMENT_STATE].copy()


class FakePolicy(Policy):
    """Draws actions at random within the spec, and checks every observation it is shown."""

    def __init__(self, observation_spec: Specs, action_spec: BoundedArraySpec) -> None:
        self._observation_spec = observation_spec
        self._action_spec = action_spec
        self._generator = np.random.default_rng(0)

    def reset(self, instruction: str, seed: int) -> None:
        """Begins the seed's own sequence."""
        self._generator = np.random.default_rng(seed)

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the next action.

        Raises:
            SpecError: if a value does not fit its spec.
        """
        for key, spec in self._observation_spec.items():
            spec.validate(observation[key])
        spec = self._action_spec
        return spec.clip(self._generator.uniform(spec.low, spec.high))


class ScriptedPolicy(Policy):
    """Plays the given actions in order, then holds the last one."""

    def __init__(self, actions: Sequence[Array]) -> None:
        """Takes the script.

        Raises:
            RobolearnError: if it is empty.
        """
        if not actions:
            raise RobolearnError("ScriptedPolicy needs at least one action")
        self._actions = [action.copy() for action in actions]
        self._index = 0

    def reset(self, instruction: str, seed: int) -> None:
        """Goes back to the first action."""
        self._index = 0

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the next action of the script."""
        action = self._actions[min(self._index, len(self._actions) - 1)]
        self._index += 1
        return action.copy()


class FakeTeleoperator(Teleoperator):
    """Plays the given commands, one per step, then says nothing.

    Attributes:
        is_connected: whether it is connected.
    """

    def __init__(self, commands: Sequence[Command], action_spec: BoundedArraySpec) -> None:
        """Takes the script.

        Raises:
            SpecError: if an action in it does not fit the spec.
        """
        for command in commands:
            if command.action is not None:
                action_spec.validate(command.action)
        self._commands = tuple(commands)
        self._index = 0
        self.is_connected = False

    def connect(self) -> None:
        """Connects; nothing is there to fail."""
        self.is_connected = True

    def reset(self, observation: Mapping[str, Array]) -> None:
        """Goes back to the first command."""
        self._index = 0

    def get_command(self, observation: Mapping[str, Array]) -> Command:
        """Returns the next command of the script."""
        if self._index >= len(self._commands):
            return Command()
        self._index += 1
        return self._commands[self._index - 1]

    def close(self) -> None:
        """Disconnects."""
        self.is_connected = False
