"""What the bytes of a servo's state mean."""

import math
import struct

import pytest

from robolearn.hardware.dynamixel.registers import MODELS, OperatingMode
from robolearn.hardware.dynamixel.servo import STATE_BYTES, Servo
from robolearn.hardware.servo_bus import ServoMemory

# PWM, current or load, velocity, position, two trajectories, voltage, temperature.
STATE = struct.pack("<hhiiiiHB", -300, -250, -100, -1024, 0, 0, 121, 43)


def test_a_state_is_in_si_units_with_its_signs():
    servo = Servo(MODELS[1020], OperatingMode.EXTENDED_POSITION, current_limit=1000)
    state = servo.parse_state(STATE, ("overload",))
    assert len(STATE) == STATE_BYTES
    assert state.position_steps == -1024
    assert state.velocity_radps == pytest.approx(-22.9 * 2 * math.pi / 60)
    assert state.current_a == pytest.approx(-0.6725)
    assert state.load == pytest.approx(-0.25)
    assert (state.voltage_v, state.temperature_c) == (pytest.approx(12.1), 43.0)
    assert state.faults == ("overload",)


def test_a_model_without_sensor_gives_its_load_and_no_current():
    state = Servo(MODELS[1060]).parse_state(STATE, ())
    assert math.isnan(state.current_a)
    assert state.load == pytest.approx(-0.25)


@pytest.mark.parametrize(
    ("lower", "upper", "raw", "position"),
    [
        (0, 4095, 10, 10),
        (0, 4095, 4090, 4090),
        (-600, 900, 3900, -196),
        (3500, 4600, 200, 4296),
        (1000, 3000, 2000 + 5 * 4096, 2000),
    ],
)
def test_a_position_is_brought_to_the_turn_of_its_range(lower, upper, raw, position):
    servo = Servo(MODELS[1200], OperatingMode.EXTENDED_POSITION)
    servo.choose_turn(ServoMemory(0, lower, upper), raw)
    assert raw + servo.shift_steps == position


def test_in_position_mode_there_is_but_one_turn():
    servo = Servo(MODELS[1200], OperatingMode.POSITION)
    servo.choose_turn(ServoMemory(0, -600, 900), 3900)
    assert servo.shift_steps == 0
