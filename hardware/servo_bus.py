"""`ServoBus`: what an arm needs from a chain of smart servos, whatever protocol they speak."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from robolearn.errors import RobotError
from robolearn.hardware.serial_link import LinkCounters, LinkLostError

STEPS_PER_TURN = 4096  # of both families of servos that are driven here
MIDDLE_STEPS = STEPS_PER_TURN // 2
RAD_PER_STEP = 2 * math.pi / STEPS_PER_TURN


@dataclass(frozen=True)
class ServoState:
    """What a servo says of itself.

    Attributes:
        position_steps: of its output, as its registers give it, homing offset included [steps].
        velocity_radps: [rad/s].
        current_a: through its motor; the sign is that of the torque [A].
        load: share of its torque in use, -1 to 1.
        voltage_v: of its supply [V].
        temperature_c: of its case [°C].
        faults: what it complains of, in words; empty if nothing.
    """

    position_steps: int
    velocity_radps: float
    current_a: float
    load: float
    voltage_v: float
    temperature_c: float
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServoMemory:
    """What of a calibration a servo keeps through power-off.

    Attributes:
        homing_offset_steps: what shifts its zero [steps].
        lower_steps: lowest goal it accepts [steps].
        upper_steps: highest goal it accepts [steps].
    """

    homing_offset_steps: int
    lower_steps: int
    upper_steps: int


def name_servos(servo_ids: Iterable[int]) -> str:
    """Returns e.g. `servo 3` or `servos 3, 4`."""
    names = ", ".join(str(servo_id) for servo_id in servo_ids)
    return f"servos {names}" if "," in names else f"servo {names}"


def act_on_each(servo_ids: Sequence[int], act: Callable[[int], None]) -> RobotError | None:
    """Acts on each servo, also after one that is silent or refuses; returns the first failure.

    Raises:
        LinkLostError: if the port is gone.
    """
    failed: RobotError | None = None
    for servo_id in servo_ids:
        try:
            act(servo_id)
        except LinkLostError:
            raise
        except RobotError as error:
            failed = failed or error
    return failed


class ServoBus(ABC):
    """Servos on one serial port, each known by its id.

    Only the control loop calls it, from one thread. Reads are retried a bounded number of times;
    writes that move something are never repeated behind the caller's back.

    Every method raises `LinkLostError` if the port is gone, `LinkTimeoutError` if a servo did not
    answer after all retries (naming it), and `RobotError` if a servo refuses what it was told.
    """

    @property
    @abstractmethod
    def port(self) -> str:
        """Name of the serial port."""

    @property
    @abstractmethod
    def counters(self) -> LinkCounters:
        """What happened on the link so far."""

    @abstractmethod
    def open(self, servo_ids: Sequence[int]) -> None:
        """Opens the port and finds the servos; changes nothing about them but return delays.

        Raises:
            RobotError: if the port cannot be opened, a servo is missing, is of an unknown model, or
                two answer to one id; says what is there and what to look at.
        """

    @abstractmethod
    def close(self) -> None:
        """Closes the port and leaves the servos as they are. Allowed in every state."""

    @abstractmethod
    def scan(self) -> dict[int, str]:
        """Returns id and model of every servo that answers."""

    @abstractmethod
    def read_states(self, servo_ids: Sequence[int]) -> dict[int, ServoState]:
        """Returns the state of each servo, in one exchange."""

    @abstractmethod
    def write_goals(self, goals_steps: Mapping[int, int]) -> None:
        """Sets goal positions, in one exchange without an answer [steps]."""

    @abstractmethod
    def read_goals(self, servo_ids: Sequence[int]) -> dict[int, int]:
        """Returns the goal positions the servos hold [steps]."""

    @abstractmethod
    def set_torque(self, servo_ids: Sequence[int], enabled: bool) -> None:
        """Switches torque; verified by reading back. A goal must have been written before."""

    @abstractmethod
    def is_torque_on(self, servo_ids: Sequence[int]) -> dict[int, bool]:
        """Returns for each servo whether it gives torque."""

    @abstractmethod
    def set_torque_limits(self, shares: Mapping[int, float]) -> None:
        """Limits the torque each servo may use, as a share of its own limit, 0 to 1."""

    @abstractmethod
    def read_memory(self, servo_ids: Sequence[int]) -> dict[int, ServoMemory]:
        """Returns what the servos keep of their calibration."""

    @abstractmethod
    def write_memory(self, memories: Mapping[int, ServoMemory]) -> None:
        """Writes calibration into the servos, with torque off; verified by reading back."""

    @abstractmethod
    def configure(self, servo_ids: Sequence[int]) -> None:
        """Sets modes, gains and return delays for use in an arm, with torque off."""

    @abstractmethod
    def set_watchdog(self, servo_ids: Sequence[int], timeout_s: float) -> float | None:
        """Makes the servos stop by themselves when nobody speaks to them for this long.

        Returns:
            The time that was read back [s]; None if these servos have no such watchdog.
        """
