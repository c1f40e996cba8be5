"""The names of things: one string each in memory, on disk and in exports (as in LeRobot)."""

STATE = "observation.state"
ENVIRONMENT_STATE = "observation.environment_state"
IMAGE_PREFIX = "observation.images."
ACTION = "action"
ACTION_APPLIED = "action_applied"
ACTION_IS_PAD = "action_is_pad"  # in batches: the step lies beyond the end of its episode
REWARD = "reward"
TERMINATED = "terminated"
TRUNCATED = "truncated"
SUCCESS = "success"
ACTOR = "actor"
SENT_S = "sent_s"
CAPTURED_S = "captured_s"
TASK = "task"


def image_key(camera: str) -> str:
    """Returns the observation key of a camera, e.g. `observation.images.front`."""
    return IMAGE_PREFIX + camera


def is_image_key(key: str) -> bool:
    """Says whether an observation key holds a camera image (uint8, HWC, RGB)."""
    return key.startswith(IMAGE_PREFIX)


def camera_of(key: str) -> str:
    """Returns the camera name of an image key: the inverse of `image_key`."""
    return key.removeprefix(IMAGE_PREFIX)
