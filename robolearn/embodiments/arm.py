"""What an arm is beyond any body: a chain of hinges, and a gripper with one degree of freedom."""

from __future__ import annotations

from dataclasses import dataclass

from robolearn import keys
from robolearn.embodiments.embodiment import CameraSpec, Embodiment
from robolearn.errors import IncompatibleError
from robolearn.inverse_kinematics import ArmLayout, InverseKinematics
from robolearn.kinematics import SerialChain
from robolearn.specs import ArraySpec, BoundedArraySpec

GRIPPER = "gripper"


@dataclass(frozen=True)
class Arm(Embodiment):
    """A serial arm whose last channel is the gripper's opening, 0 closed to 1 open.

    The opening is linear in the position of the joint that moves the gripper: the angle of a jaw
    [rad] or the way of a sliding finger [m]. At zero roll of a level hand the jaw is above the
    fixed finger.

    Attributes:
        chain: its joints and tool point, in the order of the channels.
        layout: how they make up an arm.
        gripper_closed: position of the gripper's joint at opening 0 [rad or m].
        gripper_open: position of the gripper's joint at opening 1 [rad or m].
        grasp_opening: the opening that takes a 3 cm block with room on both sides.
        max_gap_m: between the fingers at opening 1; it is about proportional to the opening [m].
        grasp_duration_s: how long the gripper takes to close on the block, or to let go of it [s].
        tool_to_tip_m: how far the finger tips reach beyond the tool point [m].
        has_fixed_finger: whether one finger stands still near the hand's axis, and an object is
            drawn onto it; otherwise both fingers move alike and meet on the axis.
    """

    chain: SerialChain
    layout: ArmLayout
    gripper_closed: float
    gripper_open: float
    grasp_opening: float
    max_gap_m: float
    grasp_duration_s: float
    tool_to_tip_m: float
    has_fixed_finger: bool

    @property
    def gripper_range(self) -> float:
        """Way of the gripper's joint from closed to open [rad or m]."""
        return self.gripper_open - self.gripper_closed

    def make_inverse_kinematics(self) -> InverseKinematics:
        """Returns the solver that fits the arm's layout."""
        return self.layout.make_inverse_kinematics(self.chain)


def make_arm(
    name: str,
    *,
    chain: SerialChain,
    layout: ArmLayout,
    gripper_closed: float,
    gripper_open: float,
    grasp_opening: float,
    max_gap_m: float,
    grasp_duration_s: float,
    tool_to_tip_m: float,
    has_fixed_finger: bool,
    control_rate_hz: float,
    cameras: tuple[CameraSpec, ...],
    home_position: tuple[float, ...],
    rest_position: tuple[float, ...],
) -> Arm:
    """Builds an arm with one channel per joint [rad], limited as the chain is, and the gripper."""
    channels = (*chain.joint_names, GRIPPER)
    units = ("rad",) * chain.num_joints + ("1",)
    shape = (len(channels),)
    return Arm(
        name=name,
        state_spec=ArraySpec(keys.STATE, shape, "float32", channels, units),
        action_spec=BoundedArraySpec(
            keys.ACTION,
            shape,
            "float32",
            channels,
            units,
            minimum=(*chain.lower_rad, 0.0),
            maximum=(*chain.upper_rad, 1.0),
        ),
        control_rate_hz=control_rate_hz,
        cameras=cameras,
        home_position=home_position,
        rest_position=rest_position,
        chain=chain,
        layout=layout,
        gripper_closed=gripper_closed,
        gripper_open=gripper_open,
        grasp_opening=grasp_opening,
        max_gap_m=max_gap_m,
        grasp_duration_s=grasp_duration_s,
        tool_to_tip_m=tool_to_tip_m,
        has_fixed_finger=has_fixed_finger,
    )


def require_arm(embodiment: Embodiment) -> Arm:
    """Returns the body as an arm.

    Raises:
        IncompatibleError: if it is none.
    """
    if not isinstance(embodiment, Arm):
        raise IncompatibleError(f"{embodiment.name} is no arm, and this needs one")
    return embodiment
