"""The Panda from capsules and boxes: kinematics and inertias of robosuite's model, shape our own.

Numbers marked [robosuite] are from robosuite 1.5.2, `models/assets/robots/panda/robot.xml` and
`models/assets/grippers/panda_gripper.xml`; sizes of shapes from the bounds of the meshes beside
them. Link lengths and limits: `robolearn.embodiments.panda`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import mujoco

from robolearn.embodiments import panda
from robolearn.embodiments.panda import FLANGE_M, PANDA
from robolearn.kinematics import Vector3
from robolearn.sim.arm_model import ArmModel, Servo, compute_stiffness
from robolearn.sim.hands import ParallelHand
from robolearn.sim.shapes import BLACK, WHITE, add_box, add_capsule, add_cylinder
from robolearn.sim.workbench import add_workbench

# Softer than hobby servos. With it the large joints have the 2000 to 3000 N m/rad that libfranka's
# examples set (`setJointImpedance`).
BANDWIDTH_HZ = 6.0


def make_servo(inertia_kgm2: float, torque_limit_nm: float, damping_nms: float) -> Servo:
    """Returns the servo of a joint, without dry friction: the arm compensates its own.

    Args:
        inertia_kgm2: about the joint, in the home position.
        torque_limit_nm: of the motor with its gears [robosuite].
        damping_nms: of the joint [robosuite].
    """
    return Servo(
        stiffness=compute_stiffness(inertia_kgm2, BANDWIDTH_HZ),
        stall_force=torque_limit_nm,
        force_limit=torque_limit_nm,
        damping=damping_nms,
        friction=0.0,
        armature=0.0,
    )


FINGER_ARMATURE_KG = 0.5  # robosuite has 1 kg
FINGERS = Servo(
    stiffness=4000.0,
    stall_force=40.0,
    force_limit=40.0,  # both fingers together: 20 N each [robosuite]
    damping=100.0,  # [robosuite]
    friction=0.0,
    armature=FINGER_ARMATURE_KG,
)

# Centre of mass in the link's frame [m] and principal moments of inertia [kg m^2] [robosuite]; the
# hand is link7, its mount and the gripper's palm in one.
Inertia = tuple[Vector3, Vector3]
INERTIAS: dict[str, Inertia] = {
    "link0": ((0.0, 0.0, 0.05), (0.4, 0.4, 0.4)),
    "link1": ((0.0, 0.0, -0.07), (0.3, 0.3, 0.3)),
    "link2": ((0.0, 0.0, 0.1), (0.3, 0.3, 0.3)),
    "link3": ((0.04, 0.0, -0.05), (0.2, 0.2, 0.2)),
    "link4": ((-0.04, 0.0, 0.05), (0.2, 0.2, 0.2)),
    "link5": ((0.0, 0.0, -0.15), (0.2, 0.2, 0.2)),
    "link6": ((0.06, 0.0, 0.0), (0.1, 0.1, 0.1)),
    "hand": ((0.1355, 0.0, 0.0), (0.17, 0.198, 0.158)),
}

RADIUS_M = 0.055  # of links and joints alike
WRIST_RADIUS_M = 0.046


class PandaModel(ArmModel):
    """The simulated body of `robot=panda_sim`."""

    arm = PANDA
    link_masses_kg: ClassVar = {  # [robosuite]
        "link0": 4.0,
        "link1": 3.0,
        "link2": 3.0,
        "link3": 2.0,
        "link4": 2.0,
        "link5": 2.0,
        "link6": 1.5,
        "hand": 0.5 + 0.5 + 0.3,
        "finger": 0.11,
        "other_finger": 0.11,
    }
    servos = (
        make_servo(2.2, 80.0, 0.1),
        make_servo(2.4, 80.0, 0.1),
        make_servo(1.7, 80.0, 0.1),
        make_servo(1.5, 80.0, 0.1),
        make_servo(0.49, 80.0, 0.1),
        make_servo(0.31, 12.0, 0.01),
        make_servo(0.17, 12.0, 0.01),
        FINGERS,
    )
    hand = ParallelHand(
        palm_low_m=(FLANGE_M - 0.026, -0.0316, -0.102),
        palm_high_m=(FLANGE_M + 0.060, 0.0316, 0.102),
        fingertip_m=FLANGE_M + panda.FINGER_START_M + panda.FINGER_LENGTH_M,
        finger_size_m=(0.021, 0.014),
        travel_m=panda.FINGER_TRAVEL_M,
        armature_kg=FINGER_ARMATURE_KG,
        camera_m=(FLANGE_M + 0.045, 0.07, 0.0),
        camera_looks_at_m=(FLANGE_M + 0.145, 0.0, 0.0),
        camera_field_of_view_deg=75.0,  # of robosuite's `eye_in_hand`
    )

    def add_surroundings(self, spec: mujoco.MjSpec) -> None:
        """Adds a workbench."""
        add_workbench(spec)

    def add_shape(self, link: str, body: Any) -> None:
        """Adds white links and black joints; the hand's masses include those of its palm."""
        body.mass, body.explicitinertial = self.link_masses_kg[link], True
        body.ipos, body.inertia = INERTIAS[link]
        r, w = RADIUS_M, WRIST_RADIUS_M
        match link:
            case "link0":
                add_box(body, (-0.15, -0.09, 0.0), (0.07, 0.09, 0.03), WHITE)
                add_capsule(body, (-0.10, 0.0, 0.03), (-0.01, 0.0, 0.07), 0.05, WHITE)
                add_cylinder(body, (0.0, 0.0, 0.0), (0.0, 0.0, 0.137), r, WHITE)
                add_cylinder(body, (0.0, 0.0, 0.137), (0.0, 0.0, 0.143), r - 0.002, BLACK)
            case "link1":
                add_cylinder(body, (0.0, 0.0, -0.19), (0.0, 0.0, -0.08), r, WHITE)
                add_capsule(body, (0.0, 0.0, -0.08), (0.0, -0.03, 0.0), r, WHITE)
                _add_joint(body, (0.0, -0.12, 0.0), (0.0, 0.0, 0.0), r)
            case "link2":
                _add_joint(body, (0.0, 0.12, 0.0), (0.0, 0.0, 0.0), r)
                add_capsule(body, (0.0, 0.03, 0.0), (0.0, 0.0, 0.09), r, WHITE)
                add_cylinder(body, (0.0, 0.0, 0.09), (0.0, 0.0, 0.19), r, WHITE)
                add_cylinder(body, (0.0, 0.0, 0.19), (0.0, 0.0, 0.196), r - 0.002, BLACK)
            case "link3":
                add_cylinder(body, (0.0, 0.0, -0.12), (0.0, 0.0, -0.05), r, WHITE)
                add_capsule(body, (0.0, 0.0, -0.05), (0.0825, 0.03, 0.0), r, WHITE)
                _add_joint(body, (0.0825, 0.105, 0.0), (0.0825, 0.0, 0.0), r)
            case "link4":
                _add_joint(body, (0.0, -0.105, 0.0), (0.0, 0.0, 0.0), r)
                add_capsule(body, (0.0, -0.03, 0.0), (-0.0825, 0.0, 0.06), r, WHITE)
                add_cylinder(body, (-0.0825, 0.0, 0.06), (-0.0825, 0.0, 0.118), r, WHITE)
                add_cylinder(body, (-0.0825, 0.0, 0.118), (-0.0825, 0.0, 0.124), r - 0.002, BLACK)
            case "link5":
                add_cylinder(body, (0.0, 0.0, -0.26), (0.0, 0.0, -0.16), r, WHITE)
                add_capsule(body, (0.0, 0.0, -0.16), (0.0, 0.065, -0.05), r - 0.005, WHITE)
                add_capsule(body, (0.0, 0.065, -0.05), (0.0, 0.065, 0.0), w, WHITE)
                _add_joint(body, (0.0, 0.12, 0.0), (0.0, 0.0, 0.0), w)
            case "link6":
                _add_joint(body, (0.0, -0.05, 0.0), (0.0, 0.0, 0.0), w)
                add_capsule(body, (0.0, -0.02, 0.0), (0.088, 0.0, 0.02), w, WHITE)
                add_cylinder(body, (0.088, 0.0, -0.045), (0.088, 0.0, 0.05), w, WHITE)
            case "hand":
                add_cylinder(body, (0.045, 0.0, 0.0), (0.082, 0.0, 0.0), 0.042, BLACK)


def _add_joint(body: Any, cap: Vector3, end: Vector3, radius_m: float) -> None:
    """Adds the white housing of a joint, with a black cap at its outer end."""
    add_cylinder(body, cap, end, radius_m, WHITE)
    x, y, z = cap
    outwards_m = 0.005 if y > 0 else -0.005
    add_cylinder(body, cap, (x, y + outwards_m, z), radius_m - 0.012, BLACK)


MODEL = PandaModel()
