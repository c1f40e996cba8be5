"""`PerturbedRobot`: a robot whose joints stray, so that demonstrations show how to recover."""

from __future__ import annotations

import math

import numpy as np

from robolearn.errors import RobolearnError
from robolearn.robot import Observation
from robolearn.sim.scene import SceneBuilder
from robolearn.sim.simulated_robot import SimulatedRobot
from robolearn.sim.world import World
from robolearn.specs import Array

CORRELATION = 0.85  # from one control step to the next: noise that pushes rather than trembles


class PerturbedRobot(SimulatedRobot):
    """Adds correlated noise to the joint targets it passes on; `send_action` returns the noisy one.

    The noise is first-order autoregressive. Its stationary standard deviation is drawn for each
    episode between zero and `max_sd_rad`, so a dataset holds calm and rough episodes. Channels that
    are no angles (the gripper's opening) are left alone.
    """

    def __init__(self, robot: SimulatedRobot, max_sd_rad: float = 0.06) -> None:
        """Wraps a robot.

        Raises:
            RobolearnError: if `max_sd_rad` is negative.
        """
        if max_sd_rad < 0:
            raise RobolearnError(f"max_sd_rad must not be negative, got {max_sd_rad}")
        self._robot = robot
        self._max_sd_rad = max_sd_rad
        self.embodiment, self.cameras, self.clock = robot.embodiment, robot.cameras, robot.clock
        self._is_angle = np.array([unit == "rad" for unit in self.action_spec.units], np.float32)
        self._noise = np.zeros(self.action_spec.shape)
        self._begin_noise(seed=0)

    def load_scene(self, add_scene: SceneBuilder) -> World:
        """Builds the world of the wrapped robot."""
        return self._robot.load_scene(add_scene)

    def begin_episode(self, seed: int) -> None:
        """Begins an episode of the wrapped robot and a new strand of noise."""
        self._robot.begin_episode(seed)
        self._begin_noise(seed)

    def connect(self) -> None:
        """Connects the wrapped robot."""
        self._robot.connect()

    def get_observation(self) -> Observation:
        """Returns what the wrapped robot observes."""
        return self._robot.get_observation()

    def send_action(self, action: Array) -> Array:
        """Refuses what does not fit, adds the noise, keeps within bounds, passes it on."""
        spec = self.action_spec
        action = spec.validate(action)
        fresh = self._rng.standard_normal(action.shape)
        self._noise = CORRELATION * self._noise + self._fresh_sd_rad * fresh
        return self._robot.send_action(spec.clip(action + self._noise * self._is_angle))

    def render(self, camera: str = "overview", height_px: int = 360, width_px: int = 480) -> Array:
        """Draws the wrapped robot."""
        return self._robot.render(camera, height_px, width_px)

    def stop(self) -> None:
        """Stops the wrapped robot."""
        self._robot.stop()

    def close(self) -> None:
        """Closes the wrapped robot."""
        self._robot.close()

    def _begin_noise(self, seed: int) -> None:
        # A constant beside the seed keeps this stream apart from the one that drew the start.
        self._rng = np.random.default_rng((seed, 0x6E6F6973))
        sd_rad = self._rng.uniform(0.0, self._max_sd_rad)
        self._fresh_sd_rad = sd_rad * math.sqrt(1.0 - CORRELATION**2)
        self._noise = np.zeros(self.action_spec.shape)
