"""The policy: normalise, predict a chunk, carry it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robolearn import keys
from robolearn.errors import CheckpointError, RobolearnError, UnknownNameError
from robolearn.normalization import Statistics
from robolearn.policies import checkpoint
from robolearn.policies.action_chunks import ChunkExecution, RecedingHorizon, TemporalEnsemble
from robolearn.policies.behavior_cloning.network import ChunkNetwork, NetworkSettings
from robolearn.policies.input_transform import InputTransform, make_normalizer
from robolearn.policy import ChunkPolicy, ObservationHistory, TrainedOn
from robolearn.specs import Array, BoundedArraySpec, Specs, spec_from_json

KIND = "behavior_cloning"


@dataclass(frozen=True)
class ActingSettings:
    """How chunks become actions; may be changed without training again.

    Attributes:
        action_horizon: actions of a chunk to carry out before predicting anew.
        ensemble_decay: if given, predict at every step and average instead; see `TemporalEnsemble`.
    """

    action_horizon: int = 8
    ensemble_decay: float | None = None

    def make_execution(self, prediction_horizon: int) -> ChunkExecution:
        """Returns what carries the chunks out.

        Raises:
            RobolearnError: if the chunks are too short for `action_horizon`.
        """
        if self.ensemble_decay is not None:
            return TemporalEnsemble(self.ensemble_decay, prediction_horizon)
        return RecedingHorizon(self.action_horizon, prediction_horizon)


@dataclass(frozen=True)
class Description:
    """Everything about a policy but its weights: what `policy.json` holds.

    Attributes:
        observation_spec: the keys it reads.
        action_spec: what it gives.
        statistics: of the low-dimensional keys it reads and of the action.
        trained_on: what it learned from.
        network: what determines the network beside the specs.
        acting: how chunks become actions.
    """

    observation_spec: Specs
    action_spec: BoundedArraySpec
    statistics: Mapping[str, Statistics]
    trained_on: TrainedOn
    network: NetworkSettings
    acting: ActingSettings

    def to_json(self) -> dict[str, Any]:
        """Returns plain data that `from_json` reads back."""
        return {
            "kind": KIND,
            "observation_spec": {k: s.to_json() for k, s in self.observation_spec.items()},
            "action_spec": self.action_spec.to_json(),
            "statistics": {key: s.to_json() for key, s in self.statistics.items()},
            "trained_on": self.trained_on.to_json(),
            "network": self.network.to_json(),
            "acting": asdict(self.acting),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Description:
        """Reads what `to_json` returned.

        Raises:
            CheckpointError: if something is missing or does not make sense.
        """
        try:
            action_spec = spec_from_json(data["action_spec"])
            if not isinstance(action_spec, BoundedArraySpec):
                raise CheckpointError("action_spec has no bounds")
            statistics = data["statistics"].items()
            description = cls(
                {k: spec_from_json(s) for k, s in data["observation_spec"].items()},
                action_spec,
                {key: Statistics.from_json(s) for key, s in statistics},
                TrainedOn.from_json(data["trained_on"]),
                NetworkSettings.from_json(data["network"]),
                ActingSettings(**data["acting"]),
            )
            description.check()
        except CheckpointError:
            raise
        except (KeyError, TypeError, AttributeError, RobolearnError) as error:
            raise CheckpointError(f"policy.json does not describe a policy: {error!r}") from error
        return description

    def check(self) -> None:
        """Checks that the parts fit each other.

        Raises:
            RobolearnError: if not.
        """
        InputTransform(self.observation_spec, self.statistics)
        make_normalizer(self.statistics, keys.ACTION, self.action_spec)
        self.acting.make_execution(self.network.prediction_horizon)


class BehaviorCloningPolicy(ChunkPolicy):
    """Acts as the demonstrations did.

    It sees the last `observation_horizon` observations (the first one repeated where there are
    fewer yet) and predicts the next `prediction_horizon` actions; see `ActingSettings` for how
    these are carried out. A prediction beyond the action's limits is clipped to them: the limits
    are hard and a network only comes near them.
    """

    def __init__(self, description: Description, network: ChunkNetwork) -> None:
        """Takes a network with its weights; acts on the device where they are."""
        self.observation_spec = description.observation_spec
        self.action_spec = description.action_spec
        self.trained_on = description.trained_on
        self.description = description
        self.network = network.eval()
        self._device = next(network.parameters()).device
        self._inputs = InputTransform(description.observation_spec, description.statistics)
        self._outputs = make_normalizer(
            description.statistics, keys.ACTION, description.action_spec
        )
        network_settings, acting = description.network, description.acting
        self.observation_horizon = network_settings.observation_horizon
        self.prediction_horizon = network_settings.prediction_horizon
        self.action_horizon = acting.action_horizon if acting.ensemble_decay is None else 1
        self._execution = acting.make_execution(self.prediction_horizon)
        self._history = ObservationHistory(self.observation_spec, self.observation_horizon)

    def reset(self, instruction: str, seed: int) -> None:
        """Forgets the episode before; nothing here is random and the task is the one learned."""
        self._execution.reset()
        self._history.clear()

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the action for this observation, clipped to `action_spec`.

        Raises:
            SpecError: if a value does not fit `observation_spec`, or the network gives NaN.
            UnknownNameError: if a key is missing.
        """
        self._history.add(observation)
        action = self._execution.next_action(lambda: self.predict_chunk(self._history.get()))
        return self.action_spec.clip(action)

    def predict_chunk(self, history: Sequence[Mapping[str, Array]]) -> Array:
        """Returns the chunk from the newest observation on; see `ChunkPolicy.predict_chunk`."""
        batch = {
            key: np.stack([seen[key] for seen in history])[np.newaxis]
            for key in self.observation_spec
        }
        with torch.inference_mode():
            chunk = self.network(self._inputs.apply(batch, self._device))
        return self._outputs.undo(chunk[0].cpu().numpy())


def load(
    data: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    device: str,
    overrides: Mapping[str, Any],
) -> BehaviorCloningPolicy:
    """Builds the policy from the content of a checkpoint; see `checkpoint.load_policy`.

    Args:
        data: content of `policy.json`.
        weights: content of `policy.safetensors`.
        device: where the network computes.
        overrides: fields of `ActingSettings` to change.

    Raises:
        CheckpointError: if the content is broken or its parts do not fit each other.
        UnknownNameError: if there is no such override.
    """
    description = Description.from_json(data)
    known = asdict(description.acting)
    for name in overrides:
        if name not in known:
            raise UnknownNameError("setting of acting", name, known, f"of {KIND}")
    description = replace(description, acting=replace(description.acting, **overrides))
    network = ChunkNetwork(
        description.observation_spec, description.action_spec, description.network
    )
    checkpoint.fill(network, weights, "policy.safetensors")
    return BehaviorCloningPolicy(description, network.to(device))
