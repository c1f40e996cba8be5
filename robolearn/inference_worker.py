"""`InferenceWorker`: a chunk policy in a process of its own, and what is said to it and by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from robolearn.policy import ChunkPolicy, TrainedOn
from robolearn.specs import Array, BoundedArraySpec, Specs


@dataclass(frozen=True)
class Describe:
    """Asks for the policy's `Description`."""


@dataclass(frozen=True)
class Reset:
    """Begins an episode; nothing is answered. See `Policy.reset`."""

    instruction: str
    seed: int


@dataclass(frozen=True)
class Predict:
    """Asks for a `Prediction`.

    Attributes:
        episode: number of the episode, given back with the answer.
        step: of the newest observation, given back with the answer.
        history: see `ChunkPolicy.predict_chunk`.
    """

    episode: int
    step: int
    history: Sequence[Mapping[str, Array]]


Job = Describe | Reset | Predict


@dataclass(frozen=True)
class Description:
    """What the process that controls the robot must know of the policy; see `ChunkPolicy`."""

    observation_spec: Specs
    action_spec: BoundedArraySpec
    trained_on: TrainedOn
    observation_horizon: int
    prediction_horizon: int
    action_horizon: int


@dataclass(frozen=True)
class Prediction:
    """The answer to `Predict`.

    Attributes:
        episode: as asked.
        step: as asked.
        chunk: shape (prediction_horizon, channels), the first action for `step`.
        finished_s: when it was ready, on the machine's monotonic clock [s].
    """

    episode: int
    step: int
    chunk: Array
    finished_s: float


class InferenceWorker:
    """Answers jobs with a policy of its own; see `worker_process.Worker`."""

    def __init__(self, make_policy: Callable[[], ChunkPolicy]) -> None:
        """Builds the policy and has it predict once: the first time takes far longer."""
        self._policy = make_policy()
        specs = self._policy.observation_spec
        blank = {key: np.zeros(spec.shape, spec.dtype) for key, spec in specs.items()}
        self._policy.predict_chunk([blank] * self._policy.observation_horizon)

    def __call__(self, job: Job, /) -> Description | Prediction | None:
        """Does a job."""
        policy = self._policy
        match job:
            case Describe():
                return Description(
                    policy.observation_spec,
                    policy.action_spec,
                    policy.trained_on,
                    policy.observation_horizon,
                    policy.prediction_horizon,
                    policy.action_horizon,
                )
            case Reset(instruction, seed):
                policy.reset(instruction, seed)
                return None
            case Predict(episode, step, history):
                chunk = policy.predict_chunk(history)
                return Prediction(episode, step, chunk, time.monotonic())

    def close(self) -> None:
        """Holds nothing to release."""
