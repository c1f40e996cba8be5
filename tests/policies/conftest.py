"""A tiny body, its data, and learners for it, for all tests of policies."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from robolearn import keys
from robolearn.learner import Batch
from robolearn.normalization import Statistics
from robolearn.policies.behavior_cloning.learner import BehaviorCloningLearner
from robolearn.policy import TrainedOn
from robolearn.specs import ArraySpec, BoundedArraySpec, image_spec

CAMERA = keys.image_key("front")
OBSERVATION_SPEC = {
    keys.STATE: ArraySpec(keys.STATE, (2,), "float32", ("pan", "gripper"), ("rad", "1")),
    CAMERA: image_spec(CAMERA, 16, 16),
}
ACTION_SPEC = BoundedArraySpec(
    keys.ACTION,
    (2,),
    "float32",
    ("pan", "gripper"),
    ("rad", "1"),
    minimum=(-2.0, 0.0),
    maximum=(2.0, 1.0),
)
STATISTICS = {
    key: Statistics(np.array([0.1, 0.5]), np.array([0.5, 0.25]), -np.ones(2), np.ones(2), count=100)
    for key in (keys.STATE, keys.ACTION)
}
TRAINED_ON = TrainedOn("tiny_arm", "reach", "reach the red ball", 0.05)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _make_batch(index: int, size: int = 8, horizon: int = 4) -> Batch:
    """Returns batch `index`: the actions follow from the state and from where a square stands."""
    generator = np.random.default_rng((7, index))
    state = generator.uniform(-0.5, 0.5, (size, 1, 2)).astype(np.float32)
    images = np.zeros((size, 1, 16, 16, 3), np.uint8)
    places = generator.integers(0, 13, size)
    for image, place in zip(images, places, strict=True):
        image[0, 6:9, place : place + 3] = 255
    steps = np.arange(horizon, dtype=np.float32)[None, :]
    pan = state[:, :, 0] + 0.05 * steps
    gripper = np.broadcast_to(places[:, None] / 12, pan.shape)
    is_pad = np.broadcast_to(steps >= horizon - 1, pan.shape)
    return {
        keys.STATE: state,
        CAMERA: images,
        keys.ACTION: np.stack([pan, gripper], axis=2).astype(np.float32),
        keys.ACTION_IS_PAD: is_pad.copy(),
    }


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    """Returns a function that gives batch `index` of a toy problem that can be learned."""
    return _make_batch


@pytest.fixture
def make_learner() -> Callable[..., BehaviorCloningLearner]:
    """Returns a function that builds a tiny learner; keywords change its settings."""

    def make(**changes: Any) -> BehaviorCloningLearner:
        settings: dict[str, Any] = {
            "total_updates": 12,
            "seed": 3,
            "observation_keys": [keys.STATE, CAMERA],
            "prediction_horizon": 4,
            "action_horizon": 2,
            "image_size_px": 12,
            "image_channels": (8, 8),
            "stem_kernel": 4,
            "stem_stride": 2,
            "flat_channels": 2,
            "flat_features": 8,
            "hidden_features": (32,),
            "warmup_updates": 2,
            "shift_px": 1,
        }
        specs = (OBSERVATION_SPEC, ACTION_SPEC, STATISTICS, TRAINED_ON)
        return BehaviorCloningLearner(*specs, **{**settings, **changes})

    return make


@pytest.fixture
def observation() -> dict[str, np.ndarray]:
    """One observation of the tiny body."""
    batch = _make_batch(0, size=1)
    return {keys.STATE: batch[keys.STATE][0, 0], CAMERA: batch[CAMERA][0, 0]}
