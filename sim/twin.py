"""`MujocoPlant`: a simulated body as the physics behind emulated devices."""

from __future__ import annotations

import math

import numpy as np

from robolearn.errors import RobotError, UnknownNameError
from robolearn.plant import ActuatorState, Drive, ImuState, Plant
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.plant_actuators import HasImu
from robolearn.sim.rendering import Renderer
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.sim.world_state import get_world_state
from robolearn.specs import Array

LAYING_DOWN_S = 2.0  # in simulated time


class MujocoPlant(Plant):
    """The world of a `MujocoRobot`, moved by emulated devices instead of by `send_action`.

    Time passes in whole physics steps; what is left of a duration is carried to the next. Once in a
    control period the task judges the scene, as it may change it (a lamp goes on). All actuators
    begin without torque.

    Attributes:
        task: what stands around the body, or None.
    """

    def __init__(
        self, robot: MujocoRobot, task: SimTask | None = None, starts_at_rest: bool = False
    ) -> None:
        """Takes the robot over: nobody else may move it from now on.

        Args:
            robot: the body.
            task: what stands around it; None for an empty table.
            starts_at_rest: begin at the rest position, as whoever used the body last has left it,
                rather than at its home position.

        Raises:
            IncompatibleError: if the task is not laid out for this body.
        """
        if task is None:
            robot.connect()
        else:
            task.bind(robot)
            task.reset(seed=0)
        if starts_at_rest:
            _lay_down(robot)
        self._robot, self._world = robot, robot.world
        self.task = task
        self._actuators = robot.body.make_plant_actuators(self._world)
        self.actuators = tuple(self._actuators)
        self.cameras = tuple(camera.name for camera in robot.embodiment.cameras)
        self._timestep_s = float(self._world.model.opt.timestep)
        self._substeps = robot.substeps
        self._now_s, self._num_steps = 0.0, 0
        self._renderer: Renderer | None = None

    def drive(
        self, actuator: str, drive: Drive, target: float = 0.0, max_effort: float = 1.0
    ) -> None:
        """See `Plant.drive`."""
        self._actuators[actuator].drive(drive, target, max_effort)

    def measure(self, actuator: str) -> ActuatorState:
        """See `Plant.measure`."""
        return self._actuators[actuator].measure()

    def advance(self, duration_s: float) -> None:
        """See `Plant.advance`; many short durations make the steps that one long one makes."""
        self._now_s += duration_s
        # Rounded up by a millionth of a step, so that a sum's rounding error costs no step.
        due_steps = math.floor(self._now_s / self._timestep_s + 1e-6)
        while self._num_steps < due_steps:
            next_verdict = (self._num_steps // self._substeps + 1) * self._substeps
            reached = min(next_verdict, due_steps)
            self._world.advance(reached - self._num_steps)
            self._num_steps = reached
            if reached == next_verdict and self.task is not None:
                self.task.evaluate()

    @property
    def now_s(self) -> float:
        """See `Plant.now_s`; the physics lags less than one step behind."""
        return self._now_s

    def measure_imu(self) -> ImuState:
        """See `Plant.measure_imu`."""
        body = self._robot.body
        if not isinstance(body, HasImu):
            raise RobotError(f"{self._robot.embodiment.name} has no inertial sensor")
        return body.measure_imu(self._world)

    def render(self, camera: str) -> Array:
        """See `Plant.render`; in the embodiment's size."""
        try:
            spec = self._robot.embodiment.get_camera(camera)
        except UnknownNameError as error:
            raise RobotError(str(error)) from error
        if self._renderer is None:
            self._renderer = Renderer(self._world)
        return self._renderer.render(spec.name, spec.height_px, spec.width_px)

    def begin_episode(self, seed: int) -> None:
        """Starts the task; see `Plant.begin_episode`.

        Servos keep their torque as it was and hold the arm where it then is until they are told
        something new.
        """
        if self.task is None:
            super().begin_episode(seed)
        else:
            self.task.reset(seed)

    def get_state(self) -> dict[str, list[float]]:
        """Returns the world's state, for `set_world_state`."""
        return get_world_state(self._world)

    def close(self) -> None:
        """Frees the renderer. Allowed any number of times."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def _lay_down(robot: MujocoRobot) -> None:
    """Brings the body to its rest position."""
    robot.send_action(np.asarray(robot.embodiment.rest_position, robot.action_spec.dtype))
    robot.clock.sleep_until(robot.clock.now_s() + LAYING_DOWN_S)
