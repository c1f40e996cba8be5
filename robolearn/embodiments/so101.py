"""SO-101: a 5-joint arm with a gripper."""

from robolearn import keys
from robolearn.embodiments.embodiment import CameraSpec, Embodiment
from robolearn.specs import ArraySpec, BoundedArraySpec

CHANNELS = (
    "shoulder_pan",
    "shoulder_lift",
    "elbow_flex",
    "wrist_flex",
    "wrist_roll",
    "gripper",
)
UNITS = ("rad", "rad", "rad", "rad", "rad", "1")

SO101 = Embodiment(
    name="so101",
    state_spec=ArraySpec(keys.STATE, (6,), "float32", CHANNELS, UNITS),
    action_spec=BoundedArraySpec(
        keys.ACTION,
        (6,),
        "float32",
        CHANNELS,
        UNITS,
        minimum=(-1.92, -1.75, -1.69, -1.66, -2.74, 0.0),
        maximum=(1.92, 1.75, 1.69, 1.66, 2.84, 1.0),
    ),
    control_rate_hz=20.0,
    cameras=(CameraSpec("front", 96, 96), CameraSpec("wrist", 96, 96)),
    rest_position=(0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
)
