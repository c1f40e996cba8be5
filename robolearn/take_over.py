"""`TakeOver`: a person watches a policy, takes over by touching their device, and gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from robolearn.specs import Array
from robolearn.teleoperator import Command, Teleoperator
from robolearn.timing import Clock, MonotonicClock

LATCH_S = 0.5


class TakeOver(Teleoperator):
    """Leaves the robot to the policy while a device is untouched.

    A touch takes over at once, from where the robot is. The robot stays with the person until they
    have not moved anything for `latch_s`: between two movements the policy does not interfere.
    `run_episode` has the policy start afresh when it gets the robot back.
    """

    def __init__(
        self, teleoperator: Teleoperator, latch_s: float = LATCH_S, clock: Clock | None = None
    ) -> None:
        """Wraps a device.

        Args:
            teleoperator: the person's device.
            latch_s: how long after their last movement the robot stays with the person [s].
            clock: the person's time; None takes real time.
        """
        self.shows_scene = teleoperator.shows_scene
        self._teleoperator = teleoperator
        self._latch_s = latch_s
        self._clock = clock or MonotonicClock()
        self._held_until_s = -float("inf")

    def describe(self) -> str:
        """Returns how the device is used, and that touching it takes over."""
        return (
            f"{self._teleoperator.describe()}\n"
            f"  The policy acts; move something to take over. {self._latch_s:g} s after your last"
            " movement it goes on."
        ).lstrip("\n")

    def connect(self) -> None:
        """Makes the device ready; raises as its `connect` does."""
        self._teleoperator.connect()

    def reset(self, observation: Mapping[str, Array]) -> None:
        """Begins an episode with the policy acting."""
        self._held_until_s = -float("inf")
        self._teleoperator.reset(observation)

    def follow(self, observation: Mapping[str, Array]) -> None:
        """Passes it on."""
        self._teleoperator.follow(observation)

    def is_stop_asked(self) -> bool:
        """Passes it on."""
        return self._teleoperator.is_stop_asked()

    def get_command(self, observation: Mapping[str, Array]) -> Command:
        """Returns the person's action while the robot is theirs, else none; always their word."""
        now_s = self._clock.now_s()
        if now_s >= self._held_until_s:
            self._teleoperator.follow(observation)
        command = self._teleoperator.get_command(observation)
        if command.action is not None and command.is_active:
            self._held_until_s = now_s + self._latch_s
        return command if now_s < self._held_until_s else replace(command, action=None)

    def close(self) -> None:
        """Releases the device."""
        self._teleoperator.close()
