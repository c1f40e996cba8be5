"""`Perturbation`: what changes one aspect of a task."""

from __future__ import annotations

from collections.abc import Collection

import mujoco
import numpy as np

from robolearn.embodiments import Embodiment
from robolearn.sim.world import World


class Perturbation:
    """Changes a task; each method that an axis has no use for does nothing.

    Attributes:
        strength: above 0, at most 1.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def furnish(
        self, spec: mujoco.MjSpec, embodiment: Embodiment, categories: Collection[str]
    ) -> None:
        """Adds to the scene, after everything of the task's own.

        Args:
            spec: the scene.
            embodiment: the body in it.
            categories: of the things in it, which nothing added shall be mistaken for.
        """

    def take_hold(self, world: World) -> None:
        """Notes what the compiled world is like, before anything is changed."""

    def disturb(self, rng: np.random.Generator) -> None:
        """Changes the world for one episode, after the task has set it out; `rng` is its own."""

    def reword(self, instruction: str, rng: np.random.Generator) -> str:
        """Returns the instruction for one episode."""
        del rng
        return instruction
