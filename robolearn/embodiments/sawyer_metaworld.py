"""The Sawyer of Meta-World: a hand dragged through the air by its wrist (mocap), with a gripper.

Rates and scales are those of package metaworld 3.1.1, `sawyer_xyz_env.py`: 5 physics steps of
2.5 ms to a control step, in which an action of 1 drags the hand's target by 1 cm.

The base frame stands on the table's edge in front of the robot, y pointing away from it and z up.
"""

from robolearn import keys
from robolearn.embodiments.delta_hand import DeltaHand
from robolearn.embodiments.embodiment import CameraSpec
from robolearn.specs import ArraySpec, BoundedArraySpec

CAMERAS = (
    "corner3",
    "corner",
    "corner2",
    "corner4",
    "topview",
    "behindGripper",
    "gripperPOV",
)

SAWYER_METAWORLD = DeltaHand(
    name="sawyer_metaworld",
    state_spec=ArraySpec(
        keys.STATE,
        (4,),
        "float32",
        # The opening is 0 with the fingers together and 1 with them 10 cm apart.
        ("hand_x", "hand_y", "hand_z", "gripper_opening"),
        ("m", "m", "m", "1"),
    ),
    action_spec=BoundedArraySpec(
        keys.ACTION,
        (4,),
        "float32",
        # The last is how hard the fingers are pressed together (1) or apart (-1).
        ("step_x", "step_y", "step_z", "grip"),
        ("1", "1", "1", "1"),
        minimum=(-1.0,),
        maximum=(1.0,),
    ),
    control_rate_hz=80.0,
    cameras=tuple(CameraSpec(name, 96, 96) for name in CAMERAS),
    home_position=(0.0, 0.0, 0.0, -1.0),
    rest_position=(0.0, 0.0, 0.0, -1.0),
)
