import math
import threading
import time

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.hardware.feetech.protocol import FrameDecoder, Instruction
from robolearn.hardware.serial_link import LinkLostError, LinkTimeoutError
from robolearn.hardware.servo_bus import RAD_PER_STEP, ServoBus, ServoMemory
from tests.hardware.feetech.conftest import IDS, MANY_RETRIES, SETUPS

MIDDLE = dict.fromkeys(IDS, 2048)


@pytest.fixture
def requests(arm):
    """Every request the servos hear, as frames."""
    heard, decoder, receive = [], FrameDecoder(), arm.device.receive

    def listen(data, now_s):
        heard.extend(decoder.feed(data))
        return receive(data, now_s)

    arm.call(lambda: setattr(arm.device, "receive", listen))
    return heard


def wait_for(condition, limit_s=10.0):
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.005)


def read_positions(bus):
    return {servo_id: state.position_steps for servo_id, state in bus.read_states(IDS).items()}


def hold_present(bus):
    bus.write_goals(read_positions(bus))
    bus.set_torque(IDS, True)


def test_it_is_a_servo_bus(bus, arm):
    assert isinstance(bus, ServoBus)
    assert bus.port == arm.path
    assert bus.set_watchdog(IDS, 0.1) is None


def test_a_state_holds_every_reading_in_si_units(bus, arm):
    arm.call(lambda: arm.plant.place("joint3", 100 * RAD_PER_STEP))
    arm.call(lambda: arm.plant.place("joint2", 100 * RAD_PER_STEP))
    arm.change(3, temperature_c=41.0, voltage_v=11.7)
    states = bus.read_states(IDS)
    assert tuple(states) == IDS
    assert states[3].position_steps == 2148
    assert states[2].position_steps == 1948  # built in the other way round
    assert (states[3].temperature_c, states[3].voltage_v) == (41.0, pytest.approx(11.7))
    assert states[3].faults == ()


def test_load_current_and_speed_have_the_sign_of_the_servo(bus, arm):
    state = arm.plant.measure("joint1").__class__(0.0, 1.5, 1.47)
    arm.call(lambda: setattr(arm.plant, "measure", lambda actuator: state))
    time.sleep(0.6)  # the sensor shows an average
    states = bus.read_states([1, 2])
    for servo_id, sign in ((1, 1), (2, -1)):
        assert states[servo_id].velocity_radps == pytest.approx(sign * 1.5, abs=RAD_PER_STEP)
        assert states[servo_id].load == pytest.approx(sign * 0.5)
        assert states[servo_id].current_a == pytest.approx(sign * 1.35, abs=0.01)


def test_one_state_is_one_sync_read_and_goals_are_one_sync_write(bus, requests):
    bus.read_states(IDS)
    bus.write_goals(MIDDLE)
    bus.read_goals([1])
    assert [frame.code for frame in requests] == [
        Instruction.SYNC_READ,
        Instruction.SYNC_WRITE,
        Instruction.READ,
    ]


def test_no_two_of_eight_reads_in_a_row_have_one_length(bus, requests):
    for _ in range(5):
        bus.read_states(IDS)
        bus.read_goals(IDS)
        bus.read_states([3])
        bus.read_memory(IDS)
        bus.is_torque_on([2])
    lengths = [frame.parameters[1] for frame in requests]
    for begin in range(len(lengths) - 7):
        assert len(set(lengths[begin : begin + 8])) == 8


def test_nobody_moves_before_torque_and_all_reach_their_goals_after(bus, arm):
    hold_present(bus)
    assert bus.is_torque_on(IDS) == dict.fromkeys(IDS, True)
    assert read_positions(bus) == MIDDLE
    goals = {servo_id: 2048 + 50 * servo_id for servo_id in IDS}
    bus.write_goals(goals)
    wait_for(lambda: read_positions(bus) == goals)
    for servo_id, setup in SETUPS.items():
        angle = arm.call(lambda setup=setup: arm.plant.measure(setup.actuator).position_rad)
        expected = setup.direction * 50 * servo_id * RAD_PER_STEP
        assert angle == pytest.approx(expected, abs=RAD_PER_STEP)


def test_speed_and_acceleration_are_written_with_every_goal(arm):
    with_limits = FeetechBus(
        arm.path, num_retries=MANY_RETRIES, goal_speed_radps=0.5, acceleration_radps2=2.0
    )
    with_limits.open(IDS)
    with_limits.write_goals(MIDDLE)
    assert with_limits.read_goals(IDS) == MIDDLE
    with_limits.close()
    for servo_id in IDS:
        assert arm.get(servo_id, reg.GOAL_SPEED) == round(0.5 / RAD_PER_STEP)
        assert arm.get(servo_id, reg.ACCELERATION) == 13
        assert arm.get(servo_id, reg.GOAL_TIME) == 0


def test_torque_without_a_goal_is_refused(bus, arm):
    with pytest.raises(RobotError, match=r"servo 1 on .* was given no goal"):
        bus.set_torque(IDS, True)
    assert not any(arm.get(servo_id, reg.TORQUE_ENABLE) for servo_id in IDS)


def test_a_goal_from_before_torque_was_off_does_not_count(bus):
    hold_present(bus)
    bus.set_torque(IDS, False)
    assert bus.is_torque_on(IDS) == dict.fromkeys(IDS, False)
    with pytest.raises(RobotError, match="was given no goal"):
        bus.set_torque(IDS, True)


def test_torque_is_refused_where_the_servo_holds_another_goal(bus, arm):
    bus.write_goals(MIDDLE)
    bus.read_goals(IDS)
    arm.set(4, reg.GOAL_POSITION, 7)
    with pytest.raises(RobotError, match=r"servo 4 on .* holds goal 7 instead of 2048"):
        bus.set_torque(IDS, True)


def test_torque_is_refused_to_a_servo_that_counts_turns_until_it_is_configured(arm):
    arm.set(5, reg.PHASE, 0x0C | reg.PHASE_MULTI_TURN)
    bus = FeetechBus(arm.path, num_retries=MANY_RETRIES)
    bus.open(IDS)
    bus.write_goals(MIDDLE)
    with pytest.raises(RobotError, match=r"servo 5 on .* counts turns"):
        bus.set_torque(IDS, True)
    bus.configure(IDS)
    bus.set_torque(IDS, True)
    bus.close()
    assert arm.get(5, reg.PHASE) == 0x0C


@pytest.mark.parametrize("goal", [-1, 4096])
def test_a_goal_outside_the_turn_is_refused_and_nothing_is_sent(bus, requests, goal):
    with pytest.raises(RobotError, match=rf"goal of servo 2 on .* is {goal} steps"):
        bus.write_goals({1: 2048, 2: goal})
    assert requests == []


def test_torque_limits_are_shares_of_the_servos_own(bus, arm):
    arm.set(2, reg.MAX_TORQUE, 600)
    bus.close()
    bus.open(IDS)
    bus.set_torque_limits({1: 0.25, 2: 0.5})
    assert (arm.get(1, reg.TORQUE_LIMIT), arm.get(2, reg.TORQUE_LIMIT)) == (250, 300)
    with pytest.raises(RobotError, match=r"torque limit of servo 1 is 1.5"):
        bus.set_torque_limits({1: 1.5})
    with pytest.raises(RobotError, match="torque limit of servo 1 is nan"):
        bus.set_torque_limits({1: math.nan})


def test_memory_is_read_back_and_survives_power_off(bus, arm):
    memories = {
        servo_id: ServoMemory((-1) ** servo_id * 300 * servo_id, 100 + servo_id, 4000 - servo_id)
        for servo_id in IDS
    }
    bus.write_memory(memories)
    assert bus.read_memory(IDS) == memories
    arm.call(arm.device.power_cycle)
    assert bus.read_memory(IDS) == memories
    assert {arm.get(servo_id, reg.LOCK) for servo_id in IDS} == {1}


def test_the_homing_offset_shifts_the_position(bus):
    bus.write_memory({1: ServoMemory(500, 0, 4095), 2: ServoMemory(-2047, 0, 4095)})
    positions = read_positions(bus)
    assert (positions[1], positions[2]) == (1548, 4095)


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        (ServoMemory(2048, 0, 4095), "homing offset of servo 3 is 2048 steps"),
        (ServoMemory(-2048, 0, 4095), "homing offset of servo 3 is -2048 steps"),
        (ServoMemory(0, 2000, 1000), "limits of servo 3 are 2000 and 1000"),
        (ServoMemory(0, 0, 4096), "limits of servo 3 are 0 and 4096"),
    ],
)
def test_memory_that_a_servo_cannot_keep_is_refused_and_nothing_is_sent(
    bus, requests, memory, words
):
    with pytest.raises(RobotError, match=words):
        bus.write_memory({3: memory})
    assert requests == []


def test_nothing_is_set_up_while_a_servo_gives_torque(bus, requests):
    hold_present(bus)
    requests.clear()
    with pytest.raises(RobotError, match=r"servos 1, 2, 3, 4, 5, 6 on .* gives torque"):
        bus.configure(IDS)
    with pytest.raises(RobotError, match=r"servo 2 on .* gives torque"):
        bus.write_memory({2: ServoMemory(0, 0, 4095)})
    assert Instruction.SYNC_WRITE not in {frame.code for frame in requests}


def test_set_up_is_kept_through_power_off_and_written_only_once(bus, arm, requests):
    bus.configure(IDS)
    arm.call(arm.device.power_cycle)
    for servo_id in IDS:
        values = {r: arm.get(servo_id, r) for r in (reg.P_GAIN, reg.I_GAIN, reg.D_GAIN, reg.MODE)}
        assert tuple(values.values()) == (16, 0, 32, 0)
    requests.clear()
    bus.configure(IDS)
    written = {f.parameters[0] for f in requests if f.code == Instruction.SYNC_WRITE}
    # Only what opens the lock, and the return delay, which opening sets until power-off alone.
    assert written <= {reg.LOCK.address, reg.RETURN_DELAY.address}


def test_opening_takes_return_delays_away_without_saving(bus, arm):
    assert {arm.get(servo_id, reg.RETURN_DELAY) for servo_id in IDS} == {0}
    arm.call(arm.device.power_cycle)
    assert {arm.get(servo_id, reg.RETURN_DELAY) for servo_id in IDS} == {250}


def test_the_search_does_not_count_as_errors(bus):
    assert set(bus.counters.to_json().values()) == {0}


def test_a_fault_is_named_and_the_reading_is_good(bus, arm):
    arm.change(3, temperature_c=75.0)
    arm.change(4, voltage_v=3.0)
    states = bus.read_states(IDS)
    assert states[3].faults == ("too hot",)
    assert states[4].faults == ("supply voltage out of range",)
    assert states[3].position_steps == 2048
    assert bus.counters.failures == 0
    assert bus.counters.bad_frames == 0


def test_a_servo_that_dies_is_named_and_the_miss_is_counted(bus, arm):
    arm.change(4, dead=True)
    with pytest.raises(LinkTimeoutError, match=r"servo 4 on .* did not answer, asked 21 times"):
        bus.read_states(IDS)
    assert bus.counters.failures == 1
    assert bus.counters.timeouts >= 21
    arm.change(4, dead=False)
    assert tuple(bus.read_states(IDS)) == IDS


def test_torque_goes_off_in_all_others_when_one_does_not_answer(bus, arm):
    hold_present(bus)
    arm.change(1, dead=True)
    # The command to all of them at once is lost, too.
    write = arm.device.servos[2].write
    lost = []

    def lose_first(address, data):
        lost.append(address)
        if len(lost) > 1:
            write(address, data)

    arm.call(lambda: setattr(arm.device.servos[2], "write", lose_first))
    with pytest.raises(LinkTimeoutError, match=r"servo 1 on .* did not answer"):
        bus.set_torque(IDS, False)
    assert {arm.get(servo_id, reg.TORQUE_ENABLE) for servo_id in IDS[1:]} == {0}
    assert len(lost) > 1


def test_a_retry_asks_only_those_that_were_silent(bus, arm, requests):
    arm.change(4, dead=True)
    with pytest.raises(LinkTimeoutError):
        bus.read_states(IDS)
    first, *others = requests
    assert (first.code, first.parameters[2:]) == (Instruction.SYNC_READ, bytes(IDS))
    assert {(frame.code, frame.servo_id) for frame in others} == {(Instruction.READ, 4)}


def test_a_refused_value_is_an_error(bus, arm):
    arm.call(lambda: setattr(arm.device.servos[2], "write", lambda address, data: None))
    bus.write_goals(MIDDLE)
    with pytest.raises(RobotError, match=r"servo 2 on .* keeps 1000 in register 48, 500 was"):
        bus.set_torque_limits({1: 0.5, 2: 0.5})


def test_a_servo_that_was_not_opened_is_refused(bus):
    with pytest.raises(RobotError, match=r"servo 9 on .* not among those that were opened \(1, 2"):
        bus.set_torque_limits({9: 0.5})


def test_unplugging_while_moving_is_noticed_at_once_and_replugging_works(bus, arm):
    hold_present(bus)
    bus.write_goals(dict.fromkeys(IDS, 3500))
    unplug = threading.Timer(0.1, arm.call, (arm.port.unplug,))
    unplug.start()
    begin_s = time.monotonic()

    def drive_on():
        while time.monotonic() < begin_s + 30.0:
            bus.read_states(IDS)
            bus.write_goals(dict.fromkeys(IDS, 3500))

    with pytest.raises(LinkLostError, match="plug it in again and connect anew"):
        drive_on()
    assert time.monotonic() - begin_s < 5.0
    unplug.join()
    bus.close()
    arm.call(arm.port.plug)
    bus.open(IDS)
    # Without a watchdog they went on to their goal, and hold it.
    wait_for(lambda: read_positions(bus) == dict.fromkeys(IDS, 3500))
    assert all(bus.is_torque_on(IDS).values())


@pytest.mark.parametrize("method", ["read_states", "read_goals", "is_torque_on", "read_memory"])
def test_a_bus_that_is_not_open_says_so(arm, method):
    bus = FeetechBus(arm.path)
    with pytest.raises(RobotError, match="not open: connect first"):
        getattr(bus, method)(IDS)
    bus.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"acceleration_radps2": 0.0}, "acceleration_radps2 is 0.0"),
        ({"goal_speed_radps": 0.0}, "goal_speed_radps is 0.0"),
    ],
)
def test_settings_that_a_servo_cannot_have_are_refused(arguments, words):
    with pytest.raises(RobotError, match=words):
        FeetechBus("port", **arguments)
