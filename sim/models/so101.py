"""The SO-101 from boxes and cylinders: kinematics and masses of the maker's model, shape our own.

Numbers marked [maker] are from the repository TheRobotStudio/SO-ARM100,
`Simulation/SO101/so101_new_calib.xml`. Link lengths and limits: `robolearn.embodiments.so101`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from robolearn.embodiments import so101
from robolearn.embodiments.so101 import CHAIN, SO101
from robolearn.sim.arm_model import ArmModel, Servo, compute_stiffness
from robolearn.sim.hands import JawHand
from robolearn.sim.shapes import BLACK, YELLOW, across, add_beam, add_box, add_cylinder

ARMATURE_KGM2 = 0.028  # [maker]; also what keeps a stiff grasp stable at 5 ms steps
LINK_INERTIA_KGM2 = 0.005  # typical, about the shoulder; beside the armature
STALL_TORQUE_NM = 30 * 9.81 / 100  # at 12 V: 30 kg cm (data sheet)
STS3215 = Servo(
    # The maker's gain of 998 N m/rad belongs to a stiffer controller.
    stiffness=compute_stiffness(ARMATURE_KGM2 + LINK_INERTIA_KGM2),
    stall_force=STALL_TORQUE_NM,
    force_limit=STALL_TORQUE_NM,
    damping=0.60,  # [maker] class sts3215
    friction=0.052,  # [maker]
    armature=ARMATURE_KGM2,
)
JAW_SERVO = Servo(
    stiffness=20.0,
    stall_force=STALL_TORQUE_NM,
    force_limit=1.5,  # gentler, so that a grasp presses less than 20 N: half of the stall
    damping=STS3215.damping,
    friction=STS3215.friction,
    armature=ARMATURE_KGM2,
)


class So101Model(ArmModel):
    """The simulated body of `robot=so101_sim`."""

    arm = SO101
    link_masses_kg: ClassVar = {  # [maker]
        "base": 0.147,
        "shoulder": 0.100,
        "upper_arm": 0.103,
        "lower_arm": 0.104,
        "wrist": 0.079,
        "gripper": 0.087,
        "jaw": 0.012,
    }
    servos = (*(STS3215,) * CHAIN.num_joints, JAW_SERVO)
    hand = JawHand(
        jaw_hinge_m=(0.0234, 0.0, 0.0202),  # [maker]
        jaw_parallel_rad=so101.JAW_CLOSED_RAD + 0.4,  # 0.4 rad closes 30 mm over 75 mm of jaw
        palm_low_m=(-0.004, -0.02, -0.026),
        palm_high_m=(0.023, 0.02, 0.032),
        fingertip_m=so101.FINGERTIP_M,
        camera_m=(0.0, 0.065, 0.0),
    )

    def add_shape(self, link: str, body: Any) -> None:
        """Adds yellow printed parts and black servos."""
        mass_kg = self.link_masses_kg[link]
        elbow, wrist = CHAIN.origins_m[2:4]
        match link:
            case "base":
                add_box(body, (-0.045, -0.04, 0.0), (0.035, 0.04, 0.035), YELLOW, mass_kg)
                add_cylinder(body, (0.0, 0.0, 0.03), (0.0, 0.0, 0.06), 0.026, BLACK)
            case "shoulder":
                add_box(body, (-0.02, -0.03, 0.0), (0.05, 0.03, 0.03), YELLOW, mass_kg)
                add_cylinder(body, *across(CHAIN.origins_m[1], 0.032), 0.022, BLACK)
            case "upper_arm":
                add_beam(body, elbow, (0.02, 0.026), YELLOW, mass_kg)
                add_cylinder(body, *across(elbow, 0.028), 0.019, BLACK)
            case "lower_arm":
                add_beam(body, wrist, (0.017, 0.022), YELLOW, mass_kg)
                add_cylinder(body, *across(wrist, 0.025), 0.017, BLACK)
            case "wrist":
                add_box(body, (0.0, -0.016, -0.016), (0.055, 0.016, 0.016), YELLOW, mass_kg)


MODEL = So101Model()
