"""`Watchdogs`: lets servos stop by themselves when the computer falls silent, and notices it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.access import RegisterAccess
from robolearn.hardware.servo_bus import name_servos

# After this share of the watchdog's time in silence it is asked whether it has fired.
DOUBTFUL_SHARE = 0.5
FIRED = "stopped by its bus watchdog"


class WatchdogFiredError(RobotError):
    """Servos stopped by themselves, because nobody spoke to them for too long."""


class Watchdogs:
    """The bus watchdogs of the servos on a link.

    Any instruction on the line feeds all of them, and they watch only while torque is on. Where one
    has fired the servo holds still and refuses goals until 0 is written to its register.
    """

    def __init__(self, access: RegisterAccess) -> None:
        """Begins with none set."""
        self._access = access
        self._times_s: dict[int, float] = {}

    def set(self, servo_ids: Sequence[int], timeout_s: float) -> float:
        """Sets them, clearing those that have fired; returns the time that was read back [s].

        Raises:
            RobotError: if the servos cannot wait so long, or one has a homing offset.
        """
        units = math.floor(timeout_s / registers.WATCHDOG_UNIT_S + 1e-6)  # never longer than asked
        if not (timeout_s == 0 or 1 <= units <= registers.BUS_WATCHDOG.highest):
            raise RobotError(f"a bus watchdog waits 0.02 s to 2.54 s, got {timeout_s} s")
        if units:
            self._check_no_homing_offset(servo_ids)
        self.forget(servo_ids)
        self._clear(self._find_fired(servo_ids))
        self._access.write(registers.BUS_WATCHDOG, dict.fromkeys(servo_ids, units))
        set_s = units * registers.WATCHDOG_UNIT_S
        if units:
            self._times_s |= dict.fromkeys(servo_ids, set_s)
        self._access.longest_silence_s = 0.0
        return set_s

    def forget(self, servo_ids: Collection[int] | None = None) -> None:
        """Stops to ask after some of them, or all."""
        gone = self._times_s.keys() if servo_ids is None else servo_ids
        self._times_s = {key: time_s for key, time_s in self._times_s.items() if key not in gone}

    def find_fired(self) -> list[int]:
        """Returns which have fired; asks only after a silence in which one could have."""
        self._access.note_silence()
        silence_s = self._access.longest_silence_s
        if silence_s < DOUBTFUL_SHARE * min(self._times_s.values(), default=math.inf):
            return []
        fired = self._find_fired(list(self._times_s))
        if not fired:
            self._access.longest_silence_s = 0.0
        return fired

    def check(self) -> None:
        """Asks whether one has fired.

        Raises:
            WatchdogFiredError: if so; again at every call until they are set anew.
        """
        fired = self.find_fired()
        if fired:
            raise WatchdogFiredError(
                f"{name_servos(fired)} on {self._access.link.port} stopped by itself and takes no"
                f" goals, after {self._access.longest_silence_s:.2f} s without a word from this"
                " computer:"
                " find what held it up, then arm the robot anew"
            )

    def _find_fired(self, servo_ids: Sequence[int]) -> list[int]:
        values = self._access.read(registers.BUS_WATCHDOG, servo_ids)
        return [key for key, value in values.items() if value == registers.WATCHDOG_FIRED]

    def _clear(self, fired: Sequence[int]) -> None:
        """Clears some that have fired and lets their servos hold where they stand."""
        present = self._access.read(registers.PRESENT_POSITION, fired)
        self._access.write(registers.BUS_WATCHDOG, dict.fromkeys(fired, 0))
        self._access.send(registers.GOAL_POSITION, present)

    def _check_no_homing_offset(self, servo_ids: Sequence[int]) -> None:
        # With one, in extended position mode, firmware has been seen to run away instead of
        # stopping when the watchdog fires: ROBOTIS-GIT/DynamixelSDK issue 584.
        for servo_id, offset in self._access.read(registers.HOMING_OFFSET, servo_ids).items():
            if offset:
                raise RobotError(
                    f"servo {servo_id} on {self._access.link.port} has a homing offset of {offset}"
                    " steps, with which its bus watchdog is not to be trusted: calibrate with an"
                    " offset of 0"
                )
