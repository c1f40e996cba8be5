import pytest

from robolearn.hardware.feetech import registers
from robolearn.hardware.feetech.registers import Register

TABLE = {name: value for name, value in vars(registers).items() if isinstance(value, Register)}


def test_no_two_registers_overlap():
    taken = [address for entry in TABLE.values() for address in range(entry.address, entry.end)]
    assert len(taken) == len(set(taken))
    assert max(taken) < registers.NUM_REGISTERS
    assert len(TABLE) > 35


@pytest.mark.parametrize(
    ("register", "value", "data"),
    [
        (registers.PRESENT_POSITION, -100, "64 80"),
        (registers.PRESENT_POSITION, 2048, "00 08"),
        (registers.HOMING_OFFSET, -2047, "ff 0f"),
        (registers.HOMING_OFFSET, 2047, "ff 07"),
        (registers.PRESENT_LOAD, -500, "f4 05"),
        (registers.PRESENT_CURRENT, -3, "03 80"),
        (registers.MODEL, 777, "09 03"),
        (registers.LOCK, 1, "01"),
    ],
)
def test_each_register_has_its_own_way_of_writing_numbers(register, value, data):
    assert register.encode(value).hex(" ") == data
    memory = bytes(range(10)) + bytes.fromhex(data)
    assert register.decode(memory, register.address - 10) == value


@pytest.mark.parametrize(
    ("register", "value"),
    [(registers.HOMING_OFFSET, 2048), (registers.LOCK, 256), (registers.MODEL, -1)],
)
def test_a_value_that_does_not_fit_is_refused(register, value):
    with pytest.raises(ValueError, match="does not fit"):
        register.encode(value)
