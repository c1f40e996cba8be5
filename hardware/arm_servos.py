"""`ArmServos`: the servos of one calibrated arm, in the embodiment's channels instead of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robolearn.errors import RobotError
from robolearn.hardware.arms import ArmAssembly
from robolearn.hardware.calibration import Calibration, find_path, load_calibration
from robolearn.hardware.serial_link import LinkLostError
from robolearn.hardware.servo_bus import ServoBus, ServoState, act_on_each
from robolearn.specs import Array
from robolearn.timing import Clock

# A goal may be read back this far from where it was written: a servo cuts goals at its own limits.
GOAL_TOLERANCE_STEPS = 66  # 0.1 rad
NUM_DIFFERENCES_SAID = 2  # of those between a calibration and an arm; another arm's has a dozen
RAMP_STEPS = 20
# A watchdog is set anew when this share of its time has passed in silence.
WATCHDOG_SHARE = 0.8


@dataclass(frozen=True)
class ArmState:
    """One reading of all servos.

    Attributes:
        position: of each channel, as in an action; float64.
        servos: state of each servo, by channel.
        captured_s: middle of the exchange, on the robot's clock [s].
    """

    position: Array
    servos: dict[str, ServoState]
    captured_s: float


class ArmServos:
    """Reads and moves the servos of an arm.

    Knows no limits: whoever writes positions has limited them.
    """

    def __init__(
        self,
        assembly: ArmAssembly,
        bus: ServoBus,
        robot_id: str,
        calibration: Path | None,
        clock: Clock,
    ) -> None:
        """Touches neither bus nor file yet.

        Args:
            assembly: how the arm is put together.
            bus: where the servos are.
            robot_id: name of this arm.
            calibration: its file; None for the default place.
            clock: the robot's time.
        """
        self.assembly, self.bus = assembly, bus
        self._spec = assembly.embodiment.action_spec
        self.robot_id = robot_id
        self.path = calibration or find_path(assembly.embodiment.name, robot_id)
        self._clock = clock
        self._calibration: Calibration | None = None
        self._watchdog_s: float | None = None
        self._spoken_s = clock.now_s()

    @property
    def calibration(self) -> Calibration:
        """The file of this arm, read once.

        Raises:
            RobotError: if it is missing, damaged or of another arm.
        """
        if self._calibration is None:
            name, channels = self.assembly.embodiment.name, self._spec.channels
            calibration = load_calibration(self.path, name, self.robot_id, channels)
            self._check_fit(calibration)
            self._calibration = calibration
        return self._calibration

    def _check_fit(self, calibration: Calibration) -> None:
        """Refuses a file that wires the arm otherwise than it is built."""
        for joint in self.assembly.joints:
            held = calibration.joints[joint.channel]
            if held.servo_id != joint.servo_id or joint.direction not in (None, held.direction):
                turning = "" if joint.direction is None else f" turning {joint.direction:+d}"
                raise RobotError(
                    f"the calibration {self.path} has {joint.channel} on servo {held.servo_id}"
                    f" turning {held.direction:+d}, this arm on servo {joint.servo_id}{turning}:"
                    " calibrate it again"
                )

    def open(self) -> None:
        """Finds the servos and makes sure that they are those of the calibration.

        Raises:
            RobotError: if one is missing, or its memory differs from the file. Nothing has moved.
        """
        self._calibration = None  # it may have been calibrated anew since
        calibration = self.calibration
        self.require_port()
        self.bus.open(self.assembly.servo_ids)
        differences = calibration.find_differences(self.bus.read_memory(self.assembly.servo_ids))
        if differences:
            more = len(differences) - NUM_DIFFERENCES_SAID
            others = f" and {more} more" if more > 0 else ""
            raise RobotError(
                f"the arm on {self.bus.port} is not the one that {self.path} was made for, or was"
                f" calibrated since: {'; '.join(differences[:NUM_DIFFERENCES_SAID])}{others}."
                " Nothing moves. Name the right file"
                f" (robot.robot_id=… or robot.calibration=…), or calibrate it again"
            )
        self._watchdog_s = None

    def require_port(self) -> None:
        """Raises `RobotError` if nobody said where the servos are."""
        if not self.bus.port:
            raise RobotError(
                f"{self.assembly.embodiment.name} needs its serial port, as"
                " port=/dev/serial/by-id/… (`robolearn find-port` lists them)"
            )

    def read(self) -> ArmState:
        """Reads all servos in one exchange.

        Raises:
            LinkTimeoutError: if one did not answer, after the bus's own retries.
        """
        asked_s = self._clock.now_s()
        states = self.bus.read_states(self.assembly.servo_ids)
        self._spoken_s = self._clock.now_s()
        steps = {i: states[i].position_steps for i in self.assembly.servo_ids}
        return ArmState(
            self.calibration.to_position(steps, self._spec),
            {joint.channel: states[joint.servo_id] for joint in self.assembly.joints},
            (asked_s + self._spoken_s) / 2,
        )

    def write(self, position: Array) -> None:
        """Sends the servos to a position."""
        self.bus.write_goals(self.calibration.to_steps(position, self._spec))
        self._spoken_s = self._clock.now_s()

    def hold(self) -> None:
        """Makes every servo that answers stay where it is.

        Raises:
            LinkLostError: if the link is gone.
            RobotError: if some did not answer or obey; the others hold.
        """
        if (failed := self._for_all(self._hold)) is not None:
            raise failed

    def _hold(self, servo_ids: Sequence[int]) -> None:
        states = self.bus.read_states(servo_ids)
        goals = {i: states[i].position_steps for i in servo_ids}
        for joint in self.calibration.joints.values():
            if joint.servo_id in goals:  # one that leans on its stop may read a little beyond it
                goal = min(max(goals[joint.servo_id], joint.lower_steps), joint.upper_steps)
                goals[joint.servo_id] = goal
        self.bus.write_goals(goals)
        self._spoken_s = self._clock.now_s()

    def find_torque(self) -> dict[int, bool]:
        """Returns for each servo whether it gives torque."""
        return self.bus.is_torque_on(self.assembly.servo_ids)

    def switch_on(self, watchdog_s: float | None) -> None:
        """Gives torque, in the order in which nothing jumps: caps, watchdog, goal, torque.

        The goal is where it stands, and read back. The watchdog comes before it, for one that has
        fired keeps a servo from taking goals.

        Args:
            watchdog_s: after so long without a word the servos stop by themselves [s]; None for
                servos that cannot.

        Raises:
            RobotError: if a servo does not take what it is told. It may have torque by then.
        """
        servo_ids = self.assembly.servo_ids
        torque_on = self.find_torque()
        if slack := [i for i in servo_ids if not torque_on[i]]:
            self.bus.configure(slack)
        self.bus.set_torque_limits(self._caps)
        self._set_watchdog(watchdog_s)
        self._hold(servo_ids)
        self._check_goals()
        self.bus.set_torque(servo_ids, True)

    def _check_goals(self) -> None:
        servo_ids = self.assembly.servo_ids
        states, goals = self.bus.read_states(servo_ids), self.bus.read_goals(servo_ids)
        for joint in self.assembly.joints:
            present, goal = states[joint.servo_id].position_steps, goals[joint.servo_id]
            if abs(goal - present) > GOAL_TOLERANCE_STEPS:
                raise RobotError(
                    f"servo {joint.servo_id} ({joint.channel}) stands at {present} but keeps the"
                    f" goal {goal}: with torque it would jump, so it gets none; switch its power"
                    " off and on"
                )

    def _set_watchdog(self, timeout_s: float | None) -> None:
        if (
            timeout_s is not None
            and self.bus.set_watchdog(self.assembly.servo_ids, timeout_s) is None
        ):
            raise RobotError(
                f"the servos on {self.bus.port} have no watchdog: set robot.watchdog_s=null, and"
                " keep a power switch within reach, for a dead program leaves them holding"
            )
        self._watchdog_s, self._spoken_s = timeout_s, self._clock.now_s()

    def keep_awake(self) -> bool:
        """Sets the watchdog anew if silence may have fired it; says whether it did.

        The servos then hold where they stand.
        """
        if self._watchdog_s is None:
            return False
        if self._clock.now_s() - self._spoken_s < WATCHDOG_SHARE * self._watchdog_s:
            return False
        self._set_watchdog(self._watchdog_s)
        self.hold()
        return True

    def restore_torque(self, found: Mapping[int, bool]) -> None:
        """Takes torque from those servos that had none."""
        if slack := [servo_id for servo_id, was_on in found.items() if not was_on]:
            self.bus.set_torque(slack, False)

    def release(self, duration_s: float) -> None:
        """Takes the torque away slowly: it begins at what holds the arm, and the arm sinks.

        Raises:
            LinkLostError: if the link is gone.
            RobotError: if some servos did not answer or obey; the others are released.
        """
        failed: RobotError | None = None
        for step in range(1, RAMP_STEPS + 1):
            failed = self._cap(1.0 - step / RAMP_STEPS) or failed
            self._clock.sleep_until(self._clock.now_s() + duration_s / RAMP_STEPS)
        failed = self._for_all(lambda ids: self.bus.set_torque(ids, False)) or failed
        # For whoever switches torque on next, perhaps with another program.
        failed = self._cap(1.0) or failed
        if failed is not None:
            raise failed

    def _cap(self, share: float) -> RobotError | None:
        caps = self._caps
        return self._for_all(
            lambda ids: self.bus.set_torque_limits({i: share * caps[i] for i in ids})
        )

    @property
    def _caps(self) -> dict[int, float]:
        return {joint.servo_id: joint.torque_share for joint in self.assembly.joints}

    def _for_all(self, act: Callable[[Sequence[int]], None]) -> RobotError | None:
        """Acts on all servos at once, or if one does not obey, on each; returns what failed.

        One servo that is silent or in alarm must not keep the others from being held or released.

        Raises:
            LinkLostError: if the link is gone.
        """
        try:
            act(self.assembly.servo_ids)
            return None
        except LinkLostError:
            raise
        except RobotError:
            return act_on_each(self.assembly.servo_ids, lambda servo_id: act([servo_id]))
