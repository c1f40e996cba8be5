"""`Perturbation`: what changes one aspect of a task."""

from __future__ import annotations

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

    def furnish(self, spec: mujoco.MjSpec, embodiment: Embodiment) -> None:
        """Adds to the scene, after everything of the task's own."""

    def take_hold(self, world: World) -> None:
        """Notes what the compiled world is like, before anything is changed."""

    def disturb(self, rng: np.random.Generator) -> None:
        """Changes the world for one episode, after the task has set it out; `rng` is its own."""

    def reword(self, instruction: str, rng: np.random.Generator) -> str:
        """Returns the instruction for one episode."""
        del rng
        return instruction
