from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from robolearn import keys
from robolearn.errors import IncompatibleError, SpecError, UnknownNameError
from robolearn.policies.behavior_cloning.learner import BehaviorCloningLearner
from robolearn.policies.behavior_cloning.policy import BehaviorCloningPolicy
from robolearn.policies.checkpoint import load_policy
from robolearn.testing import check_policy

MakeLearner = Callable[..., BehaviorCloningLearner]
CAMERA = keys.image_key("front")


class FakeNetwork(torch.nn.Module):
    """Answers with the newest pan of its input, growing along the chunk; notes what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[list[float]] = []

    def forward(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        pan = observations[keys.STATE][0, :, 0]
        self.seen.append(pan.tolist())
        steps = torch.arange(4.0)
        return torch.stack([pan[-1] + steps, torch.full((4,), 100.0)], dim=1)[None]


def make_fake_policy(
    make_learner: MakeLearner, **changes: object
) -> tuple[BehaviorCloningPolicy, FakeNetwork]:
    network = FakeNetwork()
    description = make_learner(observation_keys=[keys.STATE], **changes).description
    return BehaviorCloningPolicy(description, network), network  # type: ignore[arg-type]


def state(pan_rad: float) -> dict[str, np.ndarray]:
    return {keys.STATE: np.array([pan_rad, 0.5], np.float32)}


def test_action_is_denormalised_and_clipped_to_the_spec(make_learner: MakeLearner) -> None:
    policy, _ = make_fake_policy(make_learner)
    policy.reset("", 0)
    # Mean 0.1, std 0.5: the network sees (0.6 - 0.1) / 0.5 = 1 and says 1, 2, ...
    np.testing.assert_allclose(policy.select_action(state(0.6)), [0.6, 1.0], atol=1e-6)
    np.testing.assert_allclose(policy.select_action(state(0.0)), [1.1, 1.0], atol=1e-6)
    action = policy.select_action(state(1.9))
    np.testing.assert_allclose(action, [1.9, 1.0], atol=1e-6)
    policy.action_spec.validate(action)
    assert policy.select_action(state(0.0))[0] == 2.0  # 2.4 is beyond the limit


def test_history_is_filled_with_the_first_observation(make_learner: MakeLearner) -> None:
    policy, network = make_fake_policy(make_learner, observation_horizon=3, action_horizon=1)
    for _ in range(2):
        policy.reset("", 0)
        for pan_rad in (0.1, 0.6, 1.1, 1.6):
            policy.select_action(state(pan_rad))
    expected = [[0, 0, 0], [0, 0, 1], [0, 1, 2], [1, 2, 3]]
    np.testing.assert_allclose(network.seen, expected + expected, atol=1e-6)


def test_ensemble_averages_old_and_new_predictions(make_learner: MakeLearner) -> None:
    policy, _ = make_fake_policy(make_learner, ensemble_decay=0.0)
    policy.reset("", 0)
    assert policy.select_action(state(0.1))[0] == pytest.approx(0.1)  # normalised 0
    # Normalised: the old chunk says 1, the new one says 1 + 0.
    assert policy.select_action(state(0.6))[0] == pytest.approx(0.6)
    # The chunks say 2, 2, and 0: mean 4/3.
    assert policy.select_action(state(0.1))[0] == pytest.approx(0.1 + 0.5 * 4 / 3)


def test_observations_that_do_not_fit_are_refused(make_learner: MakeLearner) -> None:
    policy, _ = make_fake_policy(make_learner)
    policy.reset("", 0)
    with pytest.raises(UnknownNameError, match=r"observation\.state"):
        policy.select_action({"observation.stat": np.zeros(2, np.float32)})
    with pytest.raises(SpecError, match="pan = nan"):
        policy.select_action(state(float("nan")))


def test_a_fitting_robot_is_accepted_also_with_more_cameras(
    make_learner: MakeLearner, tmp_path: Path
) -> None:
    learner = make_learner()
    policy = learner.make_policy()
    more = {**policy.observation_spec, "observation.images.wrist": policy.observation_spec[CAMERA]}
    policy.check_compatible(more, policy.action_spec, 0.05)


def test_a_robot_that_does_not_fit_is_refused_naming_every_field(
    make_learner: MakeLearner,
) -> None:
    policy = make_learner().make_policy()
    camera = replace(policy.observation_spec[CAMERA], shape=(32, 32, 3))
    action_spec = replace(policy.action_spec, channels=("yaw", "gripper"), maximum=(1.0, 1.0))
    with pytest.raises(IncompatibleError) as caught:
        policy.check_compatible({CAMERA: camera}, action_spec, 0.1)
    message = str(caught.value)
    for part in (
        "tiny_arm",
        "observation.state: missing",
        "observation.images.front.shape",
        "action.channels",
        "action.maximum",
        "control_period_s: expected 0.05, got 0.1",
    ):
        assert part in message


def test_acting_may_be_changed_at_loading(
    make_learner: MakeLearner, tmp_path: Path, observation: dict[str, np.ndarray]
) -> None:
    learner = make_learner()
    learner.save(tmp_path)
    policy = load_policy(tmp_path, ensemble_decay=0.1)
    assert isinstance(policy, BehaviorCloningPolicy)
    assert policy.description.acting.ensemble_decay == 0.1
    with pytest.raises(UnknownNameError, match="Did you mean 'action_horizon'"):
        load_policy(tmp_path, action_horizn=1)


@pytest.mark.parametrize("ensemble_decay", [None, 0.1])
@pytest.mark.parametrize("observation_horizon", [1, 3])
def test_the_policy_keeps_the_contract(
    make_learner: MakeLearner, observation_horizon: int, ensemble_decay: float | None
) -> None:
    policy = make_learner(
        observation_horizon=observation_horizon, ensemble_decay=ensemble_decay
    ).make_policy()
    check_policy(policy, policy.observation_spec, policy.action_spec)
