"""The SO-101 follower: six STS3215 servos, as the maker's instructions number them.

Steps grow with every channel: the maker's "new calibration" model, whose axes the embodiment has,
is used with the servos' own sense of rotation (LeRobot: `drive_mode` 0 for all of them).
"""

from robolearn.embodiments import so101
from robolearn.hardware.arms.assembly import ArmAssembly, ServoJoint

SO101_ASSEMBLY = ArmAssembly(
    embodiment=so101.SO101,
    joints=(
        ServoJoint("shoulder_pan", 1, direction=1),
        ServoJoint("shoulder_lift", 2, direction=1),
        ServoJoint("elbow_flex", 3, direction=1),
        ServoJoint("wrist_flex", 4, direction=1),
        # The roll turns on past its limits: only its cable ends it.
        ServoJoint("wrist_roll", 5, direction=1, has_stops=False),
        # LeRobot's share: squeezing with more for long burns the servo.
        ServoJoint("gripper", 6, direction=1, torque_share=0.5),
    ),
    middle_pose=(
        "the arm straight ahead, upper arm upright, forearm and hand level, the jaw above the fixed"
        " finger and half open"
    ),
    positive_pose=(
        "the arm to its right, upper arm forwards, forearm down, hand down, hand rolled"
        " anticlockwise seen from the base, jaw open"
    ),
)


def make_assembly() -> ArmAssembly:
    """Returns the arm, for configuration files."""
    return SO101_ASSEMBLY
