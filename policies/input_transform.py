"""From arrays to the tensors a network reads: the same for training and for acting."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robolearn import keys
from robolearn.errors import IncompatibleError
from robolearn.normalization import Normalizer, Statistics
from robolearn.specs import Array, ArraySpec, Specs


def make_normalizer(statistics: Mapping[str, Statistics], key: str, spec: ArraySpec) -> Normalizer:
    """Returns the normaliser of a key: to zero mean and unit variance per channel.

    Raises:
        IncompatibleError: if there are no statistics of it, or not of these channels.
    """
    if key not in statistics:
        raise IncompatibleError(
            f"no statistics of {key!r} (have: {', '.join(sorted(statistics)) or 'none'})"
        )
    if statistics[key].mean.shape != spec.shape or statistics[key].std.shape != spec.shape:
        raise IncompatibleError(
            f"statistics of {key!r} have shape {statistics[key].mean.shape}, its spec {spec.shape}"
        )
    return Normalizer(statistics[key])


class InputTransform:
    """Normalises low-dimensional keys and leaves images as they are (uint8, HWC).

    Images are scaled and shrunk inside the network's encoder, after they were moved, because
    uint8 takes a quarter of the room.
    """

    def __init__(self, observation_spec: Specs, statistics: Mapping[str, Statistics]) -> None:
        """Prepares for the keys of `observation_spec`."""
        self._keys = tuple(observation_spec)
        self._normalizers = {
            key: make_normalizer(statistics, key, spec)
            for key, spec in observation_spec.items()
            if not keys.is_image_key(key)
        }

    def apply(self, observations: Mapping[str, Array], device: torch.device) -> dict[str, Tensor]:
        """Returns the tensors of arrays of shape (batch, observation_horizon, ...)."""
        tensors = {}
        for key in self._keys:
            value = observations[key]
            if key in self._normalizers:
                value = self._normalizers[key].apply(value)
            tensors[key] = torch.from_numpy(value).to(device)
        return tensors
