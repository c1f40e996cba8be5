"""Franka Emika Panda: a 7-joint arm with a hand of two parallel fingers.

Geometry and limits are those of robosuite 1.5.2, files `models/assets/robots/panda/robot.xml` and
`models/assets/grippers/panda_gripper.xml`, their joint frames written out in one common
orientation: at zero the arm stands upright and the hand points down.

The base frame stands at the foot of the arm, at the height of the table: x forward, y left, z up.
"""

import math

from robolearn.embodiments.arm import make_arm
from robolearn.embodiments.embodiment import CameraSpec
from robolearn.kinematics import SerialChain
from robolearn.redundant_arm import RedundantLayout

ARM_JOINTS = ("joint1", "joint2", "joint3", "joint4", "joint5", "joint6", "joint7")

FLANGE_M = 0.1065  # from joint7 to the hand
# robosuite's `grip_site`: between the finger pads, a little before their tips.
HAND_TO_TOOL_M = 0.097
# The fingers begin 52.4 mm ahead of the hand's frame and are 53.8 mm long (`finger.stl`).
FINGER_START_M, FINGER_LENGTH_M = 0.0524, 0.0538
FINGER_TRAVEL_M = 0.04  # of each finger
HALF_TURN_SINE = math.sqrt(0.5)

CHAIN = SerialChain(
    joint_names=ARM_JOINTS,
    origins_m=(
        (0.0, 0.0, 0.333),
        (0.0, 0.0, 0.0),
        (0.0, 0.0, 0.316),
        (0.0825, 0.0, 0.0),
        (-0.0825, 0.0, 0.384),
        (0.0, 0.0, 0.0),
        (0.088, 0.0, 0.0),
    ),
    axes=(
        (0.0, 0.0, 1.0),  # 1, 3, 5 turn left about the links
        (0.0, 1.0, 0.0),  # 2 bends forward
        (0.0, 0.0, 1.0),
        (0.0, -1.0, 0.0),  # 4 and 6 bend back
        (0.0, 0.0, 1.0),
        (0.0, -1.0, 0.0),
        (0.0, 0.0, -1.0),  # 7 turns clockwise, seen along the hand
    ),
    tool_offset_m=(0.0, 0.0, -FLANGE_M - HAND_TO_TOOL_M),
    lower_rad=(-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973),
    upper_rad=(2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973),
    # The hand sits turned by 45 degrees: at a joint7 of pi/4 its fingers move along y.
    tool_turn=(
        (0.0, -HALF_TURN_SINE, -HALF_TURN_SINE),
        (0.0, -HALF_TURN_SINE, HALF_TURN_SINE),
        (-1.0, 0.0, 0.0),
    ),
)
# The tool at x 0.46 m, z 0.26 m, the hand straight down: within 0.08 rad of where LIBERO's mounted
# Panda begins.
HOME_RAD = (0.0, -0.16076, 0.0, -2.46165, 0.0, 2.30088, math.pi / 4)
LAYOUT = RedundantLayout(
    shoulder=1,
    elbow=3,
    wrist=5,
    posture_rad=HOME_RAD,
    posture_pull=(0.0, 0.0, 0.3, 0.0, 0.1, 0.0, 0.0),
)

PANDA = make_arm(
    "panda",
    chain=CHAIN,
    layout=LAYOUT,
    gripper_closed=0.0,
    gripper_open=FINGER_TRAVEL_M,
    grasp_opening=1.0,
    max_gap_m=2 * FINGER_TRAVEL_M,
    grasp_duration_s=0.4,
    tool_to_tip_m=FINGER_START_M + FINGER_LENGTH_M - HAND_TO_TOOL_M,
    has_fixed_finger=False,
    control_rate_hz=20.0,
    cameras=(CameraSpec("front", 128, 128), CameraSpec("wrist", 128, 128)),
    home_position=(*HOME_RAD, 1.0),
    # Its brakes hold it wherever it is: at home, with the fingers closed.
    rest_position=(*HOME_RAD, 0.0),
)
