"""The servos by their bytes, in time that the test makes pass."""

import math

import pytest

from robolearn.hardware.emulators.feetech import FeetechServos
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.protocol import (
    BROADCAST_ID,
    FrameDecoder,
    encode_action,
    encode_ping,
    encode_read,
    encode_reg_write,
    encode_reset,
    encode_sync_read,
    encode_sync_write,
    encode_write,
)
from robolearn.hardware.servo_bus import RAD_PER_STEP
from robolearn.plant import ActuatorState, Drive, LagPlant

TICK_S = 0.001


class HeavyPlant(LagPlant):
    """Actuators that all feel one torque, and remember how they were driven."""

    def __init__(self, actuators):
        super().__init__(actuators, time_constant_s=1e-4)
        self.effort_nm = 0.0
        self.driven = {}

    def drive(self, actuator, drive, target=0.0, max_effort=1.0):
        super().drive(actuator, drive, target, max_effort)
        self.driven[actuator] = (drive, target, max_effort)

    def measure(self, actuator):
        state = super().measure(actuator)
        return ActuatorState(state.position_rad, state.velocity_radps, self.effort_nm)


class Bench:
    """Servos 1, 2 and 5 on a bench, without a line between."""

    def __init__(self):
        setups = {
            1: ServoSetup("one"),
            2: ServoSetup("two", direction=-1, zero_steps=1000),
            5: ServoSetup("five"),
        }
        self.plant = HeavyPlant(("one", "two", "five"))
        self.device = FeetechServos(self.plant, setups)
        self.now_s = 10.0
        self.pass_time(0.0)

    def pass_time(self, duration_s):
        for _ in range(round(duration_s / TICK_S) or 1):
            self.plant.advance(TICK_S)
            self.now_s += TICK_S
            self.device.update(self.now_s)

    def send(self, *requests):
        """Returns the replies, after the time that servos take for them."""
        replies = [*self.device.receive(b"".join(requests), self.now_s)]
        self.pass_time(0.004)
        replies += self.device.receive(b"", self.now_s)
        decoder = FrameDecoder()
        frames = [frame for reply in replies for frame in decoder.feed(reply)]
        assert decoder.bad_frames == 0
        return frames

    def write(self, servo_id, register, value):
        [reply] = self.send(encode_write(servo_id, register.address, register.encode(value)))
        assert (reply.servo_id, reply.parameters) == (servo_id, b"")

    def read(self, servo_id, register):
        [reply] = self.send(encode_read(servo_id, register.address, register.num_bytes))
        return register.decode(reply.parameters, register.address)

    def hold(self, servo_id, goal, speed=0, acceleration=0):
        self.write(servo_id, reg.ACCELERATION, acceleration)
        self.write(servo_id, reg.GOAL_SPEED, speed)
        self.write(servo_id, reg.GOAL_POSITION, goal)
        self.write(servo_id, reg.TORQUE_ENABLE, 1)


@pytest.fixture
def bench():
    return Bench()


def test_a_servo_answers_to_its_id_alone(bench):
    [reply] = bench.send(encode_ping(2))
    assert (reply.servo_id, reply.code, reply.parameters) == (2, 0, b"")
    assert bench.send(encode_ping(3)) == []


def test_nobody_answers_a_broadcast_but_all_obey(bench):
    assert bench.send(encode_ping(BROADCAST_ID)) == []
    assert bench.send(encode_write(BROADCAST_ID, reg.TORQUE_LIMIT.address, b"\x64\x00")) == []
    assert [bench.read(servo_id, reg.TORQUE_LIMIT) for servo_id in (1, 2, 5)] == [100] * 3


def test_a_sync_read_is_answered_in_the_order_asked_without_those_that_are_missing(bench):
    replies = bench.send(encode_sync_read(reg.MODEL.address, 2, (5, 3, 1, 2)))
    assert [reply.servo_id for reply in replies] == [5, 1, 2]
    assert {reply.parameters for reply in replies} == {b"\x09\x03"}


def test_a_dead_servo_is_missing_in_the_middle(bench):
    bench.device.servos[2].dead = True
    replies = bench.send(encode_sync_read(reg.MODEL.address, 2, (1, 2, 5)))
    assert [reply.servo_id for reply in replies] == [1, 5]


def test_a_sync_write_reaches_each_with_its_own_and_is_not_confirmed(bench):
    data = {1: b"\x01\x02", 5: b"\x03\x04"}
    assert bench.send(encode_sync_write(reg.GOAL_POSITION.address, data)) == []
    assert bench.read(1, reg.GOAL_POSITION) == 0x201
    assert bench.read(5, reg.GOAL_POSITION) == 0x403
    assert bench.read(2, reg.GOAL_POSITION) == 0


def test_deferred_writes_wait_for_the_action(bench):
    for servo_id in (1, 2):
        assert len(bench.send(encode_reg_write(servo_id, 42, b"\x00\x03"))) == 1
    assert bench.read(1, reg.GOAL_POSITION) == 0
    assert bench.send(encode_action()) == []
    assert [bench.read(i, reg.GOAL_POSITION) for i in (1, 2, 5)] == [768, 768, 0]


def test_at_response_level_0_only_questions_are_answered(bench):
    bench.write(1, reg.RETURN_DELAY, 0)
    bench.send(encode_write(1, reg.RESPONSE_LEVEL.address, b"\x00"))
    assert bench.send(encode_write(1, reg.TORQUE_LIMIT.address, b"\x64\x00")) == []
    assert bench.read(1, reg.TORQUE_LIMIT) == 100
    assert len(bench.send(encode_ping(1))) == 1


def test_replies_wait_for_the_return_delay(bench):
    bench.write(1, reg.RETURN_DELAY, 200)
    begin_s = bench.now_s
    assert bench.device.receive(encode_ping(1), begin_s) == []
    assert bench.device.next_due_s == pytest.approx(begin_s + 400e-6)
    assert bench.device.receive(b"", begin_s + 300e-6) == []
    assert len(bench.device.receive(b"", begin_s + 500e-6)) == 1
    assert bench.device.next_due_s == math.inf


def test_a_damaged_request_is_not_obeyed_and_the_next_one_is(bench):
    damaged = bytearray(encode_write(1, reg.TORQUE_ENABLE.address, b"\x01"))
    damaged[-2] ^= 0x80
    assert len(bench.send(bytes(damaged), encode_ping(1))) == 1
    assert bench.read(1, reg.TORQUE_ENABLE) == 0


def test_half_a_request_is_forgotten_after_a_silence(bench):
    bench.send(bytes.fromhex("FF FF 01 F0 03"))
    bench.now_s += 0.1
    assert len(bench.send(encode_ping(1))) == 1


def test_what_is_written_below_40_is_saved_only_with_the_lock_open(bench):
    bench.write(1, reg.P_GAIN, 7)
    assert bench.read(1, reg.P_GAIN) == 7
    bench.device.power_cycle()
    assert bench.read(1, reg.P_GAIN) == 32
    bench.write(1, reg.LOCK, 0)
    bench.write(1, reg.P_GAIN, 7)
    bench.device.power_cycle()
    assert bench.read(1, reg.P_GAIN) == 7
    assert bench.read(1, reg.LOCK) == 1


def test_power_on_values(bench):
    bench.hold(1, 2048)
    bench.write(1, reg.TORQUE_LIMIT, 100)
    bench.device.power_cycle()
    values = (reg.TORQUE_ENABLE, reg.GOAL_POSITION, reg.GOAL_SPEED, reg.TORQUE_LIMIT)
    assert [bench.read(1, register) for register in values] == [0, 0, 0, 1000]


def test_a_reset_keeps_the_id_alone(bench):
    bench.write(5, reg.LOCK, 0)
    bench.write(5, reg.P_GAIN, 7)
    assert len(bench.send(encode_reset(5))) == 1
    assert (bench.read(5, reg.P_GAIN), bench.read(5, reg.ID)) == (32, 5)


def test_measured_and_fixed_registers_cannot_be_written(bench):
    for register in (reg.MODEL, reg.PRESENT_POSITION, reg.PRESENT_TEMPERATURE):
        before = bench.read(1, register)
        bench.write(1, register, 1)
        assert bench.read(1, register) == before


def test_registers_behind_the_last_are_zero(bench):
    [reply] = bench.send(encode_read(1, 250, 20))
    assert reply.parameters == bytes(20)


def test_the_position_is_that_of_the_horn_less_the_offset(bench):
    bench.plant.place("two", 100 * RAD_PER_STEP)
    assert bench.read(2, reg.PRESENT_POSITION) == 900
    bench.write(2, reg.HOMING_OFFSET, 950)
    assert bench.read(2, reg.PRESENT_POSITION) == 4096 - 50
    bench.write(2, reg.PHASE, reg.PHASE_MULTI_TURN)
    assert bench.read(2, reg.PRESENT_POSITION) == -50


def test_128_makes_the_present_position_the_middle_for_good(bench):
    bench.plant.place("one", 1.0)
    bench.write(1, reg.TORQUE_ENABLE, reg.MAKE_PRESENT_POSITION_MIDDLE)
    assert bench.read(1, reg.PRESENT_POSITION) == 2048
    assert bench.read(1, reg.TORQUE_ENABLE) == 0
    bench.device.power_cycle()
    assert bench.read(1, reg.PRESENT_POSITION) == 2048


def test_without_torque_it_follows_the_hand(bench):
    bench.write(1, reg.GOAL_POSITION, 3000)
    bench.pass_time(0.1)
    assert bench.plant.driven["one"][0] is Drive.OFF
    assert bench.read(1, reg.PRESENT_POSITION) == 2048


def test_torque_drives_it_to_an_old_goal(bench):
    """The jump that a driver must prevent: the goal register is 0 at power-on."""
    bench.write(1, reg.TORQUE_ENABLE, 1)
    bench.pass_time(0.05)
    assert bench.read(1, reg.PRESENT_POSITION) == 0


@pytest.mark.parametrize("servo_id", [1, 2])
def test_it_keeps_its_speed_limit(bench, servo_id):
    begin = bench.read(servo_id, reg.PRESENT_POSITION)
    bench.hold(servo_id, begin + 900, speed=500)
    bench.pass_time(1.0)
    assert bench.read(servo_id, reg.PRESENT_POSITION) == pytest.approx(begin + 500, abs=15)
    assert bench.read(servo_id, reg.PRESENT_SPEED) == pytest.approx(500, abs=5)
    assert bench.read(servo_id, reg.MOVING) == 1
    bench.pass_time(1.0)
    assert bench.read(servo_id, reg.PRESENT_POSITION) == begin + 900
    assert bench.read(servo_id, reg.MOVING) == 0


def test_it_speeds_up_and_brakes_no_faster_than_its_acceleration(bench):
    bench.hold(1, 3048, acceleration=10)  # 1000 steps/s^2: halfway at 1000 steps/s after 1 s
    bench.pass_time(0.5)
    assert bench.read(1, reg.PRESENT_POSITION) == pytest.approx(2048 + 125, abs=10)
    bench.pass_time(0.5)
    assert bench.read(1, reg.PRESENT_SPEED) == pytest.approx(1000, abs=60)
    highest = 0
    for _ in range(120):
        bench.pass_time(0.01)
        highest = max(highest, bench.read(1, reg.PRESENT_POSITION))
    assert highest == bench.read(1, reg.PRESENT_POSITION) == 3048


def test_what_a_speed_of_zero_means_is_a_bit_of_the_phase(bench):
    bench.hold(1, 3000)
    bench.write(5, reg.PHASE, 0x04)
    bench.hold(5, 3000)
    bench.pass_time(0.1)
    assert bench.read(1, reg.PRESENT_POSITION) == 3000
    assert bench.read(5, reg.PRESENT_POSITION) == 2048


def test_goals_are_clamped_to_the_limits(bench):
    bench.write(1, reg.UPPER_LIMIT, 2500)
    bench.hold(1, 4000)
    bench.pass_time(0.1)
    assert bench.read(1, reg.PRESENT_POSITION) == 2500
    assert bench.read(1, reg.GOAL_POSITION) == 4000


def test_it_never_takes_the_short_way_over_the_end_of_its_turn(bench):
    bench.plant.place("one", (4000 - 2048) * RAD_PER_STEP)
    bench.hold(1, 100)
    bench.pass_time(0.1)
    angle_rad = bench.plant.measure("one").position_rad
    assert angle_rad == pytest.approx((100 - 2048) * RAD_PER_STEP, abs=RAD_PER_STEP)


def test_it_holds_when_the_host_is_silent(bench):
    bench.hold(1, 2500)
    bench.pass_time(5.0)
    assert bench.read(1, reg.TORQUE_ENABLE) == 1
    assert bench.read(1, reg.PRESENT_POSITION) == 2500


def test_the_torque_limit_reaches_the_plant(bench):
    bench.hold(1, 2500)
    bench.write(1, reg.TORQUE_LIMIT, 300)
    bench.pass_time(0.01)
    assert bench.plant.driven["one"][2] == pytest.approx(0.3)


def test_load_and_current_follow_the_torque(bench):
    bench.plant.effort_nm = -1.47
    bench.pass_time(0.5)  # the sensor shows an average
    assert bench.read(1, reg.PRESENT_LOAD) == -500
    assert bench.read(2, reg.PRESENT_LOAD) == 500
    assert bench.read(1, reg.PRESENT_CURRENT) * reg.CURRENT_UNIT_A == pytest.approx(-1.35, abs=0.01)


def test_a_lasting_overload_weakens_it_until_power_is_cut(bench):
    bench.hold(1, 2500)
    bench.plant.effort_nm = 2.8
    bench.pass_time(1.5)
    assert bench.send(encode_ping(1))[0].code == 0
    bench.pass_time(1.0)
    assert bench.send(encode_ping(1))[0].code == 0x20
    assert bench.read(1, reg.STATUS) == 0x20
    assert bench.plant.driven["one"][2] == pytest.approx(0.2)
    bench.plant.effort_nm = 0.0
    bench.pass_time(1.0)
    assert bench.send(encode_ping(1))[0].code == 0x20
    bench.device.power_cycle()
    assert bench.send(encode_ping(1))[0].code == 0


def test_a_hot_servo_says_so_and_lets_go(bench):
    bench.hold(1, 2500)
    bench.device.servos[1].temperature_c = 71.0
    bench.pass_time(0.01)
    assert bench.send(encode_ping(1))[0].code == 0x04
    assert bench.plant.driven["one"][0] is Drive.OFF
    assert bench.read(1, reg.PRESENT_TEMPERATURE) == 71


@pytest.mark.parametrize("voltage_v", [3.9, 14.1])
def test_a_wrong_supply_voltage_is_reported(bench, voltage_v):
    bench.device.servos[1].voltage_v = voltage_v
    assert bench.send(encode_ping(1))[0].code == 0x01
    assert bench.read(1, reg.PRESENT_VOLTAGE) == round(10 * voltage_v)


def test_a_dead_servo_does_not_hold(bench):
    bench.hold(1, 2500)
    bench.pass_time(0.01)
    assert bench.plant.driven["one"][0] is Drive.POSITION
    bench.device.servos[1].dead = True
    bench.pass_time(0.01)
    assert bench.plant.driven["one"][0] is Drive.OFF


def test_two_servos_with_one_id_speak_at_once(bench):
    bench.send(encode_write(5, reg.ID.address, b"\x01"))
    bench.plant.place("five", 1.0)
    # Alike, their replies cover each other; unlike, the zeros win and the checksum is wrong.
    assert len(bench.send(encode_ping(1))) == 1
    reply = bench.device.receive(encode_read(1, 56, 15), bench.now_s)
    reply = reply or bench.device.receive(b"", bench.now_s + 0.01)
    assert FrameDecoder().feed(b"".join(reply)) == []
    bench.device.servos[5].write(reg.RETURN_DELAY.address, b"\x00")
    assert len(bench.send(encode_ping(1))) == 2
