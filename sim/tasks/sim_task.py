"""`SimTask`: what every task in simulation has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import ClassVar, Protocol

import mujoco
import numpy as np

from robolearn import keys
from robolearn.embodiments import Embodiment
from robolearn.errors import IncompatibleError
from robolearn.robot import Robot
from robolearn.sim.predicates import ConsecutiveSteps
from robolearn.sim.simulated_robot import SimulatedRobot
from robolearn.sim.world import World
from robolearn.specs import Array, ArraySpec
from robolearn.task import Evaluation, Task

HOLD_STEPS = 5  # an arm that only sweeps past the goal does not hold it for 0.25 s


class StartStates(Protocol):
    """Start states that were stored, by number."""

    def apply(self, world: World, model: mujoco.MjModel, index: int, /) -> None:
        """Sets a world to one of them; `model` is that of the task without perturbations.

        Raises:
            RobolearnError: if there is no such start, or it belongs to another model.
        """
        ...


class Perturbation(Protocol):
    """What changes one aspect of a task; see `robolearn.sim.perturbations`."""

    def furnish(
        self, spec: mujoco.MjSpec, embodiment: Embodiment, categories: Collection[str], /
    ) -> None:
        """Adds to the scene."""
        ...

    def take_hold(self, world: World, /) -> None:
        """Takes the compiled world."""
        ...

    def disturb(self, rng: np.random.Generator, /) -> None:
        """Changes the world for one episode."""
        ...

    def reword(self, instruction: str, rng: np.random.Generator, /) -> str:
        """Returns the instruction for one episode."""
        ...


class SimTask(Task):
    """A goal in a MuJoCo world.

    A task says what stands in the scene (`build_scene`), takes hold of it (`find_parts`), sets it
    out (`place_parts`) and knows the goal (`is_goal_reached`). Success is the goal reached for
    `hold_steps` steps in a row; it ends the episode and is worth a reward of 1, all else 0. An
    episode also ends when the goal is out of reach for good (`is_failed`).

    Attributes:
        embodiment_names: the bodies the task is laid out for.
        hold_steps: for so many control steps in a row the goal must hold.
        state_channels: name and unit of each entry of `observation.environment_state`.
        world: the world, once bound.
        stored_starts: if given, the seed of a reset is the number of one of them.
        perturbations: what changes the task at each reset; set before it is bound.
    """

    embodiment_names: tuple[str, ...] = ("so101",)
    hold_steps: ClassVar[int] = HOLD_STEPS
    state_channels: tuple[tuple[str, str], ...]
    world: World
    stored_starts: StartStates | None = None
    perturbations: Sequence[Perturbation] = ()

    def __init__(self, name: str, instruction: str, time_limit_s: float) -> None:
        """Takes what a person says of the task, as in its YAML file.

        Args:
            name: as in `configs/task/<name>.yaml`.
            instruction: the goal in words.
            time_limit_s: after this long the episode is truncated [s].
        """
        self.name, self.instruction, self.time_limit_s = name, instruction, time_limit_s
        self._success = ConsecutiveSteps(self.hold_steps)
        names, units = zip(*self.state_channels, strict=True)
        spec = ArraySpec(keys.ENVIRONMENT_STATE, (len(names),), "float32", names, units)
        self._observation_spec: dict[str, ArraySpec] = {spec.name: spec}

    @abstractmethod
    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds fixtures, objects and markers to the scene."""

    @abstractmethod
    def find_parts(self, world: World) -> None:
        """Takes handles on the parts of the compiled scene."""

    @abstractmethod
    def place_parts(self, rng: np.random.Generator) -> None:
        """Sets the parts out for a new episode; all randomness comes from `rng`."""

    @abstractmethod
    def is_goal_reached(self) -> bool:
        """Says whether the goal holds at this moment, settled and released."""

    def list_categories(self) -> Collection[str]:
        """Returns which kinds of things of the catalogue stand in the scene."""
        return ()

    def is_failed(self) -> bool:
        """Says whether the goal can no longer be reached, whatever the robot does."""
        return False

    @abstractmethod
    def get_state(self) -> Array:
        """Returns the privileged state, one entry per entry of `state_channels`."""

    def bind(self, robot: Robot) -> None:
        """Builds the task's world around the robot; see `Task.bind`."""
        if not isinstance(robot, SimulatedRobot):
            raise IncompatibleError(
                f"task {self.name!r} needs a simulated robot, and {type(robot).__name__}"
                f" ({robot.embodiment.name}) is none: use robot={self.embodiment_names[0]}_sim"
            )
        if robot.embodiment.name not in self.embodiment_names:
            raise IncompatibleError(
                f"task {self.name!r} is laid out for {', '.join(self.embodiment_names)},"
                f" not for {robot.embodiment.name}"
            )
        self._robot, self._own_instruction = robot, self.instruction
        self.world = robot.load_scene(self.build_scene)
        self._plain_model = self.world.model  # which stored starts speak of
        if self.perturbations:
            self.world = robot.load_scene(self._build_whole_scene)
        self.find_parts(self.world)
        for perturbation in self.perturbations:
            perturbation.take_hold(self.world)

    @property
    def observation_spec(self) -> dict[str, ArraySpec]:
        """The privileged state's spec."""
        return self._observation_spec

    def get_observation(self) -> dict[str, Array]:
        """Returns the privileged state."""
        return {keys.ENVIRONMENT_STATE: self.get_state().astype(np.float32)}

    def reset(self, seed: int) -> None:
        """Starts an episode; see `Task.reset`."""
        self._robot.begin_episode(seed)
        self.place_parts(np.random.default_rng(seed))
        if self.stored_starts is not None:
            self.stored_starts.apply(self.world, self._plain_model, seed)
        self._perturb(seed)
        self.world.forward()
        self._success.reset()

    def evaluate(self) -> Evaluation:
        """Judges the present state; see `Task.evaluate`."""
        success = self._success.update(self.is_goal_reached())
        ended = success or self.is_failed()
        return Evaluation(float(success), terminated=ended, success=success)

    def _build_whole_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the task's own scene, then what perturbations add to it."""
        self.build_scene(spec)
        for perturbation in self.perturbations:
            perturbation.furnish(spec, self._robot.embodiment, self.list_categories())

    def _perturb(self, seed: int) -> None:
        """Perturbs a start; each axis draws for itself, so that one changes nothing of another."""
        instruction = self._own_instruction
        for perturbation in self.perturbations:
            name = type(perturbation).__name__.encode()
            rng = np.random.default_rng([seed, *name])
            perturbation.disturb(rng)
            instruction = perturbation.reword(instruction, rng)
        self.instruction = instruction


def pose_channels(name: str) -> tuple[tuple[str, str], ...]:
    """Returns the state channels of a free body: position [m] and quaternion."""
    positions = tuple((f"{name}_{axis}", "m") for axis in ("x", "y", "z"))
    return positions + tuple((f"{name}_q{part}", "1") for part in ("w", "x", "y", "z"))
