"""The Panda of LIBERO: robosuite 1.4's, moved by operational-space pose steps at 20 Hz.

An action of 1 asks for 5 cm or 0.5 rad in one step (robosuite 1.4.0, `controllers/config/
osc_pose.json`); the last entry closes the gripper (1), opens it (-1) or leaves it (0). Quaternions
have their scalar last, as robosuite has them. The frame is LIBERO's world frame.
"""

from robolearn import keys
from robolearn.embodiments.delta_hand import DeltaHand
from robolearn.embodiments.embodiment import CameraSpec
from robolearn.specs import ArraySpec, BoundedArraySpec

JOINTS = tuple(f"joint{number}" for number in range(1, 8))
HAND_POSE = ("eef_x", "eef_y", "eef_z", "eef_qx", "eef_qy", "eef_qz", "eef_qw")
ACTIONS = ("step_x", "step_y", "step_z", "turn_x", "turn_y", "turn_z", "grip")
IDLE = (0.0,) * len(ACTIONS)

# `front` and `wrist` are LIBERO's agentview and robot0_eye_in_hand; the rest are its own names.
CAMERAS = ("front", "wrist", "agentview", "robot0_eye_in_hand", "frontview", "sideview", "birdview")

PANDA_LIBERO = DeltaHand(
    name="panda_libero",
    state_spec=ArraySpec(
        keys.STATE,
        (16,),
        "float32",
        (*JOINTS, *HAND_POSE, "gripper_0", "gripper_1"),
        ("rad",) * 7 + ("m",) * 3 + ("1",) * 4 + ("m",) * 2,
    ),
    action_spec=BoundedArraySpec(
        keys.ACTION,
        (len(ACTIONS),),
        "float32",
        ACTIONS,
        ("1",) * len(ACTIONS),
        minimum=(-1.0,),
        maximum=(1.0,),
    ),
    control_rate_hz=20.0,
    cameras=tuple(CameraSpec(name, 128, 128) for name in CAMERAS),
    home_position=IDLE,
    rest_position=IDLE,
)
