"""SO-101: a 5-joint arm with a gripper.

Geometry, signs and limits are those of the maker's model after the "new calibration" (zero in the
middle of each joint's range): repository TheRobotStudio/SO-ARM100, file
`Simulation/SO101/so101_new_calib.xml`. Its joint frames are written out here in one common
orientation, and sideways offsets that do not move the tool (18 mm between servo and arm plane, 0.2
mm and 2.8 degrees at the wrist) are left out.

The base frame stands on the table under the pan axis: x forward, y left, z up.
"""

from robolearn.embodiments.arm import make_arm
from robolearn.embodiments.embodiment import CameraSpec
from robolearn.kinematics import SerialChain
from robolearn.planar_arm import PlanarLayout

ARM_JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll")

# `range` of each joint in so101_new_calib.xml, rounded inwards to 0.1 mrad.
JOINT_LOWER_RAD = (-1.9198, -1.7453, -1.69, -1.658, -2.7438)
JOINT_UPPER_RAD = (1.9198, 1.7453, 1.69, 1.658, 2.8412)
# The gripper channel is linear in the jaw's angle, as in LeRobot: 0 closed, 1 fully open.
JAW_CLOSED_RAD = -0.1745
JAW_OPEN_RAD = 1.7453

# The maker's `gripperframe` lies this far ahead of the roll joint, at the tip of the fixed finger.
FINGERTIP_M = 0.0981
# The tool point lies between the finger pads, a little before their tips.
GRASP_BEFORE_TIP_M = 0.01

CHAIN = SerialChain(
    joint_names=ARM_JOINTS,
    origins_m=(
        (0.0, 0.0, 0.0624),  # base to shoulder
        (0.0304, 0.0, 0.0542),  # shoulder to upper_arm
        (0.0280, 0.0, 0.1126),  # upper_arm to lower_arm: 0.116 m, 14 degrees forward of upright
        (0.1349, 0.0, 0.0052),  # lower_arm to wrist: 0.135 m
        (0.0611, 0.0, 0.0),  # wrist to gripper
    ),
    axes=(
        (0.0, 0.0, -1.0),  # pan: positive turns right
        (0.0, 1.0, 0.0),  # lift, elbow, wrist: positive bends down
        (0.0, 1.0, 0.0),
        (0.0, 1.0, 0.0),
        (-1.0, 0.0, 0.0),  # roll: positive is anticlockwise seen along the hand
    ),
    tool_offset_m=(FINGERTIP_M - GRASP_BEFORE_TIP_M, 0.0, 0.0),
    lower_rad=JOINT_LOWER_RAD,
    upper_rad=JOINT_UPPER_RAD,
)
LAYOUT = PlanarLayout(
    pitch_row=(0.0, 1.0, 1.0, 1.0, 0.0),
    roll_row=(0.0, 0.0, 0.0, 0.0, 1.0),
    shoulder=1,
    elbow=2,
    wrist=3,
)

SO101 = make_arm(
    "so101",
    chain=CHAIN,
    layout=LAYOUT,
    gripper_closed=JAW_CLOSED_RAD,
    gripper_open=JAW_OPEN_RAD,
    grasp_opening=0.45,  # a gap of about 65 mm at the tips
    max_gap_m=0.144,
    grasp_duration_s=0.3,
    tool_to_tip_m=GRASP_BEFORE_TIP_M,
    has_fixed_finger=True,
    control_rate_hz=20.0,
    cameras=(CameraSpec("front", 96, 96), CameraSpec("wrist", 96, 96)),
    # Behind and above the workspace, so that both cameras see it: the tool at x 0.13 m, z 0.13 m,
    # pitched 1.2 rad down; jaw to the left and open.
    home_position=(0.0, -0.93388, 0.48702, 1.64686, 1.5708, 0.45),
    # Folded back over the base: the upper arm leans on its stop, so torque can be cut there. The
    # fingers are just over the table.
    rest_position=(0.0, -1.74, 1.68, 0.85, 0.0, 0.0),
)
