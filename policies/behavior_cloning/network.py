"""The network: one encoder per camera, low-dimensional keys, an MLP that gives an action chunk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from robolearn import keys
from robolearn.errors import CheckpointError
from robolearn.policies.networks.image_encoder import ImageEncoder
from robolearn.specs import BoundedArraySpec, Specs


@dataclass(frozen=True)
class NetworkSettings:
    """What determines the network beside the specs.

    Attributes:
        observation_horizon: how many observations, up to the present one, it reads.
        prediction_horizon: how many actions, from the present one on, it gives.
        image_size_px: see `ImageEncoder.size_px`.
        image_channels: see `ImageEncoder.channels`.
        stem_kernel: see `ImageEncoder`.
        stem_stride: see `ImageEncoder`.
        flat_channels: see `ImageEncoder`.
        flat_features: see `ImageEncoder`.
        hidden_features: width of each hidden layer of the MLP.
    """

    observation_horizon: int
    prediction_horizon: int
    image_size_px: int
    image_channels: tuple[int, ...]
    stem_kernel: int
    stem_stride: int
    flat_channels: int
    flat_features: int
    hidden_features: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns plain data that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NetworkSettings:
        """Reads what `to_json` returned.

        Raises:
            CheckpointError: if fields are missing, unknown, or not positive whole numbers.
        """
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in data.items()
        }
        for name, value in values.items():
            for number in value if isinstance(value, tuple) else (value,):
                if type(number) is not int or number < 1:
                    raise CheckpointError(f"network: {name} must be positive, got {value!r}")
        try:
            return cls(**values)
        except TypeError as error:
            raise CheckpointError(f"not the settings of this network: {error}") from error


class ChunkNetwork(nn.Module):
    """Maps normalised observations to a chunk of normalised actions."""

    def __init__(
        self, observation_spec: Specs, action_spec: BoundedArraySpec, settings: NetworkSettings
    ) -> None:
        """Builds the layers for these specs; `observation_spec` holds just the keys to read."""
        super().__init__()
        self._horizon = settings.observation_horizon
        self._chunk_shape = (settings.prediction_horizon, *action_spec.shape)
        self._low_dimensional = [key for key in observation_spec if not keys.is_image_key(key)]
        num_features = sum(observation_spec[key].shape[0] for key in self._low_dimensional)
        # Module names must not hold dots, so encoders go by camera, not by key.
        self.encoders = nn.ModuleDict()
        for key in filter(keys.is_image_key, observation_spec):
            height_px, width_px, _ = observation_spec[key].shape
            encoder = ImageEncoder(
                height_px,
                width_px,
                size_px=settings.image_size_px,
                channels=settings.image_channels,
                stem_kernel=settings.stem_kernel,
                stem_stride=settings.stem_stride,
                flat_channels=settings.flat_channels,
                flat_features=settings.flat_features,
            )
            self.encoders[keys.camera_of(key)] = encoder
            num_features += encoder.num_features
        layers: list[nn.Module] = []
        before = self._horizon * num_features
        for after in settings.hidden_features:
            layers += [nn.Linear(before, after), nn.ReLU()]
            before = after
        layers.append(nn.Linear(before, settings.prediction_horizon * action_spec.shape[0]))
        self.head = nn.Sequential(*layers)

    def forward(self, observations: Mapping[str, Tensor]) -> Tensor:
        """Predicts.

        Args:
            observations: per key (batch, observation_horizon, ...); images uint8 HWC, the rest
                normalised float32.

        Returns:
            Normalised actions, shape (batch, prediction_horizon, channels).
        """
        parts = [observations[key].flatten(1) for key in self._low_dimensional]
        for camera, encoder in self.encoders.items():
            images = observations[keys.image_key(camera)]
            features = encoder(images.flatten(0, 1))
            parts.append(features.view(-1, self._horizon * features.shape[1]))
        chunk: Tensor = self.head(torch.cat(parts, dim=1))
        return chunk.view(-1, *self._chunk_shape)
