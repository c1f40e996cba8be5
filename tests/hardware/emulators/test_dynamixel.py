"""The device end of protocol 2.0, without a port: bytes in, bytes out, on a plant."""

import math
from random import Random

import pytest

from robolearn.errors import RobolearnError
from robolearn.hardware.dynamixel import protocol, registers
from robolearn.hardware.dynamixel.decoder import PacketDecoder
from robolearn.hardware.dynamixel.protocol import Instruction, Packet
from robolearn.hardware.dynamixel.registers import OperatingMode
from robolearn.hardware.emulators.dynamixel import DynamixelServos
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.plant import ActuatorState, Drive, LagPlant

TICK_S = 0.002


class RecordingPlant(LagPlant):
    """A plant that keeps how it was driven last, and pushes back."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.driven, self.effort_nm = {}, 0.0

    def drive(self, actuator, drive, target=0.0, max_effort=1.0):
        self.driven[actuator] = (drive, target, max_effort)
        super().drive(actuator, drive, target, max_effort)

    def measure(self, actuator):
        state = super().measure(actuator)
        return ActuatorState(state.position_rad, state.velocity_radps, self.effort_nm)


class Bench:
    """Servos on a line, with time that passes when told."""

    def __init__(self, setups, models=None):
        actuators = tuple(setup.actuator for setup in setups.values())
        self.plant = RecordingPlant(actuators, time_constant_s=0.005)
        self.device = DynamixelServos(self.plant, setups, models)
        self.now_s = 100.0
        for servo_id in setups:
            self.set(servo_id, registers.RETURN_DELAY, 0)

    def tell(self, data):
        """Sends bytes; returns the replies that come at once."""
        self.device.update(self.now_s)
        replies = self.device.receive(data, self.now_s)
        return PacketDecoder().feed(b"".join(replies))

    def set(self, servo_id, register, value):
        """Writes a register; returns the error code."""
        data = protocol.write(servo_id, register.address, register.encode(value))
        replies = self.tell(data)
        return replies[0].error if replies else None

    def get(self, servo_id, register):
        (reply,) = self.tell(protocol.read(servo_id, register.address, register.size))
        return register.decode(reply.params)

    def pass_time(self, duration_s, keep_talking=False):
        """Lets time pass; returns the largest speed that was seen [steps/s]."""
        fastest = 0.0
        for _ in range(round(duration_s / TICK_S)):
            self.plant.advance(TICK_S)
            self.now_s += TICK_S
            self.device.update(self.now_s)
            if keep_talking:
                self.device.receive(protocol.ping(200), self.now_s)
            servo = self.device.servos[1]
            fastest = max(fastest, abs(servo._speed))
        return fastest


@pytest.fixture
def bench():
    return Bench({1: ServoSetup("a"), 2: ServoSetup("b"), 5: ServoSetup("c")})


def hold(bench, servo_id=1, mode=OperatingMode.EXTENDED_POSITION):
    assert bench.set(servo_id, registers.OPERATING_MODE, mode) == 0
    assert bench.set(servo_id, registers.TORQUE_ENABLE, 1) == 0


def test_replies_come_in_the_order_that_was_asked_and_a_missing_servo_is_skipped(bench):
    replies = bench.tell(protocol.sync_read([5, 3, 1], 132, 4))
    assert [reply.servo_id for reply in replies] == [5, 1]
    bench.device.waits_in_chain = True
    replies = bench.tell(protocol.sync_read([5, 3, 1], 132, 4))
    assert [reply.servo_id for reply in replies] == [5]


def test_a_fast_read_is_cut_short_by_a_missing_servo(bench):
    assert len(bench.tell(protocol.sync_read([1, 2, 5], 132, 4, fast=True))) == 1
    assert bench.tell(protocol.sync_read([1, 3, 5], 132, 4, fast=True)) == []


def test_a_reply_waits_for_the_return_delay(bench):
    assert bench.set(1, registers.RETURN_DELAY, 250) is None  # its own reply waits already
    bench.now_s += 0.001
    assert len(bench.tell(b"")) == 1
    assert bench.tell(protocol.ping(1)) == []
    assert bench.device.next_due_s == pytest.approx(bench.now_s + 500e-6)
    bench.now_s += 0.001
    assert len(bench.tell(b"")) == 1
    assert bench.device.next_due_s == math.inf


@pytest.mark.parametrize(("level", "answers"), [(0, "P"), (1, "PR"), (2, "PRW")])
def test_the_status_return_level_says_what_is_answered(bench, level, answers):
    bench.set(1, registers.STATUS_RETURN_LEVEL, level)
    asked = {
        "P": protocol.ping(1),
        "R": protocol.read(1, 132, 4),
        "W": protocol.write(1, registers.LED.address, b"\x01"),
    }
    assert "".join(key for key, data in asked.items() if bench.tell(data)) == answers


def test_steps_follow_the_way_the_horn_was_screwed_on():
    setup = ServoSetup("a", direction=-1, zero_steps=1000)
    bench = Bench({1: setup})
    bench.plant.place("a", 0.5)
    steps = bench.get(1, registers.PRESENT_POSITION)
    assert steps == round(1000 - 0.5 * 4096 / (2 * math.pi))
    bench.set(1, registers.HOMING_OFFSET, 300)
    assert bench.get(1, registers.PRESENT_POSITION) == steps + 300
    hold(bench)
    bench.set(1, registers.GOAL_POSITION, 1300)
    bench.pass_time(0.2)
    assert bench.plant.measure("a").position_rad == pytest.approx(0.0, abs=1e-3)


def test_without_torque_the_actuator_is_off_and_with_it_it_holds(bench):
    assert bench.plant.driven["a"][0] is Drive.OFF
    hold(bench)
    assert bench.plant.driven["a"] == (Drive.POSITION, 0.0, 1.0)
    bench.set(1, registers.GOAL_PWM, 443)
    assert bench.plant.driven["a"][2] == pytest.approx(443 / 885)
    bench.set(1, registers.TORQUE_ENABLE, 0)
    assert bench.plant.driven["a"][0] is Drive.OFF


def test_in_current_based_mode_the_goal_current_limits_the_effort(bench):
    hold(bench, mode=OperatingMode.CURRENT_BASED_POSITION)
    limit = bench.get(1, registers.CURRENT_LIMIT)
    assert bench.set(1, registers.GOAL_CURRENT, limit // 2) == 0
    assert bench.plant.driven["a"][2] == pytest.approx(0.5, abs=0.01)
    assert bench.set(1, registers.GOAL_CURRENT, limit + 1) == 6


def test_effort_is_seen_as_current_or_as_load():
    bench = Bench({1: ServoSetup("a"), 2: ServoSetup("b", -1)}, {1: "XL430-W250"})
    bench.plant.effort_nm = 0.26  # half of what an XL330-M288 can
    bench.pass_time(0.5)  # of which the sensor shows an average
    assert bench.get(1, registers.PRESENT_CURRENT) == round(1000 * 0.26 / 1.5)
    assert bench.get(2, registers.PRESENT_CURRENT) == -735


def test_speed_is_seen_in_the_units_and_the_direction_of_the_servo():
    bench = Bench({1: ServoSetup("a", -1)})
    bench.plant.drive("a", Drive.VELOCITY, 1.0)
    bench.plant.advance(1.0)
    assert bench.get(1, registers.PRESENT_VELOCITY) == -42  # of 0.229 rpm
    assert bench.get(1, registers.MOVING) == 1


def test_motion_is_limited_by_the_profile(bench):
    hold(bench)
    bench.set(1, registers.PROFILE_VELOCITY, 100)  # 2.4 rad/s, 1563 steps/s
    bench.set(1, registers.PROFILE_ACCELERATION, 50)  # 18.7 rad/s^2
    bench.set(1, registers.GOAL_POSITION, 2048 + 1600)
    assert bench.pass_time(0.1) == pytest.approx(0.1 * 18.7 * 652, rel=0.05)
    assert bench.pass_time(0.3) == pytest.approx(1563, rel=0.01)
    bench.pass_time(1.5)
    assert bench.get(1, registers.PRESENT_POSITION) == pytest.approx(3648, abs=1)
    assert bench.get(1, registers.MOVING) == 0


def test_without_a_profile_the_goal_is_jumped_to(bench):
    hold(bench)
    bench.set(1, registers.GOAL_POSITION, 3000)
    bench.pass_time(0.05)
    assert bench.get(1, registers.PRESENT_POSITION) == pytest.approx(3000, abs=2)


def test_position_mode_stays_within_one_turn_and_its_limits(bench):
    bench.set(1, registers.MAX_POSITION, 3000)
    bench.set(1, registers.TORQUE_ENABLE, 1)
    assert bench.set(1, registers.GOAL_POSITION, 3001) == 6
    assert bench.set(1, registers.GOAL_POSITION, 3000) == 0
    bench.set(1, registers.TORQUE_ENABLE, 0)
    bench.plant.place("a", 2 * math.pi)
    assert bench.get(1, registers.PRESENT_POSITION) == 2048


def test_turns_are_counted_until_power_is_off(bench):
    bench.set(1, registers.OPERATING_MODE, OperatingMode.EXTENDED_POSITION)
    bench.plant.place("a", 2 * math.pi)
    assert bench.get(1, registers.PRESENT_POSITION) == 2048 + 4096
    bench.device.power_cycle()
    assert bench.get(1, registers.PRESENT_POSITION) == 2048
    assert bench.get(1, registers.OPERATING_MODE) == OperatingMode.EXTENDED_POSITION


def test_a_model_refuses_a_mode_it_does_not_have():
    bench = Bench({1: ServoSetup("a")}, {1: "XL430-W250"})
    assert bench.set(1, registers.OPERATING_MODE, OperatingMode.CURRENT_BASED_POSITION) == 4
    assert bench.set(1, registers.OPERATING_MODE, OperatingMode.EXTENDED_POSITION) == 0


def test_the_watchdog_fires_after_its_time_and_any_instruction_feeds_it(bench):
    hold(bench)
    bench.set(1, registers.PROFILE_VELOCITY, 20)
    bench.set(1, registers.BUS_WATCHDOG, 5)
    bench.set(1, registers.GOAL_POSITION, 4000)
    bench.pass_time(0.3, keep_talking=True)
    assert bench.device.servos[1].get(registers.BUS_WATCHDOG) == 5
    bench.pass_time(0.09)
    assert bench.device.servos[1].get(registers.BUS_WATCHDOG) == 5
    bench.pass_time(0.02)
    assert bench.device.servos[1].get(registers.BUS_WATCHDOG) == -1
    stopped = bench.get(1, registers.PRESENT_POSITION)
    bench.pass_time(0.2)
    assert bench.get(1, registers.PRESENT_POSITION) == pytest.approx(stopped, abs=2)
    for goal in registers.GOALS:
        assert bench.set(1, goal, 10) == 4, goal.name
    assert bench.set(1, registers.LED, 1) == 0
    assert bench.set(1, registers.BUS_WATCHDOG, 0) == 0
    bench.pass_time(0.1)
    assert bench.get(1, registers.PRESENT_POSITION) == pytest.approx(stopped, abs=2)
    assert bench.set(1, registers.GOAL_POSITION, 4000) == 0


def test_an_overheated_servo_lets_go_at_once_and_until_a_reboot(bench):
    hold(bench)
    bench.device.servos[1].temperature_c = 71.0
    bench.pass_time(TICK_S)
    assert bench.plant.driven["a"][0] is Drive.OFF
    (reply,) = bench.tell(protocol.ping(1))
    assert reply.has_alert
    bench.device.servos[1].temperature_c = 30.0
    bench.set(1, registers.TORQUE_ENABLE, 1)
    assert bench.get(1, registers.TORQUE_ENABLE) == 0
    assert bench.tell(protocol.reboot(1))
    assert bench.tell(protocol.ping(1)) == []  # deaf while it starts
    bench.pass_time(0.3)
    (reply,) = bench.tell(protocol.ping(1))
    assert not reply.has_alert
    assert bench.set(1, registers.TORQUE_ENABLE, 1) == 0


def test_a_write_that_is_refused_in_part_changes_nothing(bench):
    data = registers.PROFILE_VELOCITY.encode(50) + registers.GOAL_POSITION.encode(9999)
    (reply,) = bench.tell(protocol.write(1, registers.PROFILE_VELOCITY.address, data))
    assert reply.error == 6
    assert bench.get(1, registers.PROFILE_VELOCITY) == 0


def test_an_unknown_instruction_and_one_cut_short_are_refused(bench):
    assert bench.tell(Packet(1, 0x33).encode())[0].error == 2
    assert bench.tell(Packet(1, Instruction.READ, b"\x84").encode())[0].error == 5
    assert bench.tell(Packet(1, Instruction.CLEAR, b"\x01").encode())[0].error == 4
    assert bench.tell(protocol.write(1, 92, b"\x01"))[0].error == 7  # no such register


def test_no_bytes_whatever_bring_it_down(bench):
    random = Random(9)
    known = [int(entry) for entry in Instruction]
    num_replies = 0
    for _ in range(5_000):
        params = random.randbytes(random.randint(0, 24))
        instruction = random.choice([*known, random.randrange(256)])
        servo_id = random.choice([1, 2, 5, 0xFE, random.randrange(253)])
        data = Packet(servo_id, instruction, params).encode() + random.randbytes(3)
        num_replies += len(bench.tell(data))
        bench.pass_time(TICK_S)
    assert num_replies > 100


def test_an_unknown_model_is_refused():
    with pytest.raises(RobolearnError, match=r"no Dynamixel is called 'XL9'; known: .*XM430-W350"):
        DynamixelServos(LagPlant(("a",)), {1: ServoSetup("a")}, {1: "XL9"})
