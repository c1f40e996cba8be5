"""What an arm is beyond any body: a chain of hinges and a gripper with one moving jaw."""

from __future__ import annotations

from dataclasses import dataclass

from robolearn import keys
from robolearn.embodiments.embodiment import CameraSpec, Embodiment
from robolearn.errors import IncompatibleError
from robolearn.kinematics import ArmLayout, InverseKinematics, SerialChain
from robolearn.specs import ArraySpec, BoundedArraySpec

GRIPPER = "gripper"


@dataclass(frozen=True)
class Arm(Embodiment):
    """A serial arm whose last channel is the gripper's opening, 0 closed to 1 open.

    The opening is linear in the jaw's angle. At zero roll the jaw is above the fixed finger of a
    level hand.

    Attributes:
        chain: its joints and tool point, in the order of the channels.
        layout: how they make up an arm.
        jaw_closed_rad: angle of the jaw at opening 0 [rad].
        jaw_open_rad: angle of the jaw at opening 1 [rad].
        grasp_opening: the opening that takes a 3 cm block with room on both sides.
        grasp_duration_s: how long the jaw takes to close on the block, or to let go of it [s].
        tool_to_tip_m: how far the finger tips reach beyond the tool point [m].
    """

    chain: SerialChain
    layout: ArmLayout
    jaw_closed_rad: float
    jaw_open_rad: float
    grasp_opening: float
    grasp_duration_s: float
    tool_to_tip_m: float

    @property
    def jaw_range_rad(self) -> float:
        """Angle between closed and open [rad]."""
        return self.jaw_open_rad - self.jaw_closed_rad

    def make_inverse_kinematics(self) -> InverseKinematics:
        """Returns the arm's inverse kinematics."""
        return InverseKinematics(self.chain, self.layout)


def make_arm(
    name: str,
    *,
    chain: SerialChain,
    layout: ArmLayout,
    jaw_closed_rad: float,
    jaw_open_rad: float,
    grasp_opening: float,
    grasp_duration_s: float,
    tool_to_tip_m: float,
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
        jaw_closed_rad=jaw_closed_rad,
        jaw_open_rad=jaw_open_rad,
        grasp_opening=grasp_opening,
        grasp_duration_s=grasp_duration_s,
        tool_to_tip_m=tool_to_tip_m,
    )


def require_arm(embodiment: Embodiment) -> Arm:
    """Returns the body as an arm.

    Raises:
        IncompatibleError: if it is none.
    """
    if not isinstance(embodiment, Arm):
        raise IncompatibleError(f"{embodiment.name} is no arm, and this needs one")
    return embodiment
