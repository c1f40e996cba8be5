"""`CalibrationProcedure`: finds out by a person's hand which steps are which positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from robolearn.errors import RobotError
from robolearn.hardware.arms import ServoJoint
from robolearn.hardware.calibration import Calibration, JointCalibration
from robolearn.hardware.servo_arm import ServoArm
from robolearn.hardware.servo_bus import MIDDLE_STEPS, RAD_PER_STEP, STEPS_PER_TURN, ServoMemory
from robolearn.robot import Robot

LARGEST_OFFSET_STEPS = MIDDLE_STEPS - 1  # what a Feetech servo can keep, both ways
# A joint's stops may lie this far from the model's: printed parts, a cable in the way.
SPAN_TOLERANCE_RAD = 0.3
# A person's eye puts a joint into its middle this well.
POSE_TOLERANCE_RAD = 0.5
# A turn in its positive direction must be this clear.
SMALLEST_TURN_RAD = 0.1
# What has no known span, a gripper or a joint without stops, must move by so much to be believed.
SMALLEST_SPAN_RAD = 0.5


@dataclass(frozen=True)
class JointRange:
    """Where a joint has been, in steps of its servo.

    Attributes:
        channel: name of the joint.
        now: where it is.
        lower: lowest so far.
        upper: highest so far.
        has_wrapped: its reading jumped from one end of a turn to the other.
    """

    channel: str
    now: int
    lower: int
    upper: int
    has_wrapped: bool = False

    @property
    def span_rad(self) -> float:
        """How far it has been moved [rad]."""
        return (self.upper - self.lower) * RAD_PER_STEP

    def move(self, now: int) -> JointRange:
        """Returns what is known after one more reading."""
        has_wrapped = self.has_wrapped or abs(now - self.now) > MIDDLE_STEPS
        lower, upper = min(self.lower, now), max(self.upper, now)
        return JointRange(self.channel, now, lower, upper, has_wrapped)


class CalibrationProcedure:
    """Calibrates an arm: the middle pose, a turn of every joint, then each from stop to stop.

    Torque is off from `start` on. Until `finish` the servos' memory is provisional; `close` gives
    them back what they held if it was not reached.
    """

    def __init__(self, robot: Robot) -> None:
        """Takes the robot, not connected.

        Raises:
            RobotError: if it has no servos to calibrate.
        """
        if not isinstance(robot, ServoArm):
            raise RobotError(
                f"{type(robot).__name__} has no servos to calibrate: name an arm, as robot=so101"
            )
        self._servos, self._assembly = robot.servos, robot.servos.assembly
        self._bus = robot.servos.bus
        self._held: Mapping[int, ServoMemory] | None = None
        self._provisional: dict[int, ServoMemory] = {}
        self._middle_steps: dict[int, int] = {}
        self._directions: dict[int, int] = {}
        self._ranges: dict[int, JointRange] = {}

    @property
    def middle_pose(self) -> str:
        """How the person is to put the arm first, in words."""
        return self._assembly.middle_pose

    @property
    def positive_pose(self) -> str:
        """How the person is to turn every joint then, in words."""
        return self._assembly.positive_pose

    @property
    def path(self) -> Path:
        """Where the file will be."""
        return self._servos.path

    def start(self) -> None:
        """Opens the bus and takes torque from the arm: somebody must hold it.

        Raises:
            RobotError: if the port or a servo is missing.
        """
        self._servos.require_port()
        servo_ids = self._assembly.servo_ids
        self._bus.open(servo_ids)
        self._bus.set_torque(servo_ids, False)
        self._bus.configure(servo_ids)

    def take_middle(self) -> None:
        """Takes the pose the arm is in as its middle; the ranges begin there."""
        servo_ids = self._assembly.servo_ids
        held = self._bus.read_memory(servo_ids)
        # Whole turns are open from here on: the old ends may be another arm's.
        for servo_id, position in self._read_steps().items():
            offset = held[servo_id].homing_offset_steps + position - MIDDLE_STEPS
            offset = max(-LARGEST_OFFSET_STEPS, min(offset, LARGEST_OFFSET_STEPS))
            offset = offset if self._assembly.has_homing_offsets else 0
            self._provisional[servo_id] = ServoMemory(offset, 0, STEPS_PER_TURN - 1)
        self._held = held
        self._bus.write_memory(self._provisional)
        self._middle_steps = self._read_steps()
        for joint in self._assembly.joints:
            middle = self._middle_steps[joint.servo_id]
            self._ranges[joint.servo_id] = JointRange(joint.channel, middle, middle, middle)

    def take_directions(self) -> None:
        """Takes from the pose the arm is in which way each servo turns.

        Raises:
            RobotError: if a joint was not turned, or the other way than this arm is built.
        """
        steps, problems = self._read_steps(), []
        for joint in self._assembly.joints:
            turn_rad = (steps[joint.servo_id] - self._middle_steps[joint.servo_id]) * RAD_PER_STEP
            direction = 1 if turn_rad > 0 else -1
            if abs(turn_rad) < SMALLEST_TURN_RAD:
                problems.append(f"{joint.channel} was turned by only {abs(turn_rad):.2f} rad")
            elif joint.direction not in (None, direction):
                problems.append(f"{joint.channel} was turned the other way than its servo should")
            self._directions[joint.servo_id] = direction
        if problems:
            raise RobotError(
                f"not calibrated: {'; '.join(problems)} (positive is {self.positive_pose}; see also"
                " that each servo sits where its id says)"
            )

    def update(self) -> list[JointRange]:
        """Reads where the joints are, and returns where they have been."""
        for servo_id, steps in self._read_steps().items():
            self._ranges[servo_id] = self._ranges[servo_id].move(steps)
        return list(self._ranges.values())

    def finish(self) -> Calibration:
        """Writes what was found into the servos and the file; returns it.

        Raises:
            RobotError: if it is not plausible; says of each joint what is wrong. Nothing is written
                then.
        """
        built = self._assembly.joints
        if problems := [text for joint in built for text in self._find_problems(joint)]:
            raise RobotError(f"not calibrated: {'; '.join(problems)}. Nothing was kept")
        joints = {joint.channel: self._compute(joint) for joint in built}
        name = self._assembly.embodiment.name
        calibration = Calibration(name, self._servos.robot_id, joints)
        self._bus.write_memory({joint.servo_id: joint.memory for joint in joints.values()})
        differences = calibration.find_differences(self._bus.read_memory(self._assembly.servo_ids))
        if differences:
            raise RobotError(f"not calibrated: {'; '.join(differences)}")
        calibration.save(self.path)
        self._held = None
        return calibration

    def close(self) -> None:
        """Closes the bus. Allowed in every state; the torque stays off."""
        held, self._held = self._held, None
        try:
            if held is not None:
                self._bus.write_memory(held)
        finally:
            self._bus.close()

    def _read_steps(self) -> dict[int, int]:
        states = self._bus.read_states(self._assembly.servo_ids)
        return {servo_id: state.position_steps for servo_id, state in states.items()}

    def _find_problems(self, joint: ServoJoint) -> list[str]:
        found = self._ranges[joint.servo_id]
        if found.has_wrapped:
            return [
                f"{joint.channel} passed the end of its servo's turn: it was not in its middle at"
                " the beginning"
            ]
        low_rad, high_rad = self._get_limits(joint)
        expected_rad = high_rad - low_rad
        if not self._is_measured(joint):
            if found.span_rad < SMALLEST_SPAN_RAD:
                return [f"{joint.channel} moved by only {found.span_rad:.2f} rad: move it further"]
            return []
        if abs(found.span_rad - expected_rad) > SPAN_TOLERANCE_RAD:
            return [
                f"{joint.channel} moved by {found.span_rad:.2f} rad, expected {expected_rad:.2f}:"
                " move it from stop to stop, and see that this servo is this joint's"
            ]
        away_rad = abs(self._find_zero(joint) - self._middle_steps[joint.servo_id]) * RAD_PER_STEP
        if away_rad > POSE_TOLERANCE_RAD:
            return [
                f"{joint.channel} was {away_rad:.2f} rad from its middle in the middle pose"
                f" ({self._assembly.middle_pose})"
            ]
        return []

    def _is_measured(self, joint: ServoJoint) -> bool:
        """Whether the ends that were found are those of the embodiment."""
        return joint.has_stops and self._get_unit(joint) == "rad"

    def _get_unit(self, joint: ServoJoint) -> str:
        spec = self._assembly.embodiment.action_spec
        return spec.units[spec.channels.index(joint.channel)]

    def _get_limits(self, joint: ServoJoint) -> tuple[float, float]:
        spec = self._assembly.embodiment.action_spec
        place = spec.channels.index(joint.channel)
        return float(spec.low[place]), float(spec.high[place])

    def _find_zero(self, joint: ServoJoint) -> int:
        """Where the joint is at zero: from the middle of its stops, else from the pose."""
        if not self._is_measured(joint):
            return self._middle_steps[joint.servo_id]
        found = self._ranges[joint.servo_id]
        middle_rad = sum(self._get_limits(joint)) / 2
        return round(
            (found.lower + found.upper) / 2
            - self._directions[joint.servo_id] * middle_rad / RAD_PER_STEP
        )

    def _compute(self, joint: ServoJoint) -> JointCalibration:
        found, zero = self._ranges[joint.servo_id], self._find_zero(joint)
        lower, upper = found.lower, found.upper
        if not joint.has_stops:
            direction = self._directions[joint.servo_id]
            ends = [direction * end / RAD_PER_STEP for end in self._get_limits(joint)]
            lower, upper = round(zero + min(ends)), round(zero + max(ends))
        # A servo that counts turns may have been read in another one.
        turns = (lower + upper) // 2 // STEPS_PER_TURN * STEPS_PER_TURN
        offset = self._provisional[joint.servo_id].homing_offset_steps
        return JointCalibration(
            servo_id=joint.servo_id,
            direction=self._directions[joint.servo_id],
            zero_steps=zero - turns,
            lower_steps=lower - turns,
            upper_steps=upper - turns,
            memory=ServoMemory(offset, lower - turns, upper - turns),
        )
