"""A hand that is moved by steps, as most simulated benchmarks have it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robolearn.embodiments.embodiment import Embodiment
from robolearn.specs import Array


@dataclass(frozen=True)
class DeltaHand(Embodiment):
    """A body whose action says how far the hand goes in one step.

    How far a step of 1 goes, its module says. Channels of the gripper begin with `grip`.
    """

    def make_hold_action(self, last_action: Array) -> Array:
        """Returns the action that leaves hand and gripper where they are: no step.

        Args:
            last_action: the action of the step before.
        """
        is_grip = np.array([name.startswith("grip") for name in self.action_spec.channels])
        return np.where(is_grip, last_action, np.zeros_like(last_action))
