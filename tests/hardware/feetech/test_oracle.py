"""The emulator and the frames of our bus, judged by code that is not ours.

rustypot reads positions as two's complement and leaves load and current raw; those are compared
where both ways agree, or raw.
"""

import pytest
import rustypot

from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.hardware.feetech.protocol import (
    encode_ping,
    encode_read,
    encode_sync_read,
    encode_sync_write,
    encode_write,
)
from robolearn.hardware.servo_bus import RAD_PER_STEP
from tests.hardware.feetech.conftest import IDS, MANY_RETRIES

PATIENT_S = 2.0
ANGLES_RAD = {servo_id: 0.3 * servo_id - 1.0 for servo_id in IDS}


@pytest.fixture
def oracle(arm):
    controller = rustypot.Sts3215PyController(arm.path, 1_000_000, PATIENT_S)
    yield controller
    controller.close()


@pytest.fixture
def heard(arm):
    """All bytes that the servos hear."""
    stream, receive = bytearray(), arm.device.receive

    def listen(data, now_s):
        stream.extend(data)
        return receive(data, now_s)

    arm.call(lambda: setattr(arm.device, "receive", listen))
    return stream


def place_all(arm):
    for servo_id, angle_rad in ANGLES_RAD.items():
        arm.call(lambda i=servo_id, a=angle_rad: arm.plant.place(f"joint{i}", a))


def read_with_our_bus(arm):
    bus = FeetechBus(arm.path, num_retries=MANY_RETRIES)
    bus.open(IDS)
    states = bus.read_states(IDS)
    memories = bus.read_memory(IDS)
    goals = bus.read_goals(IDS)
    bus.close()
    return states, memories, goals


def test_it_finds_the_servos_and_no_others(arm, oracle):
    assert [oracle.ping(servo_id) for servo_id in IDS] == [True] * 6
    oracle.set_timeout(0.05)
    assert oracle.ping(9) is False


def test_it_reads_the_same_state_as_our_bus(arm, oracle):
    place_all(arm)
    arm.change(2, temperature_c=55.0, voltage_v=7.4)
    ids = list(IDS)
    positions = oracle.sync_read_raw_present_position(ids)
    voltages = oracle.sync_read_present_voltage(ids)
    temperatures = oracle.sync_read_present_temperature(ids)
    angles = oracle.sync_read_present_position(ids)
    models = oracle.sync_read_model(ids)
    oracle.close()
    states, _, _ = read_with_our_bus(arm)
    assert positions == [states[i].position_steps for i in IDS]
    assert voltages == [pytest.approx(states[i].voltage_v * 10) for i in IDS]
    assert temperatures == [states[i].temperature_c for i in IDS]
    assert models == [777] * 6
    # Its angles are measured from the middle of the turn.
    expected = [(states[i].position_steps - 2048) * RAD_PER_STEP for i in IDS]
    assert angles == pytest.approx(expected, abs=1e-3)


def test_it_reads_single_registers_as_our_bus_does(arm, oracle):
    place_all(arm)
    # One value comes as a list of one.
    positions = [oracle.read_raw_present_position(servo_id) for servo_id in IDS]
    lowers = [oracle.read_raw_min_angle_limit(servo_id) for servo_id in IDS]
    uppers = [oracle.read_raw_max_angle_limit(servo_id) for servo_id in IDS]
    oracle.close()
    states, memories, _ = read_with_our_bus(arm)
    assert positions == [[states[i].position_steps] for i in IDS]
    assert lowers == [[memories[i].lower_steps] for i in IDS]
    assert uppers == [[memories[i].upper_steps] for i in IDS]


def test_what_it_writes_our_bus_reads(arm, oracle):
    oracle.write_raw_goal_position(1, 1000)
    oracle.sync_write_raw_goal_position([2, 3], [1500, 2500])
    oracle.write_torque_limit(4, 300)
    oracle.write_torque_enable(5, True)
    assert oracle.read_torque_enable(5)
    oracle.close()
    _, _, goals = read_with_our_bus(arm)
    assert (goals[1], goals[2], goals[3]) == (1000, 1500, 2500)
    assert arm.get(4, reg.TORQUE_LIMIT) == 300
    assert arm.get(5, reg.TORQUE_ENABLE) == 1


def test_what_our_bus_writes_it_reads(arm):
    bus = FeetechBus(arm.path, num_retries=MANY_RETRIES)
    bus.open(IDS)
    bus.write_goals({servo_id: 2000 + servo_id for servo_id in IDS})
    bus.set_torque(IDS, True)
    bus.set_torque_limits(dict.fromkeys(IDS, 0.4))
    bus.close()
    oracle = rustypot.Sts3215PyController(arm.path, 1_000_000, PATIENT_S)
    ids = list(IDS)
    assert oracle.sync_read_raw_goal_position(ids) == [2000 + servo_id for servo_id in IDS]
    assert oracle.sync_read_torque_enable(ids) == [1] * 6
    assert oracle.sync_read_torque_limit(ids) == [400] * 6
    assert oracle.sync_read_acceleration(ids) == [0] * 6  # as fast as it can
    oracle.close()


def test_a_fault_reaches_it(arm, oracle):
    arm.change(1, temperature_c=90.0)
    data, flags = oracle.read_raw_data_with_error(1, reg.PRESENT_TEMPERATURE.address, 1)
    assert (list(data), flags) == ([90], 0x04)


@pytest.mark.parametrize(
    ("ask", "request_bytes"),
    [
        (lambda o: o.ping(3), encode_ping(3)),
        (lambda o: o.read_raw_data(2, 56, 15), encode_read(2, 56, 15)),
        (lambda o: o.write_raw_data(2, 41, [9, 0, 8]), encode_write(2, 41, b"\x09\x00\x08")),
        (lambda o: o.sync_read_raw_data([1, 4], 53, 18), encode_sync_read(53, 18, (1, 4))),
        (
            lambda o: o.sync_write_raw_data([1, 6], 42, [[0, 8], [255, 15]]),
            encode_sync_write(42, {1: b"\x00\x08", 6: b"\xff\x0f"}),
        ),
    ],
)
def test_it_asks_in_the_same_bytes(arm, oracle, heard, ask, request_bytes):
    ask(oracle)
    oracle.read_id(1)  # what was sent before has been heard by now
    everything = arm.call(lambda: bytes(heard))
    assert everything == request_bytes + encode_read(1, reg.ID.address, 1)
