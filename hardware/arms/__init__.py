"""What each arm is made of: which servo drives which channel, and which way round."""

from robolearn.hardware.arms.assembly import ArmAssembly, ServoJoint

__all__ = ["ArmAssembly", "ServoJoint"]
