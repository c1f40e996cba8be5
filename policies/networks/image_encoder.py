"""A small convolutional encoder of one camera: what is seen, and where."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# Group normalisation over groups of this many channels: independent of the batch, so that training
# and acting on a single image compute the same thing.
CHANNELS_PER_GROUP = 8


class SpatialSoftmax(nn.Module):
    """Turns each feature map into the expected place of its activation.

    The softmax over all cells of a map, times the cells' coordinates, gives one point per map: x to
    the right and y down, both from -1 (centre of the first cell) to 1 (centre of the last). One
    temperature for all maps is learned.
    """

    xy: Tensor

    def __init__(self, height: int, width: int) -> None:
        """Prepares the coordinates of a grid of `height` x `width` cells."""
        super().__init__()
        y, x = torch.meshgrid(
            torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
        )
        xy = torch.stack([x.flatten(), y.flatten()], dim=1)
        self.register_buffer("xy", xy, persistent=False)
        self.log_temperature = nn.Parameter(torch.zeros(()))

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (batch, channels, height, width) to points (batch, channels, 2), x before y."""
        attention = torch.softmax(maps.flatten(2) / self.log_temperature.exp(), dim=2)
        return attention @ self.xy


class ImageEncoder(nn.Module):
    """Encodes the images of one camera into a vector.

    The image is shrunk to `size_px`, then a strided stem and 3x3 convolutions, each with
    group normalisation and ReLU. Two branches read the last maps: spatial softmax says where things
    are; a narrow flattened branch keeps what points cannot say (several things, shapes).
    """

    def __init__(
        self,
        height_px: int,
        width_px: int,
        *,
        size_px: int,
        channels: Sequence[int],
        stem_kernel: int,
        stem_stride: int,
        flat_channels: int,
        flat_features: int,
    ) -> None:
        """Builds the layers.

        Args:
            height_px: height of the camera's images [px].
            width_px: width of the camera's images [px].
            size_px: the longer side the images are shrunk to; they are never enlarged [px].
            channels: output channels of the stem and of each 3x3 convolution after it.
            stem_kernel: side of the stem's kernel [px].
            stem_stride: stride of the stem [px]; the cost of everything after it depends on it.
            flat_channels: channels of the flattened branch before it is flattened.
            flat_features: its output features.
        """
        super().__init__()
        shrink = min(1.0, size_px / max(height_px, width_px))
        self._size = (round(height_px * shrink), round(width_px * shrink))
        self._is_shrunk = self._size != (height_px, width_px)
        padding = (stem_kernel - stem_stride) // 2
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(zip((3, *channels), channels, strict=False)):
            if index == 0:
                layers.append(nn.Conv2d(before, after, stem_kernel, stem_stride, padding))
            else:
                layers.append(nn.Conv2d(before, after, 3, padding=1))
            layers += [nn.GroupNorm(max(1, after // CHANNELS_PER_GROUP), after), nn.ReLU()]
        convolutions = nn.Sequential(*layers)
        with torch.no_grad():
            height, width = convolutions(torch.zeros(1, 3, *self._size)).shape[-2:]
        # channels_last saves a tenth of the time on the CPU.
        self.convolutions = convolutions.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.points = SpatialSoftmax(height, width)
        self.flat = nn.Sequential(
            nn.Conv2d(channels[-1], flat_channels, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(flat_channels * height * width, flat_features),
            nn.ReLU(),
        )
        self.num_features = 2 * channels[-1] + flat_features

    def forward(self, images: Tensor) -> Tensor:
        """Maps uint8 RGB images (batch, height, width, 3) to features (batch, num_features)."""
        # An NHWC array seen as NCHW already lies in channels_last order: no copy is needed.
        values = images.permute(0, 3, 1, 2).float().mul_(2 / 255).sub_(1)
        if self._is_shrunk:
            values = nn.functional.interpolate(
                values, self._size, mode="bilinear", align_corners=False
            )
        maps = self.convolutions(values.contiguous(memory_format=torch.channels_last))
        return torch.cat([self.points(maps).flatten(1), self.flat(maps)], dim=1)
