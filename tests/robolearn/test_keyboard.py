import numpy as np
import pytest

from robolearn import keyboard, keys
from robolearn.embodiments.so101 import CHAIN, SO101
from robolearn.keyboard import (
    EVENTS,
    MOTIONS,
    HeldKeys,
    Keyboard,
    KeySource,
    describe_keys,
)
from robolearn.steering import SteeringTeleoperator
from robolearn.teleoperator import Event
from robolearn.testing import FakeClock, FakeRobot, check_teleoperator

STATE = np.array([0.0, -0.934, 0.487, 1.647, 0.3, 0.5], np.float32)


class ListedKeys(KeySource):
    """Its keys come from a list, one entry per control step."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.robot = None

    def connect(self, robot):
        self.robot = robot

    def read_keys(self):
        return self.steps.pop(0) if self.steps else []

    def close(self):
        self.robot = None


class WatchedKeys(ListedKeys):
    """As a window: shows the scene, and reports a held key in every step."""

    shows_scene = True
    hold_s = keyboard.TAP_S


def make_teleoperator(source, robot=None):
    robot = robot or FakeRobot()
    return SteeringTeleoperator(robot, Keyboard(source, FakeClock()))


def run(teleoperator, num_steps):
    commands = []
    for _ in range(num_steps):
        commands.append(teleoperator.get_command({}))
        teleoperator._device._clock.sleep_until(
            teleoperator._device._clock.now_s() + SO101.control_period_s
        )
    return commands


def find_tool_moves(commands):
    """How far the tool was sent in each step [mm], from where STATE has it."""
    postures = [STATE] + [command.action for command in commands]
    tools = np.array([CHAIN.compute_tool_pose(posture[:5])[0] for posture in postures])
    return np.round(1e3 * np.diff(tools, axis=0))


def start(*steps, kind=ListedKeys):
    teleoperator = make_teleoperator(kind(["w"], *steps))
    teleoperator.reset({keys.STATE: STATE})  # forgets the first press: it was before the episode
    return teleoperator


def test_it_keeps_the_contract_of_a_teleoperator():
    teleoperator = make_teleoperator(ListedKeys())
    check_teleoperator(teleoperator, SO101.observation_spec(), SO101.action_spec)


def test_the_source_is_connected_to_the_robot_and_closed():
    robot, source = FakeRobot(), ListedKeys()
    with make_teleoperator(source, robot):
        assert source.robot is robot
    assert source.robot is None


def test_it_shows_the_scene_if_its_source_does():
    assert not make_teleoperator(ListedKeys()).shows_scene
    assert make_teleoperator(WatchedKeys()).shows_scene


def test_with_no_key_the_arm_is_told_to_stay():
    for command in run(start(), 3):
        np.testing.assert_allclose(command.action, STATE, atol=1e-6)
        assert command.event is None


def test_a_tap_moves_one_step():
    moves = find_tool_moves(run(start(["w"]), 4))
    np.testing.assert_array_equal(moves, [[4, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_a_held_key_moves_on_between_its_repeats_and_a_little_after():
    moves = find_tool_moves(run(start(["a"], ["a", "a"], [], ["a"]), 8))
    # Steps are 50 ms: the last repeat at 150 ms lasts until 290 ms.
    np.testing.assert_array_equal(moves[:, 1], [4, 4, 4, 4, 4, 4, 0, 0])


def test_how_long_a_held_key_moves_after_its_last_report_is_the_source_s_to_say():
    moves = find_tool_moves(run(start(["a"], ["a", "a"], kind=WatchedKeys), 4))
    np.testing.assert_array_equal(moves[:, 1], [4, 4, 0, 0])


def test_two_held_keys_move_together_and_opposite_ones_cancel():
    moves = find_tool_moves(run(start(["w", "a"], ["w", "s"], ["w", "up"]), 3))
    np.testing.assert_array_equal(moves, [[4, 4, 0], [0, 0, 0], [4, 0, 0]])


def test_the_gripper_follows_its_keys():
    commands = run(start(["o"], [], ["c"], [], [], ["c"]), 7)
    openings = [command.action[5] for command in commands]
    np.testing.assert_allclose(openings, [0.575, 0.575, 0.5, 0.5, 0.5, 0.425, 0.425], atol=1e-6)


@pytest.mark.parametrize(("key", "event"), EVENTS.items())
def test_an_event_key_says_its_event(key, event):
    (command,) = run(start(["w", key]), 1)
    assert (command.event, command.action) == (event, None)


def test_stop_goes_before_every_other_word():
    assert run(start(["y", "enter", "escape"]), 1)[0].event is Event.STOP
    assert run(start(["y", "n"]), 1)[0].event is Event.SUCCESS


def test_keys_without_a_meaning_do_nothing():
    (command,) = run(start(["q", "f13"]), 1)
    np.testing.assert_allclose(command.action, STATE, atol=1e-6)


def test_no_key_has_two_meanings_and_every_event_has_a_key():
    assert not set(MOTIONS) & set(EVENTS)
    assert set(EVENTS.values()) == set(Event)
    moves = {(motion.axis, motion.direction) for motion in MOTIONS.values()}
    assert moves == {(axis, direction) for axis in range(6) for direction in (1, -1)}


def test_the_help_names_every_key_with_what_it_does():
    lines = describe_keys().splitlines()
    assert "  w, up         forward" in lines
    assert "  r, page up    up" in lines
    assert "  escape        stop the robot and finish" in lines
    named = {key for line in lines for key in line[:14].strip().replace(" ", "_").split(",_")}
    assert named == set(MOTIONS) | set(EVENTS)


def test_a_repeat_that_comes_late_is_a_new_tap():
    held = HeldKeys()
    held.press("w", 0.0)
    held.press("w", keyboard.REPEAT_GAP_S + 0.01)
    assert held.compute_direction(keyboard.REPEAT_GAP_S + 0.02)[0] == 1
    assert held.compute_direction(keyboard.REPEAT_GAP_S + 0.02 + keyboard.TAP_S)[0] == 0
