"""The Koch v1.1 follower: two XL430-W250 and four XL330-M288, as LeRobot numbers them.

Which way each of them turns depends on how it was built in, and is measured at the calibration.
"""

from robolearn.embodiments import koch
from robolearn.hardware.arms.assembly import ArmAssembly, ServoJoint

KOCH_ASSEMBLY = ArmAssembly(
    embodiment=koch.KOCH,
    joints=(
        # The limits of the embodiment are a model's; where a printed arm stops is not known as well
        # as a person sees the middle pose.
        ServoJoint("shoulder_pan", 1, has_stops=False),
        ServoJoint("shoulder_lift", 2, has_stops=False),
        ServoJoint("elbow_flex", 3, has_stops=False),
        ServoJoint("wrist_flex", 4, has_stops=False),
        ServoJoint("wrist_roll", 5, has_stops=False),
        ServoJoint("gripper", 6, torque_share=0.5),
    ),
    middle_pose=(
        "the arm straight ahead, upper arm upright, forearm and hand level, the jaw above the fixed"
        " finger and half open"
    ),
    positive_pose=(
        "the arm to its right, upper arm forwards, forearm down, hand down, hand rolled"
        " anticlockwise seen from the base, jaw open"
    ),
    # They count turns, and with an offset their watchdog is not to be trusted.
    has_homing_offsets=False,
)


def make_assembly() -> ArmAssembly:
    """Returns the arm, for configuration files."""
    return KOCH_ASSEMBLY
