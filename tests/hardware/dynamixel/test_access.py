"""Reads that cannot be confused with one another."""

import itertools

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import access, registers
from robolearn.hardware.dynamixel.discovery import find_servos
from robolearn.hardware.dynamixel.protocol import Instruction, Packet
from tests.hardware.dynamixel.rig import IDS, run_rig


@pytest.fixture
def rig(tmp_path):
    """Three servos, found by an open bus that soon takes an answer for late."""
    with run_rig(tmp_path, timeout_s=0.02) as rig:
        rig.bus.open(IDS)
        yield rig


@pytest.fixture
def lengths(rig, monkeypatch):
    """How many bytes each read asks for, in order."""
    asked = []
    read_once = access.RegisterAccess._read_once

    def note(self, address, length, servo_ids):
        asked.append(length)
        return read_once(self, address, length, servo_ids)

    monkeypatch.setattr(access.RegisterAccess, "_read_once", note)
    return asked


def test_successive_state_reads_differ_in_length(rig, lengths):
    for _ in range(20):
        rig.bus.read_states(IDS)
    assert set(lengths) == set(range(23, 31))
    for window in zip(*(lengths[k:] for k in range(5)), strict=False):
        assert len(set(window)) == 5


def test_an_unanswered_length_is_not_used_until_its_reply_can_come_no_more(rig, lengths):
    rig.call(lambda: rig.port.faults.change(late=1.0, late_s=0.06))
    with pytest.raises(RobotError, match="did not answer"):
        rig.bus.read_states([1])
    late = set(lengths)
    assert len(late) == rig.bus._access.num_tries
    rig.call(lambda: rig.port.faults.change(late=0.0))
    lengths.clear()
    for _ in range(5):
        rig.bus.read_states([1])
    assert late.isdisjoint(lengths)


def test_a_register_without_room_before_it_is_not_read_into_a_late_reply(rig):
    reg = registers.BUS_WATCHDOG
    rig.bus.set_watchdog(IDS, 1.0)
    rig.call(lambda: rig.port.faults.change(late=1.0, late_s=0.05))
    with pytest.raises(RobotError, match="did not answer"):
        rig.bus._access.read(reg, [1])
    rig.call(lambda: rig.port.faults.change(late=0.0))
    rig.call(lambda: rig.device.servos[1].write(reg.address, reg.encode(7)))
    assert rig.bus._access.read(reg, [1]) == {1: 7}


def test_no_read_has_the_length_of_the_answer_to_a_ping(rig, lengths):
    for register, _ in itertools.product(registers.TABLE, range(4)):
        rig.bus._access.read(register, [1])
    assert access.PING_BYTES not in lengths


def test_an_answer_to_another_read_is_a_stray(rig):
    rig.bus.open(IDS)
    strays = rig.bus.counters.strays
    stranger = Packet(1, Instruction.STATUS, bytes(90)).encode()
    rig.call(lambda: rig.device._waiting.append((0.0, stranger)))
    assert rig.bus.read_states([1])[1].position_steps == 2048
    rig.bus.read_states([1])
    assert rig.bus.counters.strays == strays + 1


def test_a_write_whose_answer_is_lost_is_read_back(rig):
    rig.call(lambda: rig.port.faults.change(lost=0.3))
    for value in range(10):
        rig.bus._access.write(registers.LED, {1: value % 2})
        assert rig.get(1, registers.LED) == value % 2


def test_a_late_answer_to_a_ping_does_not_look_like_a_second_servo(rig):
    rig.bus.close()
    rig.call(lambda: rig.port.faults.change(late=0.5, late_s=0.04))
    rig.bus._link.open()
    num_found, complaints = 0, []
    for _ in range(4):
        try:
            num_found += len(find_servos(rig.bus._access, IDS))
        except RobotError as error:  # three late answers in a row: nobody there
            complaints.append(str(error))
    assert num_found > 0
    assert "run into each other" not in "".join(complaints)
