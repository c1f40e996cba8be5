import itertools

import pytest
import torch
from torch import nn

from robolearn.errors import CheckpointError
from robolearn.policies.optimizer import ScheduledAdamW, compute_rate_factor


def make_optimizer(network: nn.Module) -> ScheduledAdamW:
    return ScheduledAdamW(
        network,
        total_updates=20,
        learning_rate=0.1,
        warmup_updates=4,
        weight_decay=0.0,
        gradient_norm_limit=1.0,
    )


def test_rate_rises_to_one_and_falls_to_zero() -> None:
    factors = [compute_rate_factor(update, 4, 20) for update in range(21)]
    assert factors[:4] == [0.25, 0.5, 0.75, 1.0]
    assert factors[12] == pytest.approx(0.5)  # half of the 16 updates after the warm-up
    assert factors[20] == pytest.approx(0.0)
    assert all(a >= b for a, b in itertools.pairwise(factors[4:]))


def test_gradient_norm_is_reported_as_it_was_before_the_limit() -> None:
    network = nn.Linear(1, 1, bias=False)
    metrics = make_optimizer(network).step((30 * network.weight).sum(), 0)
    assert metrics["gradient_norm"] == pytest.approx(30.0)
    assert metrics["learning_rate"] == pytest.approx(0.1 * 0.25)


def test_restored_state_takes_the_same_next_step() -> None:
    torch.manual_seed(0)
    first, second = nn.Linear(3, 1), nn.Linear(3, 1)
    one, two = make_optimizer(first), make_optimizer(second)
    x = torch.randn(5, 3)
    for update in range(6):
        one.step((first(x) ** 2).mean(), update)
    two.restore({k: v.detach().clone() for k, v in one.get_tensors().items()}, 6, "a test")
    one.step((first(x) ** 2).mean(), 6)
    two.step((second(x) ** 2).mean(), 6)
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, second.bias)


def test_restoring_another_network_names_what_does_not_fit() -> None:
    network = nn.Linear(3, 1)
    tensors = make_optimizer(nn.Linear(3, 1, bias=False)).get_tensors()
    with pytest.raises(CheckpointError, match=r"missing .*exp_avg\.bias"):
        make_optimizer(network).restore(tensors, 1, "training.safetensors")
    tensors = make_optimizer(nn.Linear(4, 1)).get_tensors()
    with pytest.raises(CheckpointError, match=r"expected shape \(1, 3\), got \(1, 4\)"):
        make_optimizer(network).restore(tensors, 1, "training.safetensors")
