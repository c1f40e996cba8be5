"""`LeaderArm`: a second arm of the same make, moved by hand; the robot follows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from robolearn import keys
from robolearn.errors import IncompatibleError, RobotError
from robolearn.hardware.arm_servos import ArmServos
from robolearn.hardware.arms import ArmAssembly
from robolearn.hardware.serial_link import LinkTimeoutError
from robolearn.hardware.servo_bus import ServoBus
from robolearn.keyboard import KeySource, describe_event_keys, find_event
from robolearn.robot import Robot
from robolearn.specs import Array
from robolearn.teleoperator import Command, StopLatch, Teleoperator, format_rows
from robolearn.timing import Clock, MonotonicClock

NEAR = 0.05  # closer than this in every channel, follower and leader are together [rad, 1]
TOUCH = 0.03  # a leader that moves further than this is in somebody's hand [rad, 1]
# No hand moves a joint so far between two readings: it has turned past the end of its scale, or has
# been moved during a pause.
JUMP = 0.8  # [rad, 1]
MAX_MISSED_READS = 3


class LeaderArm(Teleoperator):
    """Reads the posture of an arm without torque; it is the action of an arm of the same body.

    Robot and leader need not begin together: the robot approaches slowly, and follows without delay
    once it is there. Words are typed: both hands of the person are on the arm only when it moves.
    """

    def __init__(
        self,
        robot: Robot,
        assembly: ArmAssembly,
        bus: ServoBus,
        source: KeySource,
        robot_id: str = "leader",
        calibration: str | None = None,
        approach_speed: float = 0.8,
        clock: Clock | None = None,
    ) -> None:
        """Touches no device yet.

        Args:
            robot: what follows.
            assembly: how the leader is put together.
            bus: where its servos are.
            source: where the words are typed.
            robot_id: name of the leader; finds its calibration.
            calibration: path of that; None for the default place.
            approach_speed: of each channel until the robot has reached the leader [rad/s, 1/s].
            clock: the machine's time; None for real time.

        Raises:
            IncompatibleError: if the robot is another body than the leader.
        """
        if robot.embodiment.name != assembly.embodiment.name:
            raise IncompatibleError(
                f"a leader of {assembly.embodiment.name} cannot lead {robot.embodiment.name}: their"
                " joints differ"
            )
        self.shows_scene = source.shows_scene
        self._robot, self._source = robot, source
        self._action_spec = robot.action_spec
        state_channels = robot.embodiment.state_spec.channels
        self._places = [state_channels.index(name) for name in self._action_spec.channels]
        path = Path(calibration).expanduser() if calibration else None
        self._servos = ArmServos(assembly, bus, robot_id, path, clock or MonotonicClock())
        self._largest_step = approach_speed * robot.control_period_s
        self._is_connected, self._stop = False, StopLatch()
        self._num_missed = 0
        self._posture = np.asarray(robot.embodiment.home_position)

    def describe(self) -> str:
        """Returns how the leader is used and which keys say what."""
        motion = {"the leader arm": "moves the robot; first it comes slowly to the leader"}
        return format_rows({**motion, **describe_event_keys()})

    def connect(self) -> None:
        """Opens the keys and the leader, and takes its torque away.

        Raises:
            RobotError: if a servo is missing, or the calibration is not this leader's.
        """
        if self._is_connected:
            return
        self._source.connect(self._robot)
        try:
            self._servos.open()
            self._servos.bus.set_torque(self._servos.assembly.servo_ids, False)
            self._posture = self._servos.read().position
        except BaseException:
            self._is_connected = True
            self.close()
            raise
        self._is_connected = True

    def reset(self, observation: Mapping[str, Array]) -> None:
        """Begins an episode; what was typed before it is forgotten, save STOP."""
        self.is_stop_asked()
        self._touched_at = self._read_posture()
        self.follow(observation)

    def follow(self, observation: Mapping[str, Array]) -> None:
        """Lets the robot approach the leader from where it is now."""
        self._action = np.asarray(observation[keys.STATE], float)[self._places]
        self._is_together = False

    def is_stop_asked(self) -> bool:
        """Says whether STOP was said by now and has not been passed on."""
        return self._stop.hear(find_event(self._source.read_keys()))

    def get_command(self, observation: Mapping[str, Array]) -> Command:
        """Returns the leader's posture, or a step towards it, or the person's word.

        Raises:
            LinkLostError: if the leader is gone.
            LinkTimeoutError: if one of its servos has been silent for several readings.
        """
        event = self._stop.pass_on(find_event(self._source.read_keys()))
        if event is not None:
            return Command(event=event)
        last_posture, posture = self._posture, self._read_posture()
        is_active = bool(np.abs(posture - self._touched_at).max() > TOUCH)
        if is_active:
            self._touched_at = posture
        if np.abs(posture - last_posture).max() > JUMP:
            self._is_together = False
        away = posture - self._action
        self._is_together = self._is_together or bool(np.abs(away).max() <= NEAR)
        if not self._is_together:
            away = np.clip(away, -self._largest_step, self._largest_step)
        self._action = self._action + away
        return Command(self._action_spec.clip(self._action), is_active=is_active)

    def close(self) -> None:
        """Closes leader and keys; the leader stays without torque."""
        if not self._is_connected:
            return
        self._is_connected = False
        try:
            self._servos.bus.close()
        finally:
            self._source.close()

    def _read_posture(self) -> Array:
        """Returns the leader's posture; a missed reading or two leave it as it was."""
        if not self._is_connected:
            raise RobotError("the leader arm is not connected: call connect() first")
        try:
            self._posture = self._servos.read().position
            self._num_missed = 0
        except LinkTimeoutError:
            self._num_missed += 1
            if self._num_missed >= MAX_MISSED_READS:
                raise
        return self._posture
