import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from robolearn import keys
from robolearn.cli.attendance import attend
from robolearn.cli.live_line import LiveLine, LiveStatus
from robolearn.cli.terminal_view import TerminalView
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.robot import RobotHealth
from robolearn.rollout import Actor, EpisodeStart, Step
from robolearn.testing import FakeRobot, FakeTask, FakeTeleoperator
from robolearn.timing import MonotonicClock, Pacer

FRONT = keys.image_key("front")
STEP = Step(
    index=0,
    observation={},
    captured_s={keys.STATE: 9.99, FRONT: 9.979},
    action=np.zeros(1),
    action_applied=np.zeros(1),
    sent_s=10.0,
    actor=Actor.POLICY,
    reward=0.0,
    terminated=False,
    truncated=False,
    success=False,
)
START = EpisodeStart("do it", "it", 0, {})


class PhysicalRobot(FakeRobot):
    """Says that its time is real, and that its bus has seen better days."""

    def __init__(self):
        super().__init__()
        self.clock = MonotonicClock()

    def get_health(self):
        return RobotHealth(bus_errors=3)


def watch(robot, num_steps, period_s, actor=Actor.POLICY, **options):
    """Returns what a status says of an episode with this time between its steps."""
    environment = Environment(robot, FakeTask())
    environment.pacer = Pacer(robot.clock, 0.05)
    now_s = [100.0]
    status = LiveStatus(environment, now_s=lambda: now_s[0], **options)
    status.on_episode_start(START)
    for index in range(num_steps):
        status.on_step(replace(STEP, index=index, actor=actor))
        now_s[0] += period_s
    return status.text


def test_it_says_the_rate_that_is_kept_the_errors_and_the_age_of_each_picture():
    text = watch(PhysicalRobot(), 61, 0.05)
    assert text == "step 61, 20.0 of 20 Hz, overruns 0, bus errors 3, front 21 ms old"
    assert "10.0 of 20 Hz" in watch(PhysicalRobot(), 61, 0.1)


def test_a_simulation_has_neither_errors_nor_ages():
    assert watch(FakeRobot(), 61, 0.05) == "step 61, 20.0 of 20 Hz"


def test_it_says_who_acts_where_two_can():
    assert watch(FakeRobot(), 2, 0.5, says_actor=True).endswith(", policy")
    assert watch(FakeRobot(), 2, 0.5, Actor.PERSON, says_actor=True).endswith(", you")


def test_a_new_episode_begins_with_no_words():
    environment = Environment(FakeRobot(), FakeTask())
    status = LiveStatus(environment)
    status.on_step(STEP)
    assert status.text == "step 1"
    status.on_episode_start(START)
    assert status.text == ""


def test_the_line_shows_the_newest_words_and_is_taken_away_at_the_end():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80)
    status = LiveStatus(Environment(FakeRobot(), FakeTask()))
    line = LiveLine(status, console)
    line.on_episode_start(START)
    status.text = "step 7, [20] Hz"
    line._live.refresh()
    line.on_episode_abort(ValueError())
    line.on_episode_abort(ValueError())
    assert "step 7, [20] Hz" in stream.getvalue()
    assert stream.getvalue().rstrip().endswith("\x1b[2K")


class Filmed(FakeRobot):
    def render(self):
        return np.zeros((4, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("robot", "shown"),
    [
        (Filmed(), TerminalView),
        (FakeRobot(SO101, ("front",)), TerminalView),
        (FakeRobot(), LiveLine),
    ],
    ids=["view", "camera", "neither"],
)
def test_the_scene_is_drawn_where_there_is_something_to_film_with(robot, shown):
    device = FakeTeleoperator([], SO101.action_spec)
    environment = Environment(robot, FakeTask())
    terminal = Console(file=io.StringIO(), force_terminal=True)
    assert isinstance(attend(environment, device, terminal)[-1], shown)
    device.shows_scene = True
    assert isinstance(attend(environment, device, terminal)[-1], LiveLine)
    no_terminal = Console(file=io.StringIO(), force_terminal=False)
    assert isinstance(attend(environment, device, no_terminal)[-1], LiveStatus)
