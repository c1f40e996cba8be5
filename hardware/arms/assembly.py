"""`ArmAssembly`: an arm of servos as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from robolearn.embodiments import Arm
from robolearn.errors import IncompatibleError


@dataclass(frozen=True)
class ServoJoint:
    """A servo and the channel it moves.

    Attributes:
        channel: name of the embodiment's channel; in rad for a joint, in 1 for a gripper's opening.
        servo_id: id on the bus.
        direction: +1 if its steps grow with the channel, -1 if they fall; None if not known. It is
            measured when the arm is calibrated, and must agree.
        torque_share: share of its torque that it may use, 0 to 1.
        has_stops: whether both ends of the joint's range are mechanical stops. Its zero is then
            found from them; else from the middle pose, by eye.
    """

    channel: str
    servo_id: int
    direction: int | None = None
    torque_share: float = 1.0
    has_stops: bool = True


@dataclass(frozen=True)
class ArmAssembly:
    """How an arm is put together from servos.

    Attributes:
        embodiment: the body, shared with its simulated twin; what it acts on is what it observes.
        joints: one per channel, in the order of the channels.
        middle_pose: how a person puts every joint to zero and the gripper half open, in words.
        positive_pose: how they then turn every joint in its positive direction, in words.
        has_homing_offsets: whether a calibration moves the middle of the servos' turn to the middle
            of the joint. Servos that count turns do without.
    """

    embodiment: Arm
    joints: tuple[ServoJoint, ...]
    middle_pose: str
    positive_pose: str
    has_homing_offsets: bool = True

    def __post_init__(self) -> None:
        channels = tuple(joint.channel for joint in self.joints)
        for spec in (self.embodiment.state_spec, self.embodiment.action_spec):
            if spec.channels != channels:
                raise IncompatibleError(
                    f"{self.embodiment.name}: servos drive {', '.join(channels)} but {spec.name}"
                    f" has {', '.join(spec.channels)}"
                )

    @property
    def servo_ids(self) -> tuple[int, ...]:
        """Ids of the servos, in the order of the channels."""
        return tuple(joint.servo_id for joint in self.joints)
