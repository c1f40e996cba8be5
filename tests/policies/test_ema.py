import pytest
import torch
from torch import nn

from robolearn.policies.ema import ExponentialMovingAverage


def test_average_follows_its_recurrence() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    ema = ExponentialMovingAverage(network, decay=0.5)
    expected = 0.0
    for update, weight in enumerate([1.0, -2.0, 5.0, 0.5, 3.0, 2.0, 1.0, 8.0, 4.0, 9.0], 1):
        nn.init.constant_(network.weight, weight)
        ema.update(network, update)
        decay = min(0.5, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * weight
        assert ema.network.weight.item() == pytest.approx(expected)


def test_averaging_constant_weights_reaches_them() -> None:
    network = nn.Linear(3, 2)
    ema = ExponentialMovingAverage(network, decay=0.9)
    nn.init.constant_(network.weight, 2.0)
    for update in range(1, 300):
        ema.update(network, update)
    torch.testing.assert_close(ema.network.weight, network.weight.detach())


def test_training_the_network_does_not_touch_the_average() -> None:
    network = nn.Linear(1, 1)
    ema = ExponentialMovingAverage(network, decay=0.9)
    before = ema.network.weight.clone()
    nn.init.constant_(network.weight, 7.0)
    assert torch.equal(ema.network.weight, before)
    assert not ema.network.weight.requires_grad
