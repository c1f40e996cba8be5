"""Bodies as pure data, shared by the simulated and the physical robot of the same name."""

from robolearn.embodiments.arm import Arm
from robolearn.embodiments.embodiment import CameraSpec, Embodiment

__all__ = ["Arm", "CameraSpec", "Embodiment"]
