"""`StateMonitor`: watches what an arm's servos say of themselves, and remembers what went wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from robolearn.embodiments import Embodiment
from robolearn.hardware.safety.limits import ArmLimits
from robolearn.hardware.servo_bus import ServoState
from robolearn.specs import Array


class StateMonitor:
    """Judges every reading of an arm.

    A reading beyond a limit may be noise; `num_readings` of them in a row are a fault. The first
    fault stays until a person has seen to it and connects again: an arm that forgets its overload
    pushes on.

    Attributes:
        fault: the first fault as the start of a sentence, or None.
        limit_violations: positions found outside their limits, and faults.
    """

    def __init__(self, embodiment: Embodiment, limits: ArmLimits, period_s: float) -> None:
        """Begins without a fault.

        Args:
            embodiment: names the channels.
            limits: what is allowed.
            period_s: between two readings, about [s].
        """
        self._channels = embodiment.action_spec.channels
        self._spec, self._limits = embodiment.action_spec, limits
        self._is_joint = np.array([unit == "rad" for unit in self._spec.units])
        self._tracking_readings = max(1, math.ceil(limits.tracking_time_s / period_s))
        self.reset()

    def reset(self) -> None:
        """Forgets everything, as when the arm is connected."""
        self.fault: str | None = None
        self.limit_violations = 0
        self._streaks: Counter[tuple[str, str]] = Counter()

    def check(
        self, states: Mapping[str, ServoState], position: Array, command: Array | None
    ) -> None:
        """Takes a reading.

        Args:
            states: of each channel's servo.
            position: of each channel, as in an action.
            command: where each channel was sent; None while nothing is commanded.
        """
        self.limit_violations += len(self.find_outside(position))
        beyond: set[tuple[str, str]] = set()
        for channel, state in states.items():
            for limit, words in self._find_beyond(state):
                beyond.add((limit, channel))
                self._count(limit, channel, words, self._limits.num_readings)
        if command is not None and self._limits.is_on("tracking"):
            behind = np.abs(position - command) * self._is_joint
            for place in np.flatnonzero(behind > self._limits.tracking_error_rad):
                channel = self._channels[place]
                beyond.add(("tracking", channel))
                words = (
                    f"stays {behind[place]:.2f} rad behind its command (limit"
                    f" {self._limits.tracking_error_rad:g}): something blocks or overloads it"
                )
                self._count("tracking", channel, words, self._tracking_readings)
        for entry in set(self._streaks) - beyond:
            del self._streaks[entry]

    def find_outside(self, position: Array) -> list[str]:
        """Says of each channel outside its limits where it is."""
        tolerance = self._limits.position_tolerance
        low, high = self._spec.low - tolerance, self._spec.high + tolerance
        return [
            f"{self._channels[place]} is at {position[place]:.3f} (limits"
            f" {self._spec.low[place]:.3f} to {self._spec.high[place]:.3f})"
            for place in np.flatnonzero((position < low) | (position > high))
        ]

    def find_unfit(self, states: Mapping[str, ServoState]) -> list[str]:
        """Says of each servo what forbids to switch it on; looks at this one reading only."""
        return [
            f"{channel} {words}"
            for channel, state in states.items()
            for limit, words in self._find_beyond(state)
            if limit != "current"
        ]

    def _find_beyond(self, state: ServoState) -> Iterator[tuple[str, str]]:
        """Yields the limits that one reading of a servo is beyond, with words for each."""
        limits = self._limits
        if limits.is_on("current") and abs(state.current_a) > limits.current_a:
            yield "current", f"draws {abs(state.current_a):.2f} A (limit {limits.current_a:g} A)"
        if limits.is_on("temperature") and state.temperature_c > limits.temperature_c:
            found, limit = f"{state.temperature_c:.0f} °C", f"{limits.temperature_c:g} °C"
            yield "temperature", f"has {found} (limit {limit}): let it cool"
        low, high = limits.lowest_voltage_v, limits.highest_voltage_v
        if limits.is_on("voltage") and not low <= state.voltage_v <= high:
            yield (
                "voltage",
                f"is supplied with {state.voltage_v:.1f} V (limits {low:g} to {high:g} V): look at"
                " the power supply",
            )
        if limits.is_on("faults") and state.faults:
            yield "faults", f"reports {', '.join(state.faults)}"

    def _count(self, limit: str, channel: str, words: str, enough: int) -> None:
        self._streaks[limit, channel] += 1
        if self._streaks[limit, channel] == enough:
            self.limit_violations += 1
            if self.fault is None:
                self.fault = f"{channel} {words}"
