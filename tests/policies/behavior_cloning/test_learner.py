from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from robolearn import keys
from robolearn.errors import (
    CheckpointError,
    IncompatibleError,
    RobolearnError,
    SpecError,
    TrainingError,
    UnknownNameError,
)
from robolearn.learner import Batch
from robolearn.policies.behavior_cloning.learner import BehaviorCloningLearner
from robolearn.policies.checkpoint import load_policy
from robolearn.training import train

MakeLearner = Callable[..., BehaviorCloningLearner]
MakeBatch = Callable[..., Batch]
BatchesFrom = Callable[[int], Iterator[Batch]]
CAMERA = keys.image_key("front")


@pytest.fixture
def batches_from(make_batch: MakeBatch) -> BatchesFrom:
    def from_start(start: int) -> Iterator[Batch]:
        index = start
        while True:
            yield make_batch(index)
            index += 1

    return from_start


def read_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_loss_falls_by_ten_on_a_toy_problem(
    make_learner: MakeLearner, make_batch: MakeBatch
) -> None:
    learner = make_learner(
        total_updates=400, learning_rate=1e-2, ema_decay=0.95, shift_px=0, angle_noise_rad=0.0
    )
    held_out = make_batch(10_000, size=64)
    before = learner.evaluate(held_out)["loss"]
    for index in range(400):
        learner.update(make_batch(index, size=32))
    assert learner.evaluate(held_out)["loss"] < before / 10


@pytest.mark.parametrize("observation_keys", [[keys.STATE], [CAMERA], [CAMERA, keys.STATE]])
def test_any_choice_of_keys_learns(
    make_learner: MakeLearner, observation_keys: list[str], make_batch: MakeBatch
) -> None:
    learner = make_learner(observation_keys=observation_keys, learning_rate=1e-2)
    assert list(learner.observation_spec) == observation_keys
    losses = [learner.update(make_batch(0))["loss"] for _ in range(12)]
    assert losses[-1] < losses[0]


def test_same_seed_same_weights_and_another_seed_others(
    make_learner: MakeLearner, tmp_path: Path, make_batch: MakeBatch
) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        learner = make_learner(seed=seed)
        for index in range(3):
            learner.update(make_batch(index))
        (tmp_path / name).mkdir()
        learner.save(tmp_path / name)
    assert read_bytes(tmp_path / "a") == read_bytes(tmp_path / "b")
    weights = "policy.safetensors"
    assert read_bytes(tmp_path / "a")[weights] != read_bytes(tmp_path / "c")[weights]


def test_building_a_learner_leaves_torchs_generator_alone(make_learner: MakeLearner) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    make_learner()
    assert torch.equal(torch.rand(1), expected)


def test_a_resumed_run_has_the_same_weights_bit_for_bit(
    make_learner: MakeLearner, tmp_path: Path, batches_from: BatchesFrom
) -> None:
    train(make_learner(), batches_from, folder=tmp_path / "whole", num_updates=12)
    train(make_learner(), batches_from, folder=tmp_path / "parts", num_updates=6)
    summary = train(
        make_learner(), batches_from, folder=tmp_path / "parts", num_updates=12, resume=True
    )
    assert summary.checkpoint is not None
    assert read_bytes(summary.checkpoint) == read_bytes(
        tmp_path / "whole" / "checkpoints" / "update_000012"
    )


def test_a_loaded_policy_acts_as_the_learners(
    make_learner: MakeLearner,
    tmp_path: Path,
    observation: dict[str, np.ndarray],
    make_batch: MakeBatch,
) -> None:
    learner = make_learner()
    for index in range(3):
        learner.update(make_batch(index))
    learner.save(tmp_path)
    ours, loaded = learner.make_policy(), load_policy(tmp_path)
    for policy in (ours, loaded):
        policy.reset("", 0)
    for _ in range(5):
        action = ours.select_action(observation)
        assert np.array_equal(action, loaded.select_action(observation))
    assert loaded.trained_on == ours.trained_on
    assert loaded.observation_spec == ours.observation_spec
    assert loaded.action_spec == ours.action_spec


def test_a_policy_made_earlier_does_not_change_with_further_updates(
    make_learner: MakeLearner, observation: dict[str, np.ndarray], make_batch: MakeBatch
) -> None:
    learner = make_learner(learning_rate=0.1)
    policy = learner.make_policy()
    policy.reset("", 0)
    before = policy.select_action(observation)
    learner.update(make_batch(0))
    policy.reset("", 0)
    assert np.array_equal(policy.select_action(observation), before)


def test_evaluating_changes_nothing(
    make_learner: MakeLearner, tmp_path: Path, make_batch: MakeBatch
) -> None:
    learner = make_learner()
    assert learner.evaluate(make_batch(1)) == learner.evaluate(make_batch(1))
    assert learner.num_updates == 0


def test_padding_does_not_change_the_update(
    make_learner: MakeLearner, make_batch: MakeBatch
) -> None:
    batch = dict(make_batch(0))
    changed = {**batch, keys.ACTION: batch[keys.ACTION].copy()}
    changed[keys.ACTION][batch[keys.ACTION_IS_PAD]] = 77.0
    assert make_learner().update(batch) == make_learner().update(changed)


def test_a_batch_that_does_not_fit_is_named(
    make_learner: MakeLearner, make_batch: MakeBatch
) -> None:
    learner = make_learner()
    batch = dict(make_batch(0))
    with pytest.raises(SpecError, match=r"action has shape \(8, 3, 2\), expected \(batch, 4, 2\)"):
        learner.update({**batch, keys.ACTION: batch[keys.ACTION][:, :3]})
    del batch[CAMERA]
    with pytest.raises(SpecError, match=r"observation\.images\.front is missing"):
        learner.update(batch)


def test_a_nan_in_the_data_stops_training_naming_the_update(
    make_learner: MakeLearner, tmp_path: Path, batches_from: BatchesFrom
) -> None:
    def broken_from(start: int) -> Iterator[Batch]:
        for index, batch in enumerate(batches_from(start), start):
            if index == 3:
                batch[keys.STATE][:] = np.nan
            yield batch

    with pytest.raises(TrainingError, match="update 4: loss is nan"):
        train(make_learner(), broken_from, folder=tmp_path, num_updates=9, checkpoint_every=2)
    load_policy(tmp_path / "checkpoints" / "last")


def test_wrong_settings_are_refused_before_training(make_learner: MakeLearner) -> None:
    with pytest.raises(UnknownNameError, match=r"known: observation\.images\.front, observation"):
        make_learner(observation_keys=["observation.images.fron"])
    with pytest.raises(RobolearnError, match="observation_keys is empty"):
        make_learner(observation_keys=[])
    with pytest.raises(RobolearnError, match="action_horizon must lie in"):
        make_learner(action_horizon=5)


def test_missing_statistics_are_refused(make_learner: MakeLearner) -> None:
    learner = make_learner()
    with pytest.raises(IncompatibleError, match="no statistics of 'action'"):
        BehaviorCloningLearner(
            learner.observation_spec,
            learner.description.action_spec,
            {keys.STATE: learner.description.statistics[keys.STATE]},
            learner.description.trained_on,
            total_updates=1,
            seed=0,
            observation_keys=[keys.STATE],
        )


def test_resuming_with_other_settings_names_them(make_learner: MakeLearner, tmp_path: Path) -> None:
    make_learner().save(tmp_path)
    other = make_learner(learning_rate=0.5, hidden_features=(16,))
    with pytest.raises(CheckpointError) as caught:
        other.restore(tmp_path)
    assert "settings.learning_rate: now 0.5, there 0.001" in str(caught.value)
    assert "network.hidden_features: now [16], there [32]" in str(caught.value)
    assert "seed" not in str(caught.value)
