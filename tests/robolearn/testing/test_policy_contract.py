"""`check_policy` passes on the fakes and names the mistake of each policy broken in one way."""

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import ContractError
from robolearn.testing import FakePolicy, FakeRobot, FakeTask, ScriptedPolicy, check_policy

REST = np.asarray(SO101.rest_position, np.float32)
SPEC = SO101.observation_spec(("wrist",))


@pytest.mark.parametrize(
    "policy", [FakePolicy(SPEC, SO101.action_spec), ScriptedPolicy([REST, 0.5 * REST])]
)
def test_the_fakes_keep_the_contract(policy):
    check_policy(policy, SPEC, SO101.action_spec)


def test_a_policy_can_be_shown_real_observations():
    environment = Environment(FakeRobot(), FakeTask())
    observations = [environment.reset(seed=seed)[0] for seed in range(3)]
    expert = environment.task.make_expert()
    check_policy(expert, environment.observation_spec, environment.action_spec, observations)


class Good(FakePolicy):
    """Not broken; the base of those that are."""

    def __init__(self):
        super().__init__(SPEC, SO101.action_spec)


class ReturnsAList(Good):
    """the action of step 0 does not fit its spec: action: expected a numpy array, got list"""

    def select_action(self, observation):
        return super().select_action(observation).tolist()


class ReturnsAChunk(Good):
    """expected shape \\(6,\\), got \\(1, 6\\)"""

    def select_action(self, observation):
        return super().select_action(observation)[None]


class LeavesTheBounds(Good):
    """the action of step 1 does not fit its spec: .*shoulder_pan = 2.0"""

    # An affine map of what it sees, as a network's last layer is: too large where pixels are white.
    def select_action(self, observation):
        brightness = observation[keys.image_key("wrist")].mean() / 255
        return np.full(6, 2 * brightness, np.float32)


class ScalesTheImageInPlace(Good):
    """select_action changed the observation's 'observation.images.wrist'"""

    def select_action(self, observation):
        observation[keys.image_key("wrist")][:] //= 2
        return super().select_action(observation)


class PopsAKey(Good):
    """select_action changed the observation's 'observation.state'"""

    def select_action(self, observation):
        action = super().select_action(observation)
        observation.pop(keys.STATE)
        return action


class KeepsItsBuffer(Good):
    """the action of step 0 changed after it had been returned"""

    buffer = np.zeros(6, np.float32)

    def select_action(self, observation):
        self.buffer[:] = super().select_action(observation)
        return self.buffer


class IgnoresItsSeed(Good):
    """same seed, same observations, but another action at step 0"""

    def reset(self, instruction, seed):
        pass


class RemembersItsChunk(Good):
    """another action at step 0: reset\\(\\) must forget"""

    # Acts on what it saw up to three steps ago, and on what it saw in the episode before.
    step, seen = 0, None

    def select_action(self, observation):
        if self.step % 3 == 0:
            self.seen = observation[keys.STATE]
        self.step += 1
        return self._action_spec.clip(self.seen)


BROKEN = [v for v in globals().values() if isinstance(v, type) and issubclass(v, Good)][1:]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_policy_broken_in_one_way_is_told_its_mistake(broken):
    with pytest.raises(ContractError, match=broken.__doc__):
        check_policy(broken(), SPEC, SO101.action_spec)
