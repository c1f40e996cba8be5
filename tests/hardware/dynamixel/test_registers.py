"""The register table and the models."""

import itertools

import pytest
import rustypot

from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.registers import MODELS, TABLE, OperatingMode


def test_no_two_registers_overlap():
    for before, after in itertools.pairwise(TABLE):
        assert before.end <= after.address, after.name
    assert TABLE[-1].end == registers.TABLE_END


@pytest.mark.parametrize("register", TABLE, ids=lambda register: register.name)
def test_a_value_survives_the_round_trip(register):
    for value in {register.lowest, register.initial, register.highest, 0}:
        assert register.decode(register.encode(value)) == value


@pytest.mark.parametrize("register", TABLE, ids=lambda register: register.name)
def test_address_and_size_are_those_rustypot_has(register):
    _, definition = rustypot.find_model("XL330-M288")
    known = definition.register(register.name.lower().replace(" ", "_"))
    assert (known.addr, known.size) == (register.address, register.size)


@pytest.mark.parametrize("name", ["XL430-W250", "XL330-M077", "XM430-W350", "XC430-W150"])
def test_the_number_of_a_model_is_that_rustypot_has(name):
    number, _ = rustypot.find_model(name)
    assert MODELS[number].name == name


def test_numbers_are_little_endian_and_signed_where_they_can_be_negative():
    assert registers.GOAL_POSITION.encode(-1024) == b"\x00\xfc\xff\xff"
    assert registers.PRESENT_POSITION.decode(b"\x00\xfc\xff\xff") == -1024
    assert registers.BUS_WATCHDOG.decode(b"\xff") == registers.WATCHDOG_FIRED
    assert registers.PRESENT_VOLTAGE.decode(b"\xff\xff") == 0xFFFF


def test_a_model_without_current_sensor_has_no_mode_that_needs_one():
    for model in MODELS.values():
        by_current = {OperatingMode.CURRENT, OperatingMode.CURRENT_BASED_POSITION}
        assert by_current.issubset(model.modes) is model.has_current, model.name
        assert OperatingMode.EXTENDED_POSITION in model.modes


def test_units_are_those_of_the_manual():
    assert pytest.approx(0.02398, abs=1e-5) == registers.VELOCITY_UNIT_RADPS
    assert MODELS[1020].current_unit_a == 2.69e-3
    assert MODELS[1200].name == "XL330-M288"


def test_bytes_before_a_register_are_counted_up_to_the_first_gap():
    assert registers.count_bytes_before(registers.PRESENT_PWM.address) == 24
    assert registers.count_bytes_before(registers.HARDWARE_ERROR.address) == 2
    assert registers.count_bytes_before(registers.BUS_WATCHDOG.address) == 0
    assert registers.count_bytes_before(0) == 0


def test_hardware_errors_are_named():
    assert registers.describe_hardware_error(0) == ()
    assert registers.describe_hardware_error(0x24) == ("overheating", "overload")
    assert registers.describe_model(1190) == "XL330-M077"
    assert registers.describe_model(1) == "unknown model 1"
