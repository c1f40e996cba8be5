"""`MujocoRobot`: a body in a MuJoCo world, behind the `Robot` interface."""

from __future__ import annotations

import math
from collections.abc import Sequence

from robolearn import keys
from robolearn.errors import RobolearnError, RobotError
from robolearn.robot import Observation
from robolearn.sim.body_model import BodyHandle, BodyModel
from robolearn.sim.physics import Physics
from robolearn.sim.rendering import Renderer
from robolearn.sim.scene import SceneBuilder
from robolearn.sim.simulated_robot import SimulatedRobot
from robolearn.sim.world import World
from robolearn.specs import Array


class SimulatedClock:
    """The world's time: sleeping is what makes it pass, in whole physics steps."""

    kind = "simulated"

    def __init__(self, timestep_s: float) -> None:
        self._timestep_s = timestep_s
        self._num_steps = 0
        self._world: World | None = None

    def attach(self, world: World) -> None:
        """Takes the world to advance, and begins at zero."""
        self._world, self._num_steps = world, 0

    def now_s(self) -> float:
        """Time since the episode began [s]."""
        return self._num_steps * self._timestep_s

    def sleep_until(self, deadline_s: float) -> None:
        """Advances the physics to the deadline in one call; a Python loop would cost more."""
        missing_steps = math.ceil(deadline_s / self._timestep_s - self._num_steps - 1e-6)
        if missing_steps <= 0:
            return
        if self._world is None:
            raise RobotError("the simulated robot has no world yet: connect it first")
        self._world.advance(missing_steps)
        self._num_steps += missing_steps


class MujocoRobot(SimulatedRobot):
    """Simulates a body; between two actions only MuJoCo's own code runs."""

    def __init__(
        self,
        body: BodyModel,
        cameras: Sequence[str] = (),
        image_height_px: int | None = None,
        image_width_px: int | None = None,
        physics: Physics | None = None,
    ) -> None:
        """Checks the choices; the world is built by a task's `bind`, or empty by `connect`.

        Args:
            body: what to simulate.
            cameras: names of the cameras to switch on.
            image_height_px: of every camera [px]; None leaves each its own.
            image_width_px: likewise [px].
            physics: integration settings; None takes those the body was tried with.

        Raises:
            UnknownNameError: if the body has no camera of a name.
            RobolearnError: if the control period is no whole number of physics steps.
        """
        self.embodiment = body.embodiment.resize_cameras(image_height_px, image_width_px)
        self.cameras = tuple(self.embodiment.get_camera(name).name for name in cameras)
        self._camera_specs = [self.embodiment.get_camera(name) for name in cameras]
        self.body = body
        self._physics = physics or body.physics
        self.substeps = _count_substeps(self.control_period_s, self._physics.timestep_s)
        self.clock: SimulatedClock = SimulatedClock(self._physics.timestep_s)
        self._action_spec = self.embodiment.action_spec
        self._world: World | None = None
        self._handle: BodyHandle | None = None
        self._renderer: Renderer | None = None

    @property
    def world(self) -> World:
        """The world.

        Raises:
            RobotError: if there is none yet.
        """
        if self._world is None:
            raise RobotError("the simulated robot has no world yet: connect it or bind a task")
        return self._world

    def load_scene(self, add_scene: SceneBuilder) -> World:
        """Builds the world around the body; see `SimulatedRobot.load_scene`."""
        self._close_renderer()
        world = World(self.body, add_scene, self._physics)
        self._world, self._handle = world, self.body.take_hold(world.model, world.data)
        self.begin_episode(seed=0)
        return world

    def begin_episode(self, seed: int) -> None:
        """Brings the body to its home position; the seed changes nothing here."""
        del seed
        self.world.reset()
        self._get_handle().begin_episode()
        self.world.forward()
        self.clock.attach(self.world)

    def connect(self) -> None:
        """Builds a world with nothing but the body, unless a task has built one."""
        if self._world is None:
            self.load_scene(lambda spec: None)

    def get_observation(self) -> Observation:
        """Returns the body's state and the switched-on cameras' images."""
        now_s = self.clock.now_s()
        values: dict[str, Array] = {keys.STATE: self._get_handle().measure()}
        captured_s = {keys.STATE: now_s}
        if self._camera_specs:
            renderer = self._get_renderer()
            for camera in self._camera_specs:
                image = renderer.render(camera.name, camera.height_px, camera.width_px)
                values[camera.key], captured_s[camera.key] = image, now_s
        return Observation(values, captured_s)

    def send_action(self, action: Array) -> Array:
        """Sets the controls; nothing moves before the clock is slept on."""
        applied = self._action_spec.validate(action).copy()
        self._get_handle().act(applied)
        return applied

    def stop(self) -> None:
        """Brings the body to rest as soon as the clock is slept on, and keeps it there."""
        if self._handle is not None:
            self._handle.stop()

    def close(self) -> None:
        """Frees the renderer; the world stays."""
        self.stop()
        self._close_renderer()

    def render(self, camera: str = "overview", height_px: int = 360, width_px: int = 480) -> Array:
        """Draws a picture for people; see `SimulatedRobot.render`."""
        return self._get_renderer().render_smoothly(camera, height_px, width_px)

    def _get_handle(self) -> BodyHandle:
        if self._handle is None:
            raise RobotError("the simulated robot is not connected: call connect() first")
        return self._handle

    def _get_renderer(self) -> Renderer:
        if self._renderer is None:
            self._renderer = Renderer(self.world)
        return self._renderer

    def _close_renderer(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def _count_substeps(control_period_s: float, timestep_s: float) -> int:
    """Returns how many physics steps make one control step; refuses a fraction."""
    ratio = control_period_s / timestep_s
    if round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6:
        raise RobolearnError(
            f"a control period of {control_period_s} s is no whole number of physics steps"
            f" of {timestep_s} s"
        )
    return round(ratio)
