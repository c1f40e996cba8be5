"""Koch v1.1 from boxes: kinematics and masses of a published model, shape our own.

Numbers marked [menagerie] are from the repository google-deepmind/mujoco_menagerie,
`low_cost_robot_arm/low_cost_robot_arm.xml`; its servo settings are not those of the servos and not
used. Link lengths and limits: `robolearn.embodiments.koch`.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from robolearn.embodiments.koch import CHAIN, FINGERTIP_M, KOCH
from robolearn.kinematics import Vector3
from robolearn.sim.arm_model import ArmModel, Servo, compute_stiffness
from robolearn.sim.hands import JawHand
from robolearn.sim.shapes import BLACK, WHITE, add_beam, add_box

# Inertia of the motors behind the gears is published nowhere; this is the least with which a stiff
# grasp is stable at 5 ms steps. Beside it what the arm itself adds, typically, about the shoulder.
ARMATURE_KGM2 = 0.02
LINK_INERTIA_KGM2 = 0.002
STIFFNESS_NM = compute_stiffness(ARMATURE_KGM2 + LINK_INERTIA_KGM2)
RADPS_PER_RPM = 2 * math.pi / 60
FRICTION_PER_STALL = 0.02  # an estimate: dry friction of small gears


def make_dynamixel(
    stall_torque_nm: float,
    no_load_speed_rpm: float,
    torque_share: float = 1.0,
    stiffness_nm: float = STIFFNESS_NM,
) -> Servo:
    """Returns a servo by its data sheet: the torque falls to nothing at the no-load speed."""
    return Servo(
        stiffness=stiffness_nm,
        stall_force=stall_torque_nm,
        force_limit=torque_share * stall_torque_nm,
        damping=stall_torque_nm / (no_load_speed_rpm * RADPS_PER_RPM),
        friction=FRICTION_PER_STALL * stall_torque_nm,
        armature=ARMATURE_KGM2,
    )


XL430 = make_dynamixel(1.5, 61.0)  # XL430-W250 at 12 V (emanual.robotis.com)
XL330 = make_dynamixel(0.52, 103.0)  # XL330-M288 at 5 V
# Gentler, as with the SO-101: squeezing with more for long overheats the servo.
XL330_JAW = make_dynamixel(0.52, 103.0, torque_share=0.5, stiffness_nm=20.0)

# Half of width, depth and height of the case: 28.5 x 34 x 46.5 mm.
XL430_HALF_M = (0.0143, 0.0170, 0.0233)


class KochModel(ArmModel):
    """The simulated body of `robot=koch_sim`."""

    arm = KOCH
    link_masses_kg: ClassVar = {
        "base": 0.1,  # stands still
        "shoulder": 0.0501,  # this and all below [menagerie]
        "upper_arm": 0.0502,
        "lower_arm": 0.0638,
        "wrist": 0.0198,
        "gripper": 0.0293,
        "jaw": 0.0128,
    }
    servos = (XL430, XL430, XL330, XL330, XL330, XL330_JAW)
    hand = JawHand(
        jaw_hinge_m=(0.0132, 0.0, 0.0075),  # [menagerie]
        jaw_parallel_rad=KOCH.gripper_closed + 0.54,  # 0.54 rad closes 30 mm over 56 mm of jaw
        palm_low_m=(-0.004, -0.013, -0.025),
        palm_high_m=(0.020, 0.013, 0.017),
        fingertip_m=FINGERTIP_M,
        camera_m=(0.0, 0.055, 0.0),
        finger_rgba=WHITE,
    )

    def add_shape(self, link: str, body: Any) -> None:
        """Adds white printed parts, and black servos in the joints."""
        mass_kg = self.link_masses_kg[link]
        elbow, wrist, roll = CHAIN.origins_m[2:]
        match link:
            case "base":
                add_box(body, (-0.050, -0.035, 0.0), (0.030, 0.035, 0.006), WHITE, mass_kg)
                add_box(body, (-0.022, -0.021, 0.006), (0.022, 0.021, 0.016), WHITE)
                _add_case(body, (-0.008, 0.0, 0.024), XL430_HALF_M[::-1])
                add_box(body, (-0.050, -0.030, 0.006), (-0.036, 0.030, 0.018), BLACK)  # its board
            case "shoulder":
                add_box(body, (-0.020, -0.022, 0.0), (0.020, 0.022, 0.005), WHITE, mass_kg)
                _add_case(body, (0.0, 0.0, 0.0154), XL430_HALF_M[1:] + XL430_HALF_M[:1])
            case "upper_arm":
                add_beam(body, elbow, (0.012, 0.010), WHITE, mass_kg)
                _add_case(body, elbow, (0.012, 0.020, 0.012))
            case "lower_arm":
                add_beam(body, wrist, (0.012, 0.011), WHITE, mass_kg)
                _add_case(body, wrist, (0.017, 0.016, 0.011))
            case "wrist":
                add_box(
                    body, (0.0, -0.011, -0.013), (roll[0] - 0.004, 0.011, 0.013), BLACK, mass_kg
                )
                add_box(body, (0.012, -0.014, -0.016), (0.026, 0.014, 0.016), WHITE)
            case "gripper":
                add_box(body, (0.0, -0.0135, -0.026), (0.008, 0.0135, 0.018), WHITE)


def _add_case(body: Any, middle: Vector3, half_size: tuple[float, ...]) -> None:
    """Adds a servo's case."""
    (x, y, z), (half_x, half_y, half_z) = middle, half_size
    low = (x - half_x, y - half_y, z - half_z)
    add_box(body, low, (x + half_x, y + half_y, z + half_z), BLACK)


MODEL = KochModel()
