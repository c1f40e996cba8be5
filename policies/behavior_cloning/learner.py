"""The learner: turns batches of windows into a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robolearn import keys
from robolearn.errors import CheckpointError, RobolearnError, SpecError, UnknownNameError
from robolearn.learner import Batch, Learner, Metrics
from robolearn.normalization import Statistics
from robolearn.policies import checkpoint
from robolearn.policies.augmentation import add_angle_noise, shift_images
from robolearn.policies.behavior_cloning.losses import compute_masked_l1
from robolearn.policies.behavior_cloning.network import ChunkNetwork, NetworkSettings
from robolearn.policies.behavior_cloning.policy import (
    ActingSettings,
    BehaviorCloningPolicy,
    Description,
)
from robolearn.policies.ema import ExponentialMovingAverage
from robolearn.policies.input_transform import InputTransform, make_normalizer
from robolearn.policies.optimizer import ScheduledAdamW
from robolearn.policy import TrainedOn
from robolearn.specs import Array, BoundedArraySpec, Specs


class BehaviorCloningLearner(Learner):
    """Trains a `BehaviorCloningPolicy` by regression on the demonstrated actions.

    A batch holds, for each observation key, (batch, observation_horizon, ...), the last one being
    the present; `action` (batch, prediction_horizon, channels), the first one being the action
    taken at present; and `action_is_pad` (batch, prediction_horizon), true beyond the end.

    Random numbers are keyed by (seed, number of the update), so the state of a run is its weights,
    the optimiser's moments and the count: what `save` writes is all that `restore` needs.

    Attributes:
        num_updates: updates made so far.
        observation_spec: the keys it reads.
    """

    def __init__(
        self,
        observation_spec: Specs,
        action_spec: BoundedArraySpec,
        statistics: Mapping[str, Statistics],
        trained_on: TrainedOn,
        *,
        total_updates: int,
        seed: int,
        observation_keys: Sequence[str],
        observation_horizon: int = 1,
        prediction_horizon: int = 16,
        action_horizon: int = 8,
        ensemble_decay: float | None = None,
        image_size_px: int = 64,
        image_channels: Sequence[int] = (32, 32, 32),
        stem_kernel: int = 8,
        stem_stride: int = 4,
        flat_channels: int = 4,
        flat_features: int = 64,
        hidden_features: Sequence[int] = (512, 512),
        learning_rate: float = 1e-3,
        warmup_updates: int = 100,
        weight_decay: float = 1e-4,
        gradient_norm_limit: float = 10.0,
        ema_decay: float = 0.999,
        shift_px: int = 4,
        angle_noise_rad: float = 0.02,
        device: str = "cpu",
    ) -> None:
        """Builds a network with random weights.

        Args:
            observation_spec: of everything the demonstrations hold.
            action_spec: of the demonstrated actions.
            statistics: of the low-dimensional keys and the action, over the training episodes.
            trained_on: where the demonstrations come from; travels with the policy.
            total_updates: updates that will be made; the learning rate falls to 0 over them.
            seed: source of the first weights and of the augmentation.
            observation_keys: which keys to read.
            observation_horizon: see `NetworkSettings`.
            prediction_horizon: see `NetworkSettings`.
            action_horizon: see `ActingSettings`.
            ensemble_decay: see `ActingSettings`.
            image_size_px: see `ImageEncoder`.
            image_channels: see `ImageEncoder`.
            stem_kernel: see `ImageEncoder`.
            stem_stride: see `ImageEncoder`.
            flat_channels: see `ImageEncoder`.
            flat_features: see `ImageEncoder`.
            hidden_features: see `NetworkSettings`.
            learning_rate: of AdamW, at its highest.
            warmup_updates: updates over which the learning rate rises from 0.
            weight_decay: of AdamW.
            gradient_norm_limit: gradients are scaled down to this norm.
            ema_decay: see `ExponentialMovingAverage`.
            shift_px: images shift by up to this much while training [px]; 0 for none.
            angle_noise_rad: noise on joint positions while training [rad]; 0 for none.
            device: where the network computes, as torch names it.

        Raises:
            UnknownNameError: if a key of `observation_keys` is not in `observation_spec`.
            IncompatibleError: if statistics of a key are missing.
        """
        self.observation_spec = _select(observation_spec, observation_keys)
        low_dimensional = [key for key in observation_keys if not keys.is_image_key(key)]
        self._inputs = InputTransform(self.observation_spec, statistics)
        self._targets = make_normalizer(statistics, keys.ACTION, action_spec)
        self.description = Description(
            observation_spec=self.observation_spec,
            action_spec=action_spec,
            statistics={key: statistics[key] for key in (*low_dimensional, keys.ACTION)},
            trained_on=trained_on,
            network=NetworkSettings(
                observation_horizon=observation_horizon,
                prediction_horizon=prediction_horizon,
                image_size_px=image_size_px,
                image_channels=tuple(image_channels),
                stem_kernel=stem_kernel,
                stem_stride=stem_stride,
                flat_channels=flat_channels,
                flat_features=flat_features,
                hidden_features=tuple(hidden_features),
            ),
            acting=ActingSettings(action_horizon, ensemble_decay),
        )
        self.description.check()  # now, not after training
        self.num_updates = 0
        self._settings: dict[str, Any] = {
            "total_updates": total_updates,
            "seed": seed,
            "learning_rate": learning_rate,
            "warmup_updates": warmup_updates,
            "weight_decay": weight_decay,
            "gradient_norm_limit": gradient_norm_limit,
            "ema_decay": ema_decay,
            "shift_px": shift_px,
            "angle_noise_rad": angle_noise_rad,
        }
        self._seed, self._shift_px, self._angle_noise_rad = seed, shift_px, angle_noise_rad
        self._device = torch.device(device)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            network = ChunkNetwork(self.observation_spec, action_spec, self.description.network)
        self._network = network.to(self._device)
        self._ema = ExponentialMovingAverage(self._network, ema_decay)
        self._optimizer = ScheduledAdamW(
            self._network,
            total_updates=total_updates,
            learning_rate=learning_rate,
            warmup_updates=warmup_updates,
            weight_decay=weight_decay,
            gradient_norm_limit=gradient_norm_limit,
        )

    def update(self, batch: Batch) -> Metrics:
        """Makes one update; returns the loss, the gradient's norm and the learning rate.

        Raises:
            SpecError: if the batch does not hold what the specs and horizons say.
        """
        observations = self._augment(self._check(batch))
        loss = self._compute_loss(self._network, observations, batch)
        metrics = self._optimizer.step(loss, self.num_updates)
        self.num_updates += 1
        self._ema.update(self._network, self.num_updates)
        return {"loss": loss.item(), **metrics}

    @torch.inference_mode()
    def evaluate(self, batch: Batch) -> Metrics:
        """Returns the loss of the averaged weights, without augmentation."""
        return {"loss": self._compute_loss(self._ema.network, self._check(batch), batch).item()}

    def make_policy(self) -> BehaviorCloningPolicy:
        """Returns the policy as learned so far; further updates do not change it."""
        network = ChunkNetwork(
            self.observation_spec, self.description.action_spec, self.description.network
        )
        checkpoint.fill(network, dict(self._ema.network.named_parameters()), "the learner")
        return BehaviorCloningPolicy(self.description, network.to(self._device))

    def save(self, folder: Path) -> None:
        """Writes the policy (averaged weights) and the training state; see `Learner.save`."""
        averaged = dict(self._ema.network.named_parameters())
        checkpoint.write(folder, checkpoint.POLICY, self.description.to_json(), averaged)
        data = {"num_updates": self.num_updates, "settings": self._settings}
        checkpoint.write(folder, checkpoint.TRAINING, data, self._optimizer.get_tensors())

    def restore(self, folder: Path) -> None:
        """Takes up what `save` wrote; see `Learner.restore`.

        Raises:
            CheckpointError: if the folder does not hold a whole checkpoint, or one of a learner
                with other settings (names them): going on from it would not be the same run.
        """
        policy = checkpoint.read_json(folder, checkpoint.POLICY)
        training = checkpoint.read_json(folder, checkpoint.TRAINING)
        num_updates = training.get("num_updates")
        if type(num_updates) is not int or num_updates < 0:
            raise CheckpointError(f"{folder}: num_updates is {num_updates!r}")
        expected = {**self.description.to_json(), "settings": self._settings}
        found = {**policy, "settings": training.get("settings")}
        differences = _list_differences(expected, {name: found.get(name) for name in expected})
        if differences:
            raise CheckpointError(
                f"{folder} comes from a run with other settings: " + "; ".join(differences)
            )
        averaged = checkpoint.read_tensors(folder, checkpoint.POLICY)
        tensors = checkpoint.read_tensors(folder, checkpoint.TRAINING)
        checkpoint.fill(self._ema.network, averaged, str(folder / "policy.safetensors"))
        self._optimizer.restore(tensors, num_updates, str(folder / "training.safetensors"))
        self.num_updates = num_updates

    def _compute_loss(
        self, network: ChunkNetwork, observations: Mapping[str, Array], batch: Batch
    ) -> Tensor:
        inputs = self._inputs.apply(observations, self._device)
        target = torch.from_numpy(self._targets.apply(batch[keys.ACTION])).to(self._device)
        is_pad = torch.from_numpy(batch[keys.ACTION_IS_PAD]).to(self._device)
        return compute_masked_l1(network(inputs), target, is_pad)

    def _check(self, batch: Batch) -> Batch:
        """Returns the batch if its keys and shapes fit."""
        settings = self.description.network
        expected = {
            key: (settings.observation_horizon, *spec.shape)
            for key, spec in self.observation_spec.items()
        }
        expected[keys.ACTION] = (
            settings.prediction_horizon,
            *self.description.action_spec.shape,
        )
        expected[keys.ACTION_IS_PAD] = (settings.prediction_horizon,)
        for key, shape in expected.items():
            if key not in batch:
                raise SpecError(f"batch: {key} is missing (have: {', '.join(batch)})")
            if batch[key].shape[1:] != shape:
                raise SpecError(
                    f"batch: {key} has shape {batch[key].shape}, expected (batch, "
                    + f"{', '.join(map(str, shape))})"
                )
        return batch

    def _augment(self, batch: Batch) -> dict[str, Array]:
        """Returns the observations with this update's random changes."""
        generator = np.random.default_rng((self._seed, self.num_updates))
        changed: dict[str, Array] = {}
        for key, spec in self.observation_spec.items():
            value = batch[key]
            if keys.is_image_key(key) and self._shift_px:
                value = shift_images(value, self._shift_px, generator)
            elif not keys.is_image_key(key) and self._angle_noise_rad:
                value = add_angle_noise(value, spec, self._angle_noise_rad, generator)
            changed[key] = value
        return changed


def _select(observation_spec: Specs, observation_keys: Sequence[str]) -> Specs:
    """Returns the specs of the keys to read, in that order."""
    if not observation_keys:
        raise RobolearnError("observation_keys is empty: name at least one key to read")
    for key in observation_keys:
        if key not in observation_spec:
            raise UnknownNameError(
                "observation key", key, observation_spec, "in the demonstrations"
            )
    return {key: observation_spec[key] for key in observation_keys}


def _list_differences(expected: Any, found: Any, name: str = "") -> list[str]:
    """Lists the entries in which two pieces of plain data differ; tuples count as lists."""
    if isinstance(expected, dict) and isinstance(found, dict):
        differences = []
        for key in sorted(expected.keys() | found.keys()):
            inner = f"{name}.{key}" if name else str(key)
            differences += _list_differences(expected.get(key), found.get(key), inner)
        return differences
    if isinstance(expected, tuple):
        expected = list(expected)
    return [] if expected == found else [f"{name}: now {expected}, there {found}"]
