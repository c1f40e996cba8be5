import torch

from robolearn.policies.behavior_cloning.losses import compute_masked_l1


def test_loss_is_the_mean_over_what_is_not_padding() -> None:
    target = torch.zeros(2, 3, 2)
    predicted = torch.zeros(2, 3, 2)
    predicted[0, 0] = torch.tensor([1.0, -2.0])
    predicted[1, 1] = torch.tensor([3.0, 0.0])
    predicted[1, 2] = 1000.0  # padding
    is_pad = torch.tensor([[False, False, True], [False, False, True]])
    loss = compute_masked_l1(predicted, target, is_pad)
    assert loss.item() == (1 + 2 + 3) / (4 * 2)


def test_padding_gets_no_gradient() -> None:
    predicted = torch.ones(1, 2, 1, requires_grad=True)
    is_pad = torch.tensor([[False, True]])
    compute_masked_l1(predicted, torch.zeros(1, 2, 1), is_pad).backward()
    assert predicted.grad is not None
    assert predicted.grad.flatten().tolist() == [1.0, 0.0]


def test_nothing_but_padding_gives_zero() -> None:
    loss = compute_masked_l1(torch.ones(1, 2, 1), torch.zeros(1, 2, 1), torch.ones(1, 2).bool())
    assert loss.item() == 0
