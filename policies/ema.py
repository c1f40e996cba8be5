"""An exponential moving average of weights: steadier than the weights of any one update."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

NetworkT = TypeVar("NetworkT", bound=nn.Module)


class ExponentialMovingAverage(Generic[NetworkT]):
    """Keeps an averaged copy of a network.

    After update n the average moves by 1 - min(decay, (1 + n) / (10 + n)) towards the weights: the
    bound lets it forget the random start in the first updates.

    Attributes:
        network: the averaged copy; its parameters need no gradient.
    """

    def __init__(self, network: NetworkT, decay: float) -> None:
        """Starts at the network's present weights."""
        self.network: NetworkT = copy.deepcopy(network).requires_grad_(False).eval()
        self._decay = decay

    @torch.no_grad()
    def update(self, network: NetworkT, num_updates: int) -> None:
        """Moves the average towards the network's weights.

        Args:
            network: the network being trained.
            num_updates: updates made so far, this one included.
        """
        decay = min(self._decay, (1 + num_updates) / (10 + num_updates))
        averaged: list[Tensor] = list(self.network.parameters())
        weights: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(averaged, weights, 1 - decay)
