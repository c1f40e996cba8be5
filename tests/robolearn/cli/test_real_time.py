from robolearn.cli import real_time
from robolearn.testing import FakeRobot
from robolearn.timing import MonotonicClock


class CountingPacer:
    waits = 0

    def __init__(self, clock, period_s):
        assert isinstance(clock, MonotonicClock)

    def start(self):
        pass

    def wait(self):
        CountingPacer.waits += 1


def test_a_simulated_episode_waits_once_a_step(monkeypatch):
    monkeypatch.setattr(real_time, "Pacer", CountingPacer)
    CountingPacer.waits = 0
    observer = real_time.RealTimeObserver(FakeRobot())
    observer.on_episode_start(None)
    observer.on_step(None)
    observer.on_step(None)
    assert CountingPacer.waits == 2


def test_a_robot_on_a_real_clock_is_left_alone(monkeypatch):
    monkeypatch.setattr(real_time, "Pacer", CountingPacer)
    CountingPacer.waits = 0
    robot = FakeRobot()
    robot.clock = MonotonicClock()
    observer = real_time.RealTimeObserver(robot)
    observer.on_step(None)
    assert CountingPacer.waits == 0
