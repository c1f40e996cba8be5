"""`check_robot` passes on the fake and names the mistake of each robot broken in one way."""

import dataclasses

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.errors import ContractError, RobotError
from robolearn.robot import Observation
from robolearn.specs import ArraySpec, BoundedArraySpec
from robolearn.testing import FakeClock, FakeRobot, check_robot


@pytest.mark.parametrize("cameras", [(), ("front", "wrist")])
def test_the_fake_keeps_the_contract_and_is_closed_afterwards(cameras):
    robot = FakeRobot(cameras=cameras)
    check_robot(robot)
    assert not robot.is_connected


class NoStateSpec(FakeRobot):
    """observation_spec lacks 'observation.state'"""

    observation_spec = {}  # noqa: RUF012


class NoImageSpec(FakeRobot):
    """camera 'front' is switched on but observation_spec lacks"""

    observation_spec = SO101.observation_spec()

    def __init__(self):
        super().__init__(cameras=("front",))


class UnboundedActions(FakeRobot):
    """action_spec must be a BoundedArraySpec named 'action'"""

    action_spec = ArraySpec("action", (6,))


class MisnamedActions(FakeRobot):
    """action_spec must be a BoundedArraySpec named 'action'"""

    action_spec = dataclasses.replace(SO101.action_spec, name="joints")


class NoPeriod(FakeRobot):
    """control_period_s must be a positive number of seconds, got 0.0"""

    control_period_s = 0.0


class RestsOutside(FakeRobot):
    """so101.rest_position does not fit its spec: action: gripper = 7.0"""

    def __init__(self):
        super().__init__(dataclasses.replace(SO101, rest_position=(0.0,) * 5 + (7.0,)))


class UnknownTime(FakeRobot):
    """clock.kind must be 'monotonic' or 'simulated', got 'wall'"""

    def __init__(self):
        super().__init__()
        self.clock.kind = "wall"


class WakesEarly(FakeRobot):
    """clock.sleep_until returned 0.025000 s before its deadline"""

    def __init__(self):
        super().__init__()
        self.clock.sleep_until = lambda deadline_s: FakeClock.sleep_until(
            self.clock, deadline_s - 0.025
        )


class SleepsForThePast(FakeRobot):
    """clock.sleep_until took 0.0500 s for a deadline that had passed"""

    def __init__(self):
        super().__init__()
        self.clock.sleep_until = lambda deadline_s: FakeClock.sleep_until(
            self.clock, max(deadline_s, self.clock.now_s() + 0.05)
        )


class TimeGoesBack(FakeRobot):
    """time must never go back"""

    def __init__(self):
        super().__init__()
        self.clock.sleep_until = self.jump

    def jump(self, deadline_s):
        self.clock._now_s = deadline_s


class ForgetsAStream(FakeRobot):
    """get_observation\\(\\).values has keys \\['observation.state'\\] but its spec promises"""

    def __init__(self):
        super().__init__(cameras=("front",))

    def get_observation(self):
        seen = super().get_observation()
        return Observation({keys.STATE: seen.values[keys.STATE]}, seen.captured_s)


class WrongDtype(FakeRobot):
    """get_observation\\(\\).values does not fit its spec: .*expected dtype float32, got float64"""

    def get_observation(self):
        seen = super().get_observation()
        return Observation(
            {k: v.astype(np.float64) for k, v in seen.values.items()}, seen.captured_s
        )


class NoCaptureTimes(FakeRobot):
    """every stream needs its capture time"""

    def get_observation(self):
        return Observation(super().get_observation().values, {})


class OtherClock(FakeRobot):
    """later than the robot's clock"""

    def get_observation(self):
        values = super().get_observation().values
        return Observation(values, dict.fromkeys(values, 1.7e9))


class Stale(FakeRobot):
    """'observation.state' was not captured anew after a control period"""

    def get_observation(self):
        values = super().get_observation().values
        return Observation(values, dict.fromkeys(values, 0.0))


class SharesItsBuffer(FakeRobot):
    """two observations share the array of 'observation.state'"""

    buffer = np.zeros(6, np.float32)

    def get_observation(self):
        seen = super().get_observation()
        self.buffer[:] = seen.values[keys.STATE]
        return Observation({keys.STATE: self.buffer}, seen.captured_s)


class RewritesThePast(FakeRobot):
    """an earlier observation's 'observation.state' changed when a new one was taken"""

    def get_observation(self):
        seen = super().get_observation()
        if hasattr(self, "last"):
            self.last += 1.0
        self.last = seen.values[keys.STATE]
        return seen


class Blocks(FakeRobot):
    """send_action took 0.0500 s of the robot's time"""

    def send_action(self, action):
        self.clock.sleep_until(self.clock.now_s() + 0.05)
        return super().send_action(action)


class ChangesTheAskedAction(FakeRobot):
    """send_action changed the array it was given"""

    def send_action(self, action):
        applied = super().send_action(action)
        action += 0.01
        return applied


class ReturnsNothing(FakeRobot):
    """what send_action returned does not fit its spec: .* got NoneType"""

    def send_action(self, action):
        super().send_action(action)


class ReturnsItsBuffer(FakeRobot):
    """send_action returned the same array twice"""

    buffer = np.zeros(6, np.float32)

    def send_action(self, action):
        self.buffer[:] = super().send_action(action)
        return self.buffer


class Clips(FakeRobot):
    """an infinite action was accepted"""

    def send_action(self, action):
        if isinstance(action, np.ndarray) and action.shape == (6,) and not np.isnan(action).any():
            action = np.clip(action, self.action_spec.low, self.action_spec.high)
        return super().send_action(action)


class TakesAnyDtype(FakeRobot):
    """an action of another dtype was accepted"""

    def send_action(self, action):
        return super().send_action(action.astype(np.float32))


class Ravels(FakeRobot):
    """an action with a batch axis was accepted"""

    def send_action(self, action):
        return super().send_action(action.ravel())


class RaisesItsOwn(FakeRobot):
    """an action with NaN was refused with RobotError, not SpecError"""

    def send_action(self, action):
        if np.isnan(action).any():
            raise RobotError("that hurts")
        return super().send_action(action)


class SendsBeforeItLooks(FakeRobot):
    """the robot moved after it had refused an action: channel 'gripper'"""

    def send_action(self, action):
        if action.shape == (6,) and action[5] > 1:
            super().send_action(self.action_spec.clip(action))
        return super().send_action(action)


class HasADeadMotor(FakeRobot):
    """channel 'elbow_flex' was asked to move by .* and moved by .*: it is not driven"""

    def _update(self):
        super()._update()
        self._position[2] = 0.0


class HasAReversedMotor(FakeRobot):
    """channel 'shoulder_pan' was asked to move by .* its sign or scale is wrong"""

    def get_observation(self):
        seen = super().get_observation()
        seen.values[keys.STATE][0] *= -1
        return seen


class DoesNotStop(FakeRobot):
    """the robot moved after stop\\(\\)"""

    def stop(self):
        self._target = np.zeros(6) + 0.5


class StopsForGood(FakeRobot):
    """or stop\\(\\) latches"""

    stopped = False

    def connect(self):
        super().connect()
        self.stopped = False

    def stop(self):
        super().stop()
        self.stopped = True

    def send_action(self, action):
        applied = super().send_action(action)
        if self.stopped:
            self._target = self._position.copy()
        return applied


class ConnectsOnce(FakeRobot):
    """cannot observe when it is connected again after close\\(\\)"""

    closed = 0

    def close(self):
        super().close()
        self.closed += 1

    def connect(self):
        if self.closed < 2:
            super().connect()


BROKEN = [
    value
    for value in globals().values()
    if isinstance(value, type) and issubclass(value, FakeRobot) and value is not FakeRobot
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_robot_broken_in_one_way_is_told_its_mistake(broken):
    with pytest.raises(ContractError, match=broken.__doc__):
        check_robot(broken())


@pytest.mark.parametrize("method", ["stop", "close", "connect"])
def test_what_must_be_allowed_twice_and_in_every_state_is_tried(method):
    class Touchy(FakeRobot):
        calls = 0

        def count(self):
            self.calls += 1
            if self.calls > 1 or method != "connect":
                raise RobotError(f"{method} is not allowed now")

    setattr(Touchy, method, Touchy.count)
    with pytest.raises(RobotError, match="is not allowed now"):
        check_robot(Touchy())


CAR_ACTION = BoundedArraySpec(
    keys.ACTION, (2,), "float32", ("steering", "speed"), ("rad", "m/s"), (-0.4, -1), (0.4, 3)
)
CAR = dataclasses.replace(
    SO101,
    name="car",
    state_spec=ArraySpec(keys.STATE, (2,), "float32", CAR_ACTION.channels, CAR_ACTION.units),
    action_spec=CAR_ACTION,
    cameras=(),
    home_position=(0.0, 0.0),
    rest_position=(0.0, 0.0),
)


def test_a_body_with_speeds_is_at_rest_where_they_are_zero():
    check_robot(FakeRobot(CAR))


class KeepsRolling(FakeRobot):
    """the robot moved after stop\\(\\): channel 'speed' is 0.2 after .* has it at 0$"""

    def stop(self):
        self._target = self._position.copy()


class TurnsItsWheelsBack(FakeRobot):
    """the robot moved after stop\\(\\): channel 'steering' is .* has it at 0.04"""

    def stop(self):
        super().stop()
        self._target = np.zeros(2)


class NeverSetsOffAgain(FakeRobot):
    """channel 'speed' was asked to move by 0.2 and moved by .*: .* or stop\\(\\) latches"""

    def send_action(self, action):
        applied = super().send_action(action)
        if self.num_stops > 1:  # the first comes before it has driven
            self._target[1] = 0.0
        return applied


class CreepsAtRest(FakeRobot):
    """the robot moved after it had refused an action: channel 'speed' is 0.1 after"""

    def send_action(self, action):
        applied = super().send_action(action)
        self._target[1] = max(self._target[1], 0.1)
        return applied


@pytest.mark.parametrize(
    "broken", [KeepsRolling, TurnsItsWheelsBack, NeverSetsOffAgain, CreepsAtRest]
)
def test_a_car_broken_in_one_way_is_told_its_mistake(broken):
    with pytest.raises(ContractError, match=broken.__doc__):
        check_robot(broken(CAR))


def test_a_body_with_other_channels_in_its_state_can_be_checked():
    class Car(FakeRobot):
        """Steers with two channels and measures one of them, and its heading."""

        def get_observation(self):
            seen = super().get_observation()
            state = np.array([0.3, seen.values[keys.STATE][1]], np.float32)
            return Observation({keys.STATE: state}, seen.captured_s)

        def place(self, position):
            super().place(np.zeros(2))

    state = ArraySpec(keys.STATE, (2,), "float32", ("heading", "speed"), ("rad", "m/s"))
    car = Car(CAR)
    car.embodiment = dataclasses.replace(CAR, state_spec=state)
    check_robot(car)
