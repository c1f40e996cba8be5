"""`SimulatedRobot`: what a task in simulation needs from a robot beyond `Robot`."""

from __future__ import annotations

from abc import abstractmethod

from robolearn.robot import Robot
from robolearn.sim.scene import SceneBuilder
from robolearn.sim.world import World


class SimulatedRobot(Robot):
    """A robot whose world is a MuJoCo model that a task may furnish."""

    @abstractmethod
    def load_scene(self, add_scene: SceneBuilder) -> World:
        """Builds the world around the body and returns it; an earlier world is let go."""

    @abstractmethod
    def begin_episode(self, seed: int) -> None:
        """Brings body and world to their initial state and the clock to zero.

        Args:
            seed: of any randomness of the robot itself.
        """
