"""Other people's simulated environments behind one robot and one task.

Such an environment is robot, scene and task in one, and a call of its own passes the time. Here
it is a `ForeignWorld`, which stands behind both halves of our interface: the robot acts in it, the
task starts it and asks how it stands. A backend is a world and a task; the robot is the same for
all.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import mujoco
import numpy as np

from robolearn import keys
from robolearn.embodiments import Embodiment
from robolearn.errors import IncompatibleError, RobotError
from robolearn.robot import Observation, Robot
from robolearn.sim.backends.foreign_world import ForeignWorld
from robolearn.sim.rendering import Renderer
from robolearn.sim.scene import MAX_IMAGE_HEIGHT_PX, MAX_IMAGE_WIDTH_PX
from robolearn.specs import Array, ArraySpec
from robolearn.task import Evaluation, Task


class ForeignClock:
    """A foreign world's time: it passes in whole control periods, each with the action set last."""

    kind = "simulated"

    def __init__(self, control_period_s: float) -> None:
        self._period_s = control_period_s
        self._num_steps = 0
        self._world: ForeignWorld | None = None

    def attach(self, world: ForeignWorld, action: Array) -> None:
        """Takes the world to step, and the action until another is set; begins at zero."""
        self._world, self.action, self._num_steps = world, action, 0

    def now_s(self) -> float:
        """Time since the episode began [s]."""
        return self._num_steps * self._period_s

    def sleep_until(self, deadline_s: float) -> None:
        """Steps the world to the deadline."""
        missing_steps = math.ceil(deadline_s / self._period_s - self._num_steps - 1e-6)
        if missing_steps > 0 and self._world is None:
            raise RobotError("the simulated robot has no world yet: bind a task")
        for _ in range(missing_steps):
            assert self._world is not None
            self._world.step(self.action)
            self._num_steps += 1


class ForeignRobot(Robot):
    """The body in a foreign world. The world comes with the task, which lends it by `enter`."""

    def __init__(
        self,
        embodiment: Embodiment,
        cameras: Sequence[str] = (),
        image_height_px: int | None = None,
        image_width_px: int | None = None,
        overview: str | None = None,
    ) -> None:
        """Checks the choices.

        Args:
            embodiment: the body; its cameras have the names that they have in the world's model.
            cameras: names of the cameras to switch on.
            image_height_px: of every camera [px]; None leaves each its own.
            image_width_px: likewise [px].
            overview: the camera for people; None takes the embodiment's first.

        Raises:
            UnknownNameError: if the body has no camera of a name.
        """
        self.cameras = tuple(cameras)
        self._image_size_px = image_height_px, image_width_px
        self._overview = overview or embodiment.cameras[0].name
        self._take_body(embodiment)
        self.clock: ForeignClock = ForeignClock(self.control_period_s)
        self._world: ForeignWorld | None = None
        self._renderer: Renderer | None = None
        self._drawn_model: mujoco.MjModel | None = None

    def _take_body(self, embodiment: Embodiment) -> None:
        """Takes the body as data: again, where a world has fitted it with another tool."""
        self.embodiment = embodiment.resize_cameras(*self._image_size_px)
        self._camera_specs = [self.embodiment.get_camera(name) for name in self.cameras]
        self._action_spec = self.embodiment.action_spec
        self._rest = np.asarray(self.embodiment.rest_position, self._action_spec.dtype)

    @property
    def world(self) -> ForeignWorld:
        """The world.

        Raises:
            RobotError: if no task has lent one yet.
        """
        if self._world is None:
            raise RobotError(
                f"{self.embodiment.name} has no world of its own, its task brings it: bind a task"
            )
        return self._world

    def enter(self, world: ForeignWorld) -> None:
        """Takes the world that a task lends; an earlier one is let go."""
        self._close_renderer()
        self._world = world
        self.clock.attach(world, self._rest)

    def begin_episode(self, seed: int) -> None:
        """Starts the world anew and the clock at zero; the robot rests until told otherwise."""
        self.world.reset(seed)
        self.clock.attach(self.world, self._rest)

    def connect(self) -> None:
        """Checks that there is a world."""
        _ = self.world

    def get_observation(self) -> Observation:
        """Returns the body's state and the switched-on cameras' images."""
        now_s = self.clock.now_s()
        values: dict[str, Array] = {keys.STATE: self.world.get_state()}
        captured_s = {keys.STATE: now_s}
        if self._camera_specs:
            renderer = self._get_renderer()
            for camera in self._camera_specs:
                name = self.world.name_camera(camera.name)
                image = renderer.render(name, camera.height_px, camera.width_px)
                values[camera.key], captured_s[camera.key] = image, now_s
        return Observation(values, captured_s)

    def send_action(self, action: Array) -> Array:
        """Sets the action of the steps to come; nothing moves before the clock is slept on."""
        applied = self._action_spec.validate(action).copy()
        self.clock.action = applied
        return applied.copy()

    def stop(self) -> None:
        """Holds still as soon as the clock is slept on."""
        if self._world is not None:
            self.clock.action = self.embodiment.make_hold_action(self.clock.action)

    def close(self) -> None:
        """Frees the renderer; the world is the task's to close."""
        self.stop()
        self._close_renderer()

    def render(self, camera: str | None = None, height_px: int = 360, width_px: int = 480) -> Array:
        """Draws a picture for people, with smooth edges.

        Args:
            camera: any camera of the scene; None takes the overview.
            height_px: of the picture, at most 360 [px].
            width_px: of the picture, at most 480 [px].

        Returns:
            uint8 RGB, upright, shape (height_px, width_px, 3).

        Raises:
            UnknownNameError: if the scene has no such camera.
            MissingDependencyError: if no OpenGL library is found.
        """
        name = self.world.name_camera(camera or self._overview)
        return self._get_renderer().render_smoothly(name, height_px, width_px)

    def _get_renderer(self) -> Renderer:
        """Returns the renderer of the model that the world has at present."""
        model = self.world.model
        if self._renderer is None or self._drawn_model is not model:
            self._close_renderer()
            _set_visuals(model)
            self._renderer = Renderer(self.world, self.world.hidden_geom_groups)
            self._drawn_model = model
        return self._renderer

    def _close_renderer(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = self._drawn_model = None


def _set_visuals(model: mujoco.MjModel) -> None:
    """Gives a foreign model our own buffer: large enough, without multisampling or shadows."""
    visual = model.vis
    visual.global_.offheight, visual.global_.offwidth = MAX_IMAGE_HEIGHT_PX, MAX_IMAGE_WIDTH_PX
    visual.quality.offsamples = visual.quality.shadowsize = 0


class ForeignTask(Task):
    """The task of a foreign world, with that world's own reward and verdict.

    Success is the world's verdict at any step so far, and by default it ends the episode, as a
    failure that the world sees always does. One that
    runs on to its time limit instead, as many benchmarks have it, counts alike; it only gathers
    more reward.

    Attributes:
        embodiment_name: the body in its world.
        robot_choice: what to write after `robot=`.
        world: the world, once bound.
    """

    embodiment_name: ClassVar[str]
    robot_choice: ClassVar[str]
    world: ForeignWorld

    def __init__(
        self,
        name: str,
        instruction: str,
        time_limit_s: float,
        state_channels: Sequence[tuple[str, str]] = (),
        ends_on_success: bool = True,
    ) -> None:
        """Takes what is said of the task.

        Args:
            name: as results show it.
            instruction: the goal in words.
            time_limit_s: after this long the episode is truncated [s].
            state_channels: name and unit of each entry of `observation.environment_state`; a task
                that learns them from its world describes them in `bind`.
            ends_on_success: the episode ends with the first success; else at its time limit.
        """
        self.name, self.instruction, self.time_limit_s = name, instruction, time_limit_s
        self._ends_on_success = ends_on_success
        self._has_succeeded = False
        self.describe_state(state_channels)

    def describe_state(self, channels: Sequence[tuple[str, str]]) -> None:
        """Takes name and unit of each entry of `observation.environment_state`."""
        names, units = tuple(name for name, _ in channels), tuple(unit for _, unit in channels)
        spec = ArraySpec(keys.ENVIRONMENT_STATE, (len(names),), "float32", names, units)
        self._observation_spec: dict[str, ArraySpec] = {spec.name: spec}

    @abstractmethod
    def make_world(self, robot: ForeignRobot) -> ForeignWorld:
        """Builds the world in which this robot does this task; called once.

        Raises:
            MissingDependencyError: if the package is not installed.
        """

    def bind(self, robot: Robot) -> None:
        """Builds the world and lends it to the robot; see `Task.bind`."""
        if not isinstance(robot, ForeignRobot) or not self.fits(robot):
            raise IncompatibleError(
                f"task {self.name!r} comes with a robot of its own, {self.embodiment_name}, and"
                f" {type(robot).__name__} ({robot.embodiment.name}) is another: use"
                f" robot={self.robot_choice}"
            )
        self.world, self._robot = self.make_world(robot), robot
        robot.enter(self.world)

    def fits(self, robot: ForeignRobot) -> bool:
        """Says whether this is the robot that stands in the task's world."""
        return robot.embodiment.name == self.embodiment_name

    @property
    def observation_spec(self) -> dict[str, ArraySpec]:
        """The privileged state's spec."""
        return self._observation_spec

    def get_observation(self) -> dict[str, Array]:
        """Returns the privileged state."""
        return {keys.ENVIRONMENT_STATE: self.world.get_environment_state().astype(np.float32)}

    def reset(self, seed: int) -> None:
        """Starts an episode; see `Task.reset`."""
        self._robot.begin_episode(seed)
        self._has_succeeded = False

    def evaluate(self) -> Evaluation:
        """Passes the world's own judgement on; see `Task.evaluate`."""
        outcome = self.world.get_outcome()
        self._has_succeeded = self._has_succeeded or outcome.success
        ended = outcome.failure or (self._ends_on_success and self._has_succeeded)
        return Evaluation(outcome.reward, terminated=ended, success=self._has_succeeded)

    def close(self) -> None:
        """Releases what the world holds."""
        self.world.close()
