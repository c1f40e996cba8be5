"""`check_environment` passes on the fake and names the mistake of each one broken in one way."""

import numpy as np
import pytest

from robolearn import keys
from robolearn.environment import Environment
from robolearn.errors import ContractError
from robolearn.robot import Observation
from robolearn.task import Evaluation
from robolearn.testing import FakeRobot, FakeTask, check_environment


@pytest.mark.parametrize("cameras", [(), ("front",)])
def test_the_fake_keeps_the_contract_and_is_closed_afterwards(cameras):
    made = []

    def make_environment():
        made.append(Environment(FakeRobot(cameras=cameras), FakeTask()))
        return made[-1]

    check_environment(make_environment)
    assert [environment.robot.is_connected for environment in made] == [False, False]


class Speechless(FakeTask):
    """the task has no instruction"""

    instruction = ""


class InstantTask(FakeTask):
    """time_limit_s 0.01 is shorter than one control period"""

    def __init__(self):
        super().__init__(time_limit_s=0.01)


class ForgetsItsKey(FakeTask):
    """reset\\(\\)'s observation has keys .* but its spec promises"""

    def get_observation(self):
        return {}


class OutOfSpec(FakeTask):
    """reset\\(\\)'s observation does not fit its spec: observation.environment_state"""

    def get_observation(self):
        return {keys.ENVIRONMENT_STATE: np.full(6, 99, np.float32)}


class SharesItsTarget(FakeTask):
    """two steps share the array of 'observation.environment_state'"""

    def get_observation(self):
        return {keys.ENVIRONMENT_STATE: self._target}


class RewritesThePast(FakeTask):
    """the first observation's 'observation.environment_state' changed while stepping"""

    first = None

    def get_observation(self):
        if self.first is not None:
            self.first *= 0.5
            return {keys.ENVIRONMENT_STATE: self._target.copy()}
        self.first = self._target.copy()
        return {keys.ENVIRONMENT_STATE: self.first}


class NumpyReward(FakeTask):
    """the reward must be a finite Python float"""

    def evaluate(self):
        return Evaluation(np.float32(1.0), terminated=False, success=False)


class InfiniteReward(FakeTask):
    """the reward must be a finite Python float, got inf"""

    def evaluate(self):
        return Evaluation(float("inf"), terminated=False, success=False)


class NumpyBool(FakeTask):
    """info\\['is_success'\\] must be a Python bool"""

    def evaluate(self):
        return Evaluation(0.0, terminated=False, success=np.bool_(False))


class IgnoresItsSeed(FakeTask):
    """all give the same start: Task.reset ignores its seed"""

    def reset(self, seed):
        super().reset(0)


class HasItsOwnRandomness(FakeTask):
    """reset\\(seed=0\\) gave another 'observation.state' the second time"""

    generator = np.random.default_rng(0)

    def reset(self, seed):
        super().reset(seed)
        self._robot.place(self.generator.uniform(-0.1, 0.1, 6))


class SurvivesReset(FakeTask):
    """'observation.environment_state' differs at step 1 between a used and a new environment"""

    # The target jumps once in its life, whichever episode that falls into.
    count = 0

    def get_observation(self):
        self.count += 1
        if self.count == 3:
            self._target = self._target * np.float32(0.5)
        return super().get_observation()


class RewardSurvivesReset(FakeTask):
    """the reward differs at step 0"""

    resets = 0

    def reset(self, seed):
        super().reset(seed)
        self.resets += seed == 1

    def evaluate(self):
        return Evaluation(float(self.resets), terminated=False, success=False)


class Inexact(FakeRobot):
    """step 0 ended 0.010000 s off its deadline in simulated time"""

    def get_observation(self):
        # Physics steps of 60 ms do not divide the control period of 50 ms.
        now_s = self.clock.now_s()
        if now_s > 0:
            self.clock.sleep_until(np.ceil(now_s / 0.06 - 1e-9) * 0.06)
        return super().get_observation()


class Accepts(FakeRobot):
    """an action with NaN was accepted"""

    def send_action(self, action):
        return super().send_action(np.zeros(6, np.float32))


class LosesCaptureTimes(FakeRobot):
    """every stream needs its capture time"""

    def get_observation(self):
        seen = super().get_observation()
        return Observation(seen.values, {**seen.captured_s, "extra": 0.0})


class NoAppliedAction(FakeRobot):
    """info\\['action_applied'\\] does not fit its spec"""

    def send_action(self, action):
        return super().send_action(action).astype(np.float64)


class MisreportsItsSeed(Environment):
    """reset\\(seed=0\\) reports info\\['seed'\\] = 5"""

    def reset(self, *, seed=None, options=None):
        observation, info = super().reset(seed=seed)
        return observation, {**info, "seed": 5}


class MixesTheEnds(Environment):
    """terminated and truncated came together"""

    def step(self, action):
        observation, reward, _, _, info = super().step(action)
        return observation, reward, True, True, info


class TruncatesEarly(Environment):
    """step 3 of at most 40 said truncated=True"""

    def step(self, action):
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, self._step_index == 4, info


class NeverTruncates(Environment):
    """step 39 of at most 40 said truncated=False"""

    def step(self, action):
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, False, info


class SaysTooLittle(Environment):
    """step\\(\\)'s info lacks \\['sent_s'\\]"""

    def step(self, action):
        *outcome, info = super().step(action)
        info.pop("sent_s")
        return *outcome, info


class LiesAboutItsSpace(Environment):
    """gymnasium's check_env refuses the environment"""

    def __init__(self, robot, task):
        super().__init__(robot, task)
        self.observation_space = self.action_space


BROKEN = [
    value
    for value in globals().values()
    if isinstance(value, type)
    and issubclass(value, (FakeRobot, FakeTask, Environment))
    and value.__module__ == __name__
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_an_environment_broken_in_one_way_is_told_its_mistake(broken):
    def make_environment():
        robot = broken() if issubclass(broken, FakeRobot) else FakeRobot()
        task = broken() if issubclass(broken, FakeTask) else FakeTask()
        return (broken if issubclass(broken, Environment) else Environment)(robot, task)

    with pytest.raises(ContractError, match=broken.__doc__):
        check_environment(make_environment)
