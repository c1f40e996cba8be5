"""`Policy`: what maps an observation to an action."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from robolearn.specs import Array


class Policy(ABC):
    """Chooses actions. One policy object serves one environment at a time."""

    @abstractmethod
    def reset(self, instruction: str, seed: int) -> None:
        """Begins an episode: forgets everything about the one before.

        Args:
            instruction: the task in words.
            seed: source of any randomness of this episode; same seed, same choices.
        """

    @abstractmethod
    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the action for this observation, within the robot's `action_spec`."""
