"""Random changes to training inputs, drawn from the caller's generator."""

from __future__ import annotations

import numpy as np

from robolearn.specs import Array, ArraySpec


def shift_images(images: Array, max_shift_px: int, generator: np.random.Generator) -> Array:
    """Shifts each sample's images by whole pixels, repeating the border.

    Args:
        images: shape (batch, horizon, height, width, channels); all images of one sample shift
            together, as they come from one camera.
        max_shift_px: largest shift along each axis [px].
        generator: source of the shifts.

    Returns:
        New images of the same shape and dtype.
    """
    height, width = images.shape[2:4]
    border = (max_shift_px, max_shift_px)
    padded = np.pad(images, ((0, 0), (0, 0), border, border, (0, 0)), mode="edge")
    corners = generator.integers(0, 2 * max_shift_px, size=(len(images), 2), endpoint=True)
    shifted = np.empty_like(images)
    for sample, (y, x) in enumerate(corners):
        shifted[sample] = padded[sample, :, y : y + height, x : x + width]
    return shifted


def add_angle_noise(
    values: Array, spec: ArraySpec, std_rad: float, generator: np.random.Generator
) -> Array:
    """Adds Gaussian noise to the channels that are angles.

    It keeps the policy from reading its next action off the exact joint positions, which it would
    then follow wherever its own small errors lead.

    Args:
        values: shape (..., channels).
        spec: of the key; its units say which channels are angles.
        std_rad: standard deviation [rad].
        generator: source of the noise.
    """
    is_angle = np.array([unit == "rad" for unit in spec.units] or [False] * values.shape[-1])
    noise = generator.normal(0.0, std_rad, size=values.shape) * is_angle
    return np.asarray(values + noise, values.dtype)
