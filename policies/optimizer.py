"""AdamW with a schedule counted in updates, and a state that is saved and restored exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from robolearn.learner import Metrics
from robolearn.policies import checkpoint

_MOMENTS = ("exp_avg", "exp_avg_sq")


class ScheduledAdamW:
    """AdamW whose learning rate rises linearly, then falls to 0 along half a cosine.

    The schedule counts updates, not seconds, so that a slow machine trains the same policy.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        total_updates: int,
        learning_rate: float,
        warmup_updates: int,
        weight_decay: float,
        gradient_norm_limit: float,
    ) -> None:
        """Prepares to train the parameters of a network.

        Args:
            network: what is trained.
            total_updates: updates that will be made; the learning rate ends at 0.
            learning_rate: at its highest.
            warmup_updates: updates over which it rises.
            weight_decay: of AdamW.
            gradient_norm_limit: gradients are scaled down to this norm.
        """
        self._network = network
        self._total_updates, self._warmup_updates = total_updates, warmup_updates
        self._learning_rate, self._gradient_norm_limit = learning_rate, gradient_norm_limit
        # On the CPU the fused kernel takes a third of the time of the default.
        self._adamw = torch.optim.AdamW(
            network.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True
        )
        for parameter in network.parameters():  # here already, so that `restore` can fill it
            self._adamw.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                **{name: torch.zeros_like(parameter) for name in _MOMENTS},
            }

    def step(self, loss: Tensor, update: int) -> Metrics:
        """Follows the gradient of a loss.

        Args:
            loss: a scalar.
            update: number of updates made before this one.

        Returns:
            The gradient's norm before it was limited, and the learning rate.
        """
        self._adamw.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), self._gradient_norm_limit)
        factor = compute_rate_factor(update, self._warmup_updates, self._total_updates)
        for group in self._adamw.param_groups:
            group["lr"] = self._learning_rate * factor
        self._adamw.step()
        return {"gradient_norm": norm.item(), "learning_rate": self._learning_rate * factor}

    def get_tensors(self) -> dict[str, Tensor]:
        """Returns the network's weights and the moments, by name; not copies."""
        tensors: dict[str, Tensor] = {}
        for name, parameter in self._network.named_parameters():
            tensors[f"weights.{name}"] = parameter
            for moment in _MOMENTS:
                tensors[f"{moment}.{name}"] = self._adamw.state[parameter][moment]
        return tensors

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor], num_updates: int, source: str) -> None:
        """Takes up what `get_tensors` returned after `num_updates` updates.

        Raises:
            CheckpointError: if names or shapes do not fit; `source` is named in it.
        """
        targets = self.get_tensors()
        checkpoint.check_same_names(targets, tensors, source)
        for name, target in targets.items():
            checkpoint.copy_into(target, tensors[name], f"{source}: {name}")
        for state in self._adamw.state.values():
            state["step"].fill_(num_updates)


def compute_rate_factor(update: int, warmup_updates: int, total_updates: int) -> float:
    """Returns the learning rate of an update (from 0) as a share of the highest."""
    if update < warmup_updates:
        return (update + 1) / warmup_updates
    progress = (update - warmup_updates) / max(1, total_updates - warmup_updates)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
