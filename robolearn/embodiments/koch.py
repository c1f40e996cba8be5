"""Koch v1.1 follower: a 5-joint arm with a gripper, on Dynamixel servos.

Geometry and limits are those of repository google-deepmind/mujoco_menagerie, file
`low_cost_robot_arm/low_cost_robot_arm.xml`, turned so that the arm looks along x; the jaw's limits
too. Its sideways offsets (joint frames on the faces of the servos) are left out: the tool's plane
lies 1.3 mm off the pan axis. Differing from it, all signs are those of the SO-101, and roll is zero
with the jaw above the finger, a quarter turn from the maker's zero.

The base frame stands on the table under the pan axis: x forward, y left, z up.
"""

from robolearn.embodiments.arm import make_arm
from robolearn.embodiments.embodiment import CameraSpec
from robolearn.kinematics import SerialChain
from robolearn.planar_arm import PlanarLayout

ARM_JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll")

# The finger's pad ends this far ahead of the roll joint.
FINGERTIP_M = 0.069
# The tool point lies between the finger pads, a little before their tips.
GRASP_BEFORE_TIP_M = 0.01

CHAIN = SerialChain(
    joint_names=ARM_JOINTS,
    origins_m=(
        (0.0, 0.0, 0.0409),  # base to shoulder
        (0.0, 0.0, 0.0154),  # shoulder to upper_arm
        (0.0148, 0.0, 0.1083),  # upper_arm to lower_arm: 0.109 m, 8 degrees forward of upright
        (0.1005, 0.0, 0.0027),  # lower_arm to wrist: 0.101 m
        (0.0450, 0.0, 0.0),  # wrist to gripper
    ),
    axes=(
        (0.0, 0.0, -1.0),  # pan: positive turns right
        (0.0, 1.0, 0.0),  # lift, elbow, wrist: positive bends down
        (0.0, 1.0, 0.0),
        (0.0, 1.0, 0.0),
        (-1.0, 0.0, 0.0),  # roll: positive is anticlockwise seen along the hand
    ),
    tool_offset_m=(FINGERTIP_M - GRASP_BEFORE_TIP_M, 0.0, 0.0),
    lower_rad=(-2.2, -0.6, -1.57, -2.0, -1.57),
    upper_rad=(2.2, 1.57, 1.45, 2.0, 4.71),
)
LAYOUT = PlanarLayout(
    pitch_row=(0.0, 1.0, 1.0, 1.0, 0.0),
    roll_row=(0.0, 0.0, 0.0, 0.0, 1.0),
    shoulder=1,
    elbow=2,
    wrist=3,
)

KOCH = make_arm(
    "koch",
    chain=CHAIN,
    layout=LAYOUT,
    gripper_closed=-0.032,
    gripper_open=1.60,
    grasp_opening=0.66,  # a gap of about 60 mm at the tips
    max_gap_m=0.091,
    grasp_duration_s=0.4,
    tool_to_tip_m=GRASP_BEFORE_TIP_M,
    has_fixed_finger=True,
    control_rate_hz=20.0,
    cameras=(CameraSpec("front", 96, 96), CameraSpec("wrist", 96, 96)),
    # Behind and above the workspace, so that both cameras see it: the tool at x 0.11 m, z 0.12 m,
    # pitched 1.2 rad down; jaw to the left and open.
    home_position=(0.0, -0.26078, -0.25803, 1.71879, 1.5708, 0.66),
    # Folded back onto its stops, the fingertips just over the table.
    rest_position=(0.0, -0.59, 1.44, -0.2, 1.5708, 0.0),
)
