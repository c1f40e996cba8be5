"""The loss of behaviour cloning."""

from __future__ import annotations

from torch import Tensor


def compute_masked_l1(predicted: Tensor, target: Tensor, is_pad: Tensor) -> Tensor:
    """Returns the mean absolute error over the actions that really happened.

    L1 rather than squared error: where demonstrations disagree it settles on one of the ways
    (the median) instead of a mean that nobody drove.

    Args:
        predicted: normalised actions, shape (batch, horizon, channels).
        target: the same of the demonstrations.
        is_pad: true where the step lies beyond the end of its episode, shape (batch, horizon).

    Returns:
        A scalar; 0 if every action is padding.
    """
    kept = (~is_pad).to(predicted.dtype).unsqueeze(-1)
    total = ((predicted - target).abs() * kept).sum()
    return total / (kept.sum() * predicted.shape[-1]).clamp(min=1)
