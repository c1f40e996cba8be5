"""Policies whose actions no robot may follow; a module of their own, as processes import it."""

import numpy as np
from chunk_policies import RampPolicy

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.policy import TrainedOn, TrainedPolicy

NUM_GOOD_STEPS = 4


class NanPolicy(RampPolicy):
    """A policy with chunks that turns for a while, then knows no more what to do."""

    def predict_chunk(self, history):
        chunk = super().predict_chunk(history)
        chunk[NUM_GOOD_STEPS:] = np.nan
        return chunk


class BeyondPolicy(TrainedPolicy):
    """A policy that stays home for a while, then asks for what the first joint cannot do."""

    def __init__(self, folder=""):
        self.observation_spec = {keys.STATE: SO101.state_spec}
        self.action_spec = SO101.action_spec
        self.trained_on = TrainedOn("so101", "beyond", "turn", SO101.control_period_s)

    def reset(self, instruction, seed):
        self._num_steps = 0

    def select_action(self, observation):
        self._num_steps += 1
        action = np.array(SO101.home_position, np.float32)
        if self._num_steps > NUM_GOOD_STEPS:
            action[0] = 40.0
        return action
