"""What each arm is made of: which servo drives which channel, and which way round."""

from robolearn.hardware.arms.arm import Arm, ServoJoint

__all__ = ["Arm", "ServoJoint"]
