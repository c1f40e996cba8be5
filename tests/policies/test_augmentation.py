import numpy as np

from robolearn.policies.augmentation import add_angle_noise, shift_images
from robolearn.specs import ArraySpec


def test_shift_moves_a_sample_as_one_and_repeats_the_border() -> None:
    ramp = np.arange(8, dtype=np.uint8)
    images = np.broadcast_to(ramp[None, None, None, :, None], (40, 2, 8, 8, 3))
    shifted = shift_images(images, 3, np.random.default_rng(0))
    assert shifted.shape == images.shape
    assert shifted.dtype == np.uint8
    offsets = set()
    for sample in shifted:
        offset = int(sample[0, 0, 4, 0]) - 4
        offsets.add(offset)
        expected = np.clip(ramp.astype(int) + offset, 0, 7)
        assert (sample == expected[None, None, :, None]).all()
    assert offsets == set(range(-3, 4))


def test_shift_repeats_with_the_same_generator() -> None:
    images = np.random.default_rng(1).integers(0, 256, (5, 1, 6, 6, 3)).astype(np.uint8)
    first = shift_images(images, 2, np.random.default_rng(4))
    second = shift_images(images, 2, np.random.default_rng(4))
    other = shift_images(images, 2, np.random.default_rng(5))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_noise_moves_angles_only() -> None:
    spec = ArraySpec("state", (2,), "float32", ("pan", "gripper"), ("rad", "1"))
    values = np.zeros((2000, 1, 2), np.float32)
    noisy = add_angle_noise(values, spec, 0.02, np.random.default_rng(0))
    assert noisy.dtype == np.float32
    assert (noisy[..., 1] == 0).all()
    assert 0.018 < noisy[..., 0].std() < 0.022


def test_values_without_units_are_left_alone() -> None:
    values = np.ones((3, 1, 4), np.float32)
    noisy = add_angle_noise(values, ArraySpec("x", (4,)), 0.5, np.random.default_rng(0))
    assert np.array_equal(noisy, values)
