import numpy as np
import pytest
import torch

from robolearn import keys
from robolearn.errors import IncompatibleError
from robolearn.normalization import Statistics
from robolearn.policies.input_transform import InputTransform
from robolearn.specs import ArraySpec, image_spec

CAMERA = keys.image_key("front")
SPECS = {keys.STATE: ArraySpec(keys.STATE, (1,)), CAMERA: image_spec(CAMERA, 2, 2)}
STATISTICS = {keys.STATE: Statistics(np.array([3.0]), np.array([2.0]), np.zeros(1), np.ones(1), 10)}


def test_states_are_normalised_and_images_left_alone() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(1, 1, 2, 2, 3)
    arrays = {keys.STATE: np.array([[[7.0]]], np.float32), CAMERA: image}
    tensors = InputTransform(SPECS, STATISTICS).apply(arrays, torch.device("cpu"))
    assert tensors[keys.STATE].item() == 2.0
    assert tensors[CAMERA].dtype == torch.uint8
    assert np.array_equal(tensors[CAMERA].numpy(), image)


def test_missing_statistics_are_named() -> None:
    with pytest.raises(IncompatibleError, match=r"no statistics of 'observation\.state'"):
        InputTransform(SPECS, {})
