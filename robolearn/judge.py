"""`Judge`: a person who watches a policy act, and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from robolearn.specs import Array
from robolearn.teleoperator import Command, Teleoperator


class Judge(Teleoperator):
    """Passes on what a person says by a device, and nothing of how they steer: the policy acts."""

    def __init__(self, device: Teleoperator) -> None:
        """Takes the device over: `close` closes it."""
        self._device = device
        self.shows_scene = device.shows_scene

    def describe(self) -> str:
        """Returns how the device is used, and that it moves nothing."""
        return f"you judge, the policy moves:\n{self._device.describe()}"

    def connect(self) -> None:
        """Connects the device."""
        self._device.connect()

    def reset(self, observation: Mapping[str, Array]) -> None:
        """Begins an episode."""
        self._device.reset(observation)

    def get_command(self, observation: Mapping[str, Array]) -> Command:
        """Returns what the person says now; never an action."""
        return Command(event=self._device.get_command(observation).event)

    def is_stop_asked(self) -> bool:
        """Passes it on."""
        return self._device.is_stop_asked()

    def close(self) -> None:
        """Closes the device."""
        self._device.close()
