"""`SimulatedRobot`: what a task in simulation needs from a robot beyond `Robot`."""

from __future__ import annotations

from abc import abstractmethod

from robolearn.robot import Robot
from robolearn.sim.scene import SceneBuilder
from robolearn.sim.world import World
from robolearn.specs import Array


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

    @abstractmethod
    def render(self, camera: str = "overview", height_px: int = 360, width_px: int = 480) -> Array:
        """Draws a picture for people, whatever cameras are switched on, with smooth edges.

        Args:
            camera: any camera of the scene, also those that are no observation.
            height_px: of the picture, at most 360 [px].
            width_px: of the picture, at most 480 [px].

        Returns:
            uint8 RGB, upright, shape (height_px, width_px, 3).

        Raises:
            UnknownNameError: if the scene has no such camera.
            MissingDependencyError: if no OpenGL library is found.
        """
