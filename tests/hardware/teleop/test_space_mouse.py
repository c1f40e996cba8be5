from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from robolearn.embodiments.so101 import SO101
from robolearn.errors import MissingDependencyError, RobotError
from robolearn.hardware.teleop.space_mouse import HidCap, SpaceMouse, compute_direction
from robolearn.steering import GRIPPER, PITCH, ROLL, SteeringTeleoperator, X, Y, Z
from robolearn.teleoperator import Event
from robolearn.testing import FakeClock, FakeRobot, check_teleoperator
from tests.hardware.fakes.typed_keys import Typed


@dataclass
class State:
    t: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0
    buttons: list = field(default_factory=lambda: [0, 0])


class FakeCap:
    """A cap with a queue of reports, as hidapi has one."""

    def __init__(self):
        self.queue = []
        self.state = State()
        self.is_open = True
        self.is_gone = False

    def report(self, **values):
        last = self.queue[-1] if self.queue else self.state
        self.queue.append(replace(State(), t=last.t + 0.01, **values))

    def read(self):
        if self.is_gone:
            raise RobotError("the SpaceMouse is gone")
        if self.queue:
            self.state = self.queue.pop(0)
        return self.state

    def close(self):
        self.is_open = False


@pytest.fixture(name="cap")
def _cap():
    return FakeCap()


@pytest.fixture(name="mouse")
def _mouse(cap):
    mouse = SpaceMouse(Typed(), lambda: cap, FakeClock())
    mouse.connect(FakeRobot())
    mouse.read()
    return mouse


def test_it_keeps_the_contract_of_a_teleoperator():
    teleoperator = SteeringTeleoperator(FakeRobot(), SpaceMouse(Typed(), FakeCap))
    check_teleoperator(teleoperator, SO101.observation_spec(), SO101.action_spec)


@pytest.mark.parametrize(
    ("values", "axis", "share"),
    [
        ({"x": 1.0}, X, 1.0),
        ({"y": -1.0}, Y, -1.0),
        ({"z": 1.0}, Z, 1.0),
        ({"pitch": 1.0}, PITCH, 1.0),
        ({"yaw": 1.0}, ROLL, 1.0),
        ({"buttons": [1, 0]}, GRIPPER, -1.0),
        ({"buttons": [0, 1, 0, 1]}, GRIPPER, 1.0),
        ({"x": 0.05, "buttons": []}, X, 0.0),
    ],
)
def test_each_movement_of_the_cap_moves_its_own_axis(values, axis, share):
    expected = np.zeros(6)
    expected[axis] = share
    np.testing.assert_array_equal(compute_direction(State(**values)), expected)


def test_the_newest_report_counts_however_many_there_are(mouse, cap):
    for share in (0.2, 0.4, 1.0):
        cap.report(x=share)
    assert mouse.read().direction[X] == 1.0
    assert cap.queue == []


def test_a_cap_that_falls_silent_moves_nothing(mouse, cap):
    cap.report(x=1.0)
    assert mouse.read().direction[X] == 1.0
    mouse._clock.sleep_until(0.2)
    assert mouse.read().direction[X] == 1.0
    mouse._clock.sleep_until(0.5)
    assert mouse.read().direction[X] == 0.0


def test_words_are_typed(mouse):
    mouse._source.keys = ["y"]
    assert mouse.read().event is Event.SUCCESS
    assert "escape" in mouse.describe()


def test_a_device_that_is_gone_is_an_error_and_both_are_released(mouse, cap):
    cap.is_gone = True
    with pytest.raises(RobotError, match="is gone"):
        mouse.read()
    mouse.close()
    mouse.close()
    assert not cap.is_open
    assert not mouse._source.is_open
    with pytest.raises(RobotError, match="not connected"):
        mouse.read()


@pytest.mark.parametrize(
    ("reason", "error", "words"),
    [
        ("HID API is probably not installed.", MissingDependencyError, "apt install libhidapi"),
        ("No connected or supported devices found.", RobotError, "no SpaceMouse can be opened"),
    ],
)
def test_what_keeps_it_from_opening_is_one_sentence(monkeypatch, reason, error, words):
    pyspacemouse = pytest.importorskip("pyspacemouse")

    def refuse(**options):
        raise RuntimeError(reason)

    monkeypatch.setattr(pyspacemouse, "open", refuse)
    with pytest.raises(error, match=words):
        HidCap()


def test_the_real_library_without_a_device_says_what_is_missing():
    pytest.importorskip("pyspacemouse")
    with pytest.raises((MissingDependencyError, RobotError), match="SpaceMouse"):
        HidCap()
