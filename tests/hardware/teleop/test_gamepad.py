import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobotError
from robolearn.hardware.teleop.gamepad import AXES, EVENTS, Gamepad, PadState, compute_direction
from robolearn.steering import GRIPPER, PITCH, ROLL, SteeringTeleoperator, X, Y, Z
from robolearn.teleoperator import Event
from robolearn.testing import FakeRobot, check_teleoperator

REST = dict.fromkeys(AXES, 0.0)


def make_state(held=(), pressed=(), **axes):
    return PadState({**REST, **axes}, frozenset(held), tuple(pressed))


class FakePad:
    """Its states come from a list; the last one stays."""

    def __init__(self, *states):
        self.states = list(states) or [make_state()]
        self.is_open = True

    def read(self):
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def close(self):
        self.is_open = False


def open_gamepad(*states):
    gamepad = Gamepad(open_pad=lambda name: FakePad(*states))
    gamepad.connect(FakeRobot())
    return gamepad


def test_it_keeps_the_contract_of_a_teleoperator():
    pads = []

    def open_pad(name):
        pads.append(FakePad())
        return pads[-1]

    teleoperator = SteeringTeleoperator(FakeRobot(), Gamepad(open_pad=open_pad))
    check_teleoperator(teleoperator, SO101.observation_spec(), SO101.action_spec)
    assert [pad.is_open for pad in pads] == [False, False]


@pytest.mark.parametrize(
    ("state", "axis", "share"),
    [
        (make_state(left_y=-1.0), X, 1.0),
        (make_state(left_x=-1.0), Y, 1.0),
        (make_state(right_y=-1.0), Z, 1.0),
        (make_state(right_x=1.0), ROLL, -1.0),
        (make_state(held=["pad_down"]), PITCH, 1.0),
        (make_state(held=["pad_up"]), PITCH, -1.0),
        (make_state(right_trigger=1.0), GRIPPER, 1.0),
        (make_state(left_trigger=1.0), GRIPPER, -1.0),
    ],
)
def test_each_stick_moves_its_own_axis(state, axis, share):
    expected = np.zeros(6)
    expected[axis] = share
    np.testing.assert_array_equal(compute_direction(state), expected)


@pytest.mark.parametrize(("button", "event"), EVENTS.items())
def test_each_button_says_its_word(button, event):
    gamepad = open_gamepad(make_state(pressed=[button]))
    assert gamepad.read().event is event


def test_every_word_has_a_button_and_the_help_names_it():
    assert set(EVENTS.values()) == set(Event)
    assert all(button in Gamepad().describe() for button in EVENTS)


def test_a_stop_button_that_is_held_stops_though_it_was_pressed_long_ago():
    gamepad = open_gamepad(make_state(held=["b"], pressed=["a"]))
    assert gamepad.read().event is Event.STOP


def test_a_stop_before_the_episode_stops_it():
    gamepad = Gamepad(open_pad=lambda name: FakePad(make_state(pressed=["b"]), make_state()))
    teleoperator = SteeringTeleoperator(FakeRobot(), gamepad)
    with teleoperator:
        teleoperator.reset({keys.STATE: np.asarray(SO101.home_position, np.float32)})
        assert teleoperator.get_command({}).event is Event.STOP


def test_a_stick_that_is_pushed_at_the_start_moves_nothing_until_it_was_let_go():
    pushed = make_state(left_y=-1.0)
    gamepad = open_gamepad(pushed, pushed, make_state(), pushed)
    gamepad.forget()
    assert [gamepad.read().direction[X] for _ in range(4)] == [0, 0, 0, 1]


def test_reading_before_connecting_is_refused():
    with pytest.raises(RobotError, match="not connected"):
        Gamepad().read()


class VirtualPad:
    """A gamepad of SDL's own making, so that SDL itself is part of the test."""

    def __init__(self):
        import pygame

        folder = Path(pygame.__file__).parent.parent / "pygame.libs"
        library = next(iter(folder.glob("libSDL2-2*")), None)
        if library is None:
            pytest.skip("this pygame was built on the system's SDL")
        self._sdl = ctypes.CDLL(str(library))
        self._sdl.SDL_JoystickOpen.restype = ctypes.c_void_p
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        os.environ["SDL_NO_SIGNAL_HANDLERS"] = "1"
        pygame.display.init()
        pygame.joystick.init()
        self._index = self._sdl.SDL_JoystickAttachVirtual(1, 6, 15, 0)
        assert self._index >= 0
        self._joystick = ctypes.c_void_p(self._sdl.SDL_JoystickOpen(self._index))

    def push(self, axis, value):
        assert (
            self._sdl.SDL_JoystickSetVirtualAxis(self._joystick, axis, ctypes.c_int16(value)) == 0
        )

    def press(self, button, is_down):
        assert self._sdl.SDL_JoystickSetVirtualButton(self._joystick, button, int(is_down)) == 0

    def unplug(self):
        if self._index >= 0:
            self._sdl.SDL_JoystickDetachVirtual(self._index)
        self._index = -1


@pytest.fixture(name="virtual_pad")
def _virtual_pad():
    pygame = pytest.importorskip("pygame")
    pad = VirtualPad()
    pad.push(4, -32768)  # a trigger at rest, on a raw joystick
    pad.push(5, -32768)
    yield pad
    pad.unplug()
    pygame.quit()


def test_a_real_pad_is_read_and_its_loss_is_one_sentence(virtual_pad):
    gamepad = Gamepad()
    gamepad.connect(FakeRobot())
    np.testing.assert_array_equal(gamepad.read().direction, np.zeros(6))
    virtual_pad.push(1, -32768)
    virtual_pad.push(5, 32767)
    reading = gamepad.read()
    assert (reading.direction[X], reading.direction[GRIPPER], reading.event) == (1.0, 1.0, None)
    # Shorter than a control period: it is down and up again between two readings.
    virtual_pad.press(6, True)
    import pygame

    pygame.event.pump()
    virtual_pad.press(6, False)
    assert gamepad.read().event is Event.END
    assert gamepad.read().event is None
    virtual_pad.press(1, True)
    assert [gamepad.read().event for _ in range(2)] == [Event.STOP, Event.STOP]
    virtual_pad.unplug()
    with pytest.raises(RobotError, match="is gone"):
        gamepad.read()
    gamepad.close()


def test_no_pad_and_a_pad_of_another_name_are_one_sentence(virtual_pad):
    with pytest.raises(RobotError, match=r"no gamepad is called 'Acme' \(gamepads here: Virtual"):
        Gamepad("Acme").connect(FakeRobot())
    virtual_pad.unplug()
    with pytest.raises(RobotError, match="no gamepad is plugged in"):
        Gamepad().connect(FakeRobot())


def test_a_program_with_a_gamepad_can_still_be_killed():
    pytest.importorskip("pygame")
    program = (
        "from robolearn.hardware.teleop.gamepad import SdlPad\n"
        "from robolearn.errors import RobotError\n"
        "try:\n    SdlPad('no such pad')\nexcept RobotError: pass\n"
        "import pygame; pygame.display.init()\n"
        "print('ready', flush=True)\nimport time; time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == -signal.SIGTERM
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
