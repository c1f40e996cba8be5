"""`check_teleoperator` passes on the fake and names the mistake of each device broken one way."""

import time

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.errors import ContractError, RobotError
from robolearn.teleoperator import Command
from robolearn.testing import FakeTeleoperator, check_teleoperator

REST = np.asarray(SO101.rest_position, np.float32)
SPEC = SO101.observation_spec()


def check(teleoperator):
    check_teleoperator(teleoperator, SPEC, SO101.action_spec)


def test_the_fake_keeps_the_contract_and_is_closed_afterwards():
    teleoperator = FakeTeleoperator([Command(), Command(REST)], SO101.action_spec)
    check(teleoperator)
    assert not teleoperator.is_connected


class Good(FakeTeleoperator):
    """Not broken; the base of those that are."""

    def __init__(self):
        super().__init__([Command()], SO101.action_spec)


class ReturnsAnAction(Good):
    """get_command returned array.*, not a Command"""

    def get_command(self, observation):
        return REST


class SaysAnyWord(Good):
    """the command's event is 'stop', not an Event"""

    def get_command(self, observation):
        return Command(event="stop")


class LeavesTheBounds(Good):
    """the action of step 1 does not fit its spec: action: gripper = 1.1"""

    # Adds to the opening with every key press and does not stop at the limit.
    opening = 1.0

    def get_command(self, observation):
        action = REST.copy()
        action[5] = self.opening
        self.opening += 0.1
        return Command(action)

    def reset(self, observation):
        self.opening = 1.0


class WaitsForThePerson(Good):
    """get_command took .* ms: it must not wait for the person"""

    def get_command(self, observation):
        time.sleep(0.03)
        return Command()


class ChangesTheState(Good):
    """the teleoperator changed the observation's 'observation.state'"""

    def reset(self, observation):
        observation[keys.STATE][:] = 0


class KeepsItsBuffer(Good):
    """an action changed after it had been returned"""

    buffer = REST.copy()

    def get_command(self, observation):
        self.buffer[0] += 0.01
        return Command(self.buffer)


BROKEN = [v for v in globals().values() if isinstance(v, type) and issubclass(v, Good)][1:]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_device_broken_in_one_way_is_told_its_mistake(broken):
    with pytest.raises(ContractError, match=broken.__doc__):
        check(broken())


@pytest.mark.parametrize("method", ["close", "connect"])
def test_what_must_be_allowed_twice_is_tried(method):
    class Touchy(Good):
        calls = 0

        def count(self):
            self.calls += 1
            if self.calls > 1:
                raise RobotError(f"{method} is not allowed now")

    setattr(Touchy, method, Touchy.count)
    with pytest.raises(RobotError, match="is not allowed now"):
        check(Touchy())
