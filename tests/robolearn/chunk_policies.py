"""Chunk policies for tests of what acts by them: a module of their own, as processes import it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence

import numpy as np

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.policy import ChunkPolicy, TrainedOn
from robolearn.specs import Array

HOME = np.asarray(SO101.home_position, np.float32)
RADPS = 0.4  # how fast its pan joint moves


class RampPolicy(ChunkPolicy):
    """Moves the pan joint on from where it is seen, at a constant speed, after a latency."""

    def __init__(
        self,
        latency_s: float = 0.0,
        observation_horizon: int = 1,
        prediction_horizon: int = 16,
        action_horizon: int = 8,
        folder: str = "",
    ) -> None:
        self.observation_spec = {keys.STATE: SO101.state_spec}
        self.action_spec = SO101.action_spec
        self.trained_on = TrainedOn("so101", "ramp", "turn", SO101.control_period_s)
        self.observation_horizon = observation_horizon
        self.prediction_horizon = prediction_horizon
        self.action_horizon = action_horizon
        self.latency_s = latency_s

    def reset(self, instruction: str, seed: int) -> None:
        pass

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        return self.predict_chunk([observation])[0]

    def predict_chunk(self, history: Sequence[Mapping[str, Array]]) -> Array:
        time.sleep(self.latency_s)
        chunk = np.tile(HOME, (self.prediction_horizon, 1))
        steps = np.arange(self.prediction_horizon)
        chunk[:, 0] = history[-1][keys.STATE][0] + RADPS * SO101.control_period_s * steps
        return chunk


class AtTheLimitPolicy(RampPolicy):
    """Holds every joint at its upper limit."""

    def predict_chunk(self, history: Sequence[Mapping[str, Array]]) -> Array:
        return np.tile(SO101.action_spec.high, (self.prediction_horizon, 1))


class HistoryPolicy(RampPolicy):
    """Answers with the pan angles it was shown: the first entries of the chunk's pan channel."""

    def predict_chunk(self, history: Sequence[Mapping[str, Array]]) -> Array:
        chunk = super().predict_chunk(history)
        chunk[:, 0] = np.resize([seen[keys.STATE][0] for seen in history], len(chunk))
        return chunk


class NanPolicy(RampPolicy):
    """Is fine at first, and gives NaN from the second chunk of an episode on."""

    num_chunks = 0

    def predict_chunk(self, history: Sequence[Mapping[str, Array]]) -> Array:
        chunk = super().predict_chunk(history)
        self.num_chunks += 1
        if self.num_chunks > 2:  # the first is that of the warm-up
            chunk[3, 1] = np.nan
        return chunk


class DyingPolicy(RampPolicy):
    """Is killed, as by the system when memory runs out, at the second chunk of an episode."""

    num_chunks = 0

    def predict_chunk(self, history: Sequence[Mapping[str, Array]]) -> Array:
        self.num_chunks += 1
        if self.num_chunks > 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict_chunk(history)


class StuckPolicy(RampPolicy):
    """Answers once in an episode and then no more."""

    num_chunks = 0

    def predict_chunk(self, history: Sequence[Mapping[str, Array]]) -> Array:
        self.num_chunks += 1
        if self.num_chunks > 2:
            time.sleep(600)
        return super().predict_chunk(history)
