import contextlib
import os
import pty
import select
import subprocess
import sys
import termios
import textwrap
import threading

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobotError
from robolearn.hardware.teleop.terminal_keys import TerminalKeys, decode_keys
from robolearn.keyboard import Keyboard
from robolearn.steering import SteeringTeleoperator
from robolearn.teleoperator import Event
from robolearn.testing import FakeRobot, check_teleoperator

STATE = np.array([0.0, -0.934, 0.487, 1.647, 0.3, 0.5], np.float32)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"", []),
        (b"wW", ["w", "w"]),
        (b"\r\n", ["enter", "enter"]),
        (b"\x7f\x08", ["backspace", "backspace"]),
        (b"\x1b", ["escape"]),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", ["up", "down", "right", "left"]),
        (b"\x1bOA\x1bOD", ["up", "left"]),
        (b"\x1b[5~\x1b[6~", ["page_up", "page_down"]),
        (b"w\x1b[Ay", ["w", "up", "y"]),
        (b"\x1b\x1b", ["escape", "escape"]),
        (b"\x1b\x1b[A", ["escape", "up"]),
        # Function keys, a mouse report, an accent, a space: nothing, and above all not a stop.
        (b"\x1b[15~\x1bOP\x1b[<0;3;4M\xc3\xa9 1\x00", []),
        # A sequence cut short is left out; the escape in it does not count.
        (b"w\x1b[", ["w"]),
        (b"\x1b[5", []),
        (b"\x1bO", []),
    ],
)
def test_what_a_terminal_sends_is_named(data, names):
    assert decode_keys(data) == names


@pytest.fixture
def terminal():
    """The person's end and the program's end of a terminal."""
    person, program = pty.openpty()
    yield person, program
    for descriptor in (person, program):
        with contextlib.suppress(OSError):  # a test has closed it
            os.close(descriptor)


def type_keys(terminal, data):
    """Types, and waits until it has arrived: the kernel hands it over in its own time."""
    person, program = terminal
    os.write(person, data)
    assert select.select([program], [], [], 10.0)[0]


def make_keyboard(descriptor):
    return SteeringTeleoperator(FakeRobot(), Keyboard(TerminalKeys(descriptor)))


def is_cooked(descriptor):
    """Whether the terminal waits for whole lines and shows what is typed."""
    flags = termios.tcgetattr(descriptor)[3]
    return bool(flags & termios.ICANON) and bool(flags & termios.ECHO)


def test_it_keeps_the_contract_of_a_teleoperator(terminal):
    check_teleoperator(make_keyboard(terminal[1]), SO101.observation_spec(), SO101.action_spec)


def test_keys_arrive_without_enter_and_move_the_arm(terminal):
    _, program = terminal
    with make_keyboard(program) as keyboard:
        keyboard.reset({keys.STATE: STATE})
        type_keys(terminal, b"o")
        action = keyboard.get_command({}).action
        assert action[5] > STATE[5]
        type_keys(terminal, b"\x1b[A\x1b[Ac")
        action = keyboard.get_command({}).action
        assert action[1] != STATE[1]
        type_keys(terminal, b"y")
        assert keyboard.get_command({}).event is Event.SUCCESS


def test_a_stop_typed_before_the_episode_is_not_forgotten(terminal):
    _, program = terminal
    with make_keyboard(program) as keyboard:
        type_keys(terminal, b"\x1bwww")
        keyboard.reset({keys.STATE: STATE})
        assert keyboard.get_command({}).event is Event.STOP
        keyboard.reset({keys.STATE: STATE})
        assert keyboard.get_command({}).event is None


def test_what_was_typed_before_the_episode_is_forgotten(terminal):
    _, program = terminal
    with make_keyboard(program) as keyboard:
        type_keys(terminal, b"ywww")
        keyboard.reset({keys.STATE: STATE})
        command = keyboard.get_command({})
    assert command.event is None
    np.testing.assert_allclose(command.action, STATE, atol=1e-6)


def test_a_sequence_that_arrives_in_two_pieces_is_no_stop(terminal):
    person, program = terminal
    with make_keyboard(program) as keyboard:
        keyboard.reset({keys.STATE: STATE})
        type_keys(terminal, b"\x1b")
        later = threading.Timer(0.002, os.write, (person, b"[A"))
        later.start()
        command = keyboard.get_command({})
        later.join()
        assert command.event is None
        type_keys(terminal, b"\x1b")
        assert keyboard.get_command({}).event is Event.STOP


def test_nothing_is_shown_while_steering_and_the_terminal_is_put_back(terminal):
    _, program = terminal
    before = termios.tcgetattr(program)
    keyboard = make_keyboard(program)
    keyboard.connect()
    assert not is_cooked(program)
    assert termios.tcgetattr(program)[3] & termios.ISIG  # Ctrl-C still interrupts
    keyboard.close()
    assert termios.tcgetattr(program) == before


def test_the_terminal_is_put_back_when_an_exception_passes(terminal):
    _, program = terminal
    before = termios.tcgetattr(program)
    with pytest.raises(ZeroDivisionError), make_keyboard(program):
        raise ZeroDivisionError
    assert termios.tcgetattr(program) == before


def test_keys_not_read_do_not_reach_the_shell(terminal):
    _, program = terminal
    with make_keyboard(program):
        type_keys(terminal, b"rm\n")
    os.set_blocking(program, False)
    with pytest.raises(BlockingIOError):
        os.read(program, 10)


def test_a_terminal_that_is_gone_stops_the_robot(terminal):
    person, program = terminal
    keyboard = make_keyboard(program)
    keyboard.connect()
    keyboard.reset({keys.STATE: STATE})
    os.close(person)
    assert keyboard.get_command({}).event is Event.STOP
    keyboard.close()


def test_a_program_that_ends_without_closing_puts_the_terminal_back(terminal):
    _, program = terminal
    before = termios.tcgetattr(program)
    code = """
        from robolearn.hardware.teleop.terminal_keys import TerminalKeys
        from robolearn.testing import FakeRobot
        TerminalKeys().connect(FakeRobot())
        raise SystemExit("leaves without a word")
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, stdin=program, capture_output=True, timeout=60, check=False)
    assert done.stderr == b"leaves without a word\n"
    assert termios.tcgetattr(program) == before


def test_standard_input_that_is_no_terminal_is_refused_in_words():
    code = """
        from robolearn.hardware.teleop.terminal_keys import TerminalKeys
        from robolearn.testing import FakeRobot
        TerminalKeys().connect(FakeRobot())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr.splitlines()[-1].startswith(
        "robolearn.errors.RobotError: the keyboard needs a terminal, but standard input is none"
    )


def test_reading_before_connecting_is_refused(terminal):
    with pytest.raises(RobotError, match="the keyboard is not connected"):
        make_keyboard(terminal[1]).get_command({})
