"""The bus at the real bytes of emulated servos."""

import math
import time

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.bus import DynamixelBus
from robolearn.hardware.dynamixel.registers import OperatingMode
from robolearn.hardware.emulators.dynamixel import DynamixelServos
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.serial_link import LinkLostError, LinkTimeoutError
from robolearn.hardware.servo_bus import ServoMemory
from robolearn.plant import LagPlant
from tests.hardware.dynamixel.rig import ACTUATORS, IDS, run_rig


def test_open_finds_the_servos_and_only_then_sets_their_return_delay(rig):
    assert rig.bus.scan() == {1: "XL430-W250", 2: "XL330-M288", 3: "XL330-M288"}
    assert [rig.get(key, registers.RETURN_DELAY) for key in IDS] == [0, 0, 0]
    assert rig.get(1, registers.OPERATING_MODE) == OperatingMode.POSITION
    assert rig.bus.counters.timeouts == rig.bus.counters.failures == 0


def test_scan_opens_a_closed_port_only_for_itself(tmp_path):
    with run_rig(tmp_path) as rig:
        assert sorted(rig.bus.scan()) == [1, 2, 3]
        with pytest.raises(RobotError, match="not open"):
            rig.bus.read_goals([1])


def test_a_missing_servo_is_named_beside_those_found(tmp_path):
    with run_rig(tmp_path) as rig:
        rig.device.servos[2].is_dead = True
        with pytest.raises(
            RobotError, match=r"servos 2, 9 on .* is missing; found: 1 XL430-W250, 3 XL330-M288"
        ):
            rig.bus.open([1, 2, 3, 9])
        rig.device.servos[2].is_dead = False
        rig.bus.open(IDS)  # the port was let go


def test_silence_at_every_baud_rate_asks_for_power_and_cable(tmp_path):
    with run_rig(tmp_path) as rig:
        for servo in rig.device.servos.values():
            servo.is_dead = True
        with pytest.raises(RobotError, match="power supply"):
            rig.bus.open([1])


def test_a_wrong_baud_rate_is_said_with_the_right_one(tmp_path):
    plant = LagPlant(ACTUATORS)
    device = DynamixelServos(plant, {4: ServoSetup("shoulder")})
    port = EmulatedPort(device, tmp_path / "port", baud_rate=57_600)
    with Emulation(plant, [port]):
        bus = DynamixelBus(str(port.path))
        with pytest.raises(RobotError, match="at 1000000 baud, but 4 does at 57600"):
            bus.open([4])
        bus = DynamixelBus(str(port.path), baud_rate=57_600)
        bus.open([4])
        bus.close()


def test_an_unknown_model_is_refused(tmp_path):
    with run_rig(tmp_path) as rig:
        rig.device.servos[2]._values[registers.MODEL_NUMBER] = 4711
        with pytest.raises(RobotError, match=r"servo 2 .*unknown model 4711; known: XL430-W250"):
            rig.bus.open(IDS)


@pytest.mark.parametrize("delays", [(0, 0), (0, 250)])
def test_two_servos_with_one_id_are_found(tmp_path, delays):
    with run_rig(tmp_path, models={}) as rig:
        rig.place("elbow", 1234)
        for key, delay in zip((2, 3), delays, strict=True):
            rig.device.servos[key].write(registers.RETURN_DELAY.address, bytes([delay]))
        rig.device.servos[3].write(registers.SERVO_ID.address, b"\x02")
        with pytest.raises(RobotError, match=r"servo 2 .* run into each other: two servos"):
            rig.bus.open([1, 2])


def test_a_servo_that_answers_pings_only_is_made_to_answer(tmp_path):
    with run_rig(tmp_path) as rig:
        rig.device.servos[1].write(registers.STATUS_RETURN_LEVEL.address, b"\x00")
        rig.bus.open(IDS)
        assert set(rig.bus.read_states(IDS)) == set(IDS)


def test_a_port_in_use_is_refused(rig):
    other = DynamixelBus(rig.bus.port)
    with pytest.raises(RobotError, match="in use by another program"):
        other.open([1])


def test_the_state_is_that_of_the_plant_in_units(rig):
    rig.place("shoulder", 3000)
    rig.call(lambda: setattr(rig.device.servos[2], "temperature_c", 41.0))
    rig.call(lambda: setattr(rig.device.servos[2], "voltage_v", 5.2))
    states = rig.bus.read_states(IDS)
    assert [states[key].position_steps for key in IDS] == [3000, 2048, 2048]
    assert states[2].temperature_c == 41.0
    assert states[2].voltage_v == pytest.approx(5.2)
    assert states[2].current_a == 0.0
    assert math.isnan(states[1].current_a)  # this model has no sensor
    assert states[1].load == 0.0
    assert states[1].faults == ()


def test_velocity_has_its_sign(rig):
    rig.arm()
    rig.bus.write_goals({1: 3500})
    seen = []
    while rig.measure("shoulder") < 3000:
        seen.append(rig.bus.read_states([1])[1].velocity_radps)
    assert max(seen) > 1.0
    rig.bus.write_goals({1: 1000})
    while rig.measure("shoulder") > 2500:
        seen.append(rig.bus.read_states([1])[1].velocity_radps)
    assert min(seen) < -1.0


def test_configure_sets_modes_profiles_and_gains(tmp_path):
    gains = {2: {"p": 1500, "d": 600}}
    with run_rig(tmp_path, gains=gains, goal_speed_radps=3.0, acceleration_radps2=30.0) as rig:
        rig.bus.open(IDS)
        rig.bus.configure(IDS)
        assert [rig.get(key, registers.OPERATING_MODE) for key in IDS] == [4, 4, 5]
        assert rig.get(2, registers.POSITION_P_GAIN) == 1500
        assert rig.get(2, registers.POSITION_D_GAIN) == 600
        assert rig.get(1, registers.POSITION_P_GAIN) == registers.POSITION_P_GAIN.initial
        assert [rig.get(key, registers.PROFILE_VELOCITY) for key in IDS] == [125] * 3
        assert [rig.get(key, registers.PROFILE_ACCELERATION) for key in IDS] == [80] * 3


def test_a_gripper_without_current_control_gets_position_mode(tmp_path):
    with run_rig(tmp_path, models={3: "XL430-W250"}) as rig:
        rig.bus.open(IDS)
        rig.bus.configure(IDS)
        assert rig.get(3, registers.OPERATING_MODE) == OperatingMode.POSITION


def test_settings_already_there_are_not_written_again(rig):
    rig.arm()
    rig.bus.configure(IDS)  # nothing to change, so torque may stay
    assert rig.bus.is_torque_on(IDS) == dict.fromkeys(IDS, True)


def test_a_setting_that_torque_locks_is_refused_in_words(rig):
    rig.arm()
    rig.bus.set_torque([1], False)
    rig.call(lambda: rig.device.servos[1].write(registers.OPERATING_MODE.address, b"\x03"))
    states = rig.bus.read_states([1])
    rig.bus.write_goals({1: states[1].position_steps})
    rig.bus.set_torque([1], True)
    with pytest.raises(RobotError, match=r"refuses operating mode = 4: .* while torque is on"):
        rig.bus.configure(IDS)


def test_torque_goes_on_only_where_the_goal_is_where_the_servo_stands(rig):
    rig.bus.configure(IDS)
    rig.place("elbow", 1000)
    with pytest.raises(RobotError, match=r"servo 2 .* would jump by 1048 steps"):
        rig.bus.set_torque(IDS, True)
    assert rig.bus.is_torque_on(IDS) == dict.fromkeys(IDS, False)
    rig.bus.write_goals({2: 1000})
    rig.bus.set_torque(IDS, True)
    assert rig.bus.is_torque_on(IDS) == dict.fromkeys(IDS, True)
    assert rig.measure("elbow") == pytest.approx(1000, abs=2)


def test_goals_are_followed_and_can_be_read_back(rig):
    rig.arm()
    rig.bus.write_goals({1: 2500, 2: 1700})
    assert rig.bus.read_goals(IDS) == {1: 2500, 2: 1700, 3: 2048}
    rig.wait_until(lambda: abs(rig.plant.measure("shoulder").position_rad - 0.6934) < 0.01)
    deadline_s = time.monotonic() + 5
    while abs(rig.bus.read_states([2])[2].position_steps - 1700) > 2:
        assert time.monotonic() < deadline_s


def test_torque_off_leaves_a_servo_limp(rig):
    rig.arm()
    rig.bus.set_torque(IDS, False)
    rig.bus.write_goals({1: 3000})
    time.sleep(0.1)
    assert rig.measure("shoulder") == pytest.approx(2048, abs=2)


def test_torque_goes_off_in_all_that_answer_although_one_does_not(rig):
    rig.arm()
    rig.call(lambda: setattr(rig.device.servos[1], "is_dead", True))
    with pytest.raises(LinkTimeoutError, match="servo 1 on"):
        rig.bus.set_torque(IDS, False)
    assert [rig.get(key, registers.TORQUE_ENABLE) for key in IDS] == [1, 0, 0]


def test_torque_limits_go_to_current_or_pwm(rig):
    rig.arm()
    rig.bus.set_torque_limits({1: 0.5, 3: 0.25})
    assert rig.get(1, registers.GOAL_PWM) == 442
    limit = rig.get(3, registers.CURRENT_LIMIT)
    assert rig.get(3, registers.GOAL_CURRENT) == round(0.25 * limit)
    with pytest.raises(RobotError, match="is a share"):
        rig.bus.set_torque_limits({1: 1.5})


def test_memory_is_written_and_read_back(rig):
    memories = {1: ServoMemory(-100, 500, 3500), 3: ServoMemory(0, 1800, 3000)}
    rig.bus.write_memory(memories)
    assert rig.bus.read_memory([1, 3]) == memories
    assert rig.get(1, registers.HOMING_OFFSET) == -100
    assert rig.bus.read_states([1])[1].position_steps == 1948


def test_memory_cannot_be_written_under_torque(rig):
    rig.arm()
    with pytest.raises(RobotError, match=r"servo 1 .* has torque on"):
        rig.bus.write_memory({1: ServoMemory(0, 500, 3500)})


@pytest.mark.parametrize(("lower", "upper"), [(-600, 900), (3500, 4600), (0, 4095), (4000, 4096)])
def test_a_range_across_the_end_of_a_turn_is_kept(rig, lower, upper):
    rig.bus.write_memory({1: ServoMemory(0, lower, upper)})
    assert rig.bus.read_memory([1]) == {1: ServoMemory(0, lower, upper)}
    assert 0 <= rig.get(1, registers.MIN_POSITION) <= 4095
    assert 0 <= rig.get(1, registers.MAX_POSITION) <= 4095


@pytest.mark.parametrize(("lower", "upper"), [(0, 4096), (4200, 5000), (-900, 100), (900, 100)])
def test_a_range_that_cannot_be_kept_is_refused(rig, lower, upper):
    with pytest.raises(RobotError, match="cannot be kept"):
        rig.bus.write_memory({1: ServoMemory(0, lower, upper)})
    assert rig.get(1, registers.MAX_POSITION) == 4095


def test_after_power_off_a_joint_is_found_on_its_own_turn(rig):
    # A joint whose range of -600 to 900 steps crosses the end of the servo's turn.
    rig.bus.configure(IDS)
    rig.bus.write_memory({1: ServoMemory(0, -600, 900)})
    rig.place("shoulder", -500)
    rig.call(rig.device.power_cycle)
    rig.bus.close()
    rig.bus.open(IDS)
    states = rig.bus.read_states(IDS)
    assert states[1].position_steps == -500  # the servo itself says 3596
    rig.arm()
    assert rig.measure("shoulder") == pytest.approx(-500, abs=3)
    rig.bus.write_goals({1: 700})
    assert rig.bus.read_goals([1]) == {1: 700}
    rig.wait_until(lambda: rig.plant.measure("shoulder").position_rad > -2.1)
    assert rig.bus.read_states([1])[1].position_steps > -500


def test_a_dead_servo_is_named_and_the_others_keep_their_values(rig):
    rig.call(lambda: setattr(rig.device.servos[2], "is_dead", True))
    with pytest.raises(LinkTimeoutError, match=r"servo 2 .* did not answer"):
        rig.bus.read_states(IDS)
    assert rig.bus.counters.failures == 1
    assert set(rig.bus.read_states([1, 3])) == {1, 3}


def test_a_dead_servo_is_named_also_where_it_silences_those_behind_it(rig):
    rig.call(lambda: setattr(rig.device, "waits_in_chain", True))
    rig.call(lambda: setattr(rig.device.servos[2], "is_dead", True))
    with pytest.raises(LinkTimeoutError, match="servo 2 on"):
        rig.bus.read_states(IDS)


def test_overheating_is_said_in_words_cuts_torque_and_needs_a_reboot(rig):
    rig.arm()
    rig.call(lambda: setattr(rig.device.servos[3], "temperature_c", 85.0))
    rig.wait_until(lambda: rig.device.servos[3].alert)
    state = rig.bus.read_states(IDS)[3]
    assert state.faults == ("overheating",)
    assert state.temperature_c == 85.0
    assert rig.bus.is_torque_on([3]) == {3: False}
    rig.call(lambda: setattr(rig.device.servos[3], "temperature_c", 40.0))
    with pytest.raises(RobotError, match=r"servo 3 \(overheating\) .* gives no torque"):
        rig.bus.set_torque([3], True)
    rig.bus.reboot(3)
    assert rig.bus.read_states([3])[3].faults == ()
    rig.arm([3])
    assert rig.bus.is_torque_on([3]) == {3: True}


def test_a_low_supply_is_reported_and_torque_stays(rig):
    rig.arm()
    rig.call(lambda: rig.device.servos[1].set_alert(0x01))
    assert rig.bus.read_states(IDS)[1].faults == ("supply voltage out of limits",)
    assert rig.bus.is_torque_on([1]) == {1: True}


def test_a_servo_that_does_not_come_back_from_a_reboot_is_an_error(rig):
    rig.bus._access.reboot(2)
    rig.call(lambda: setattr(rig.device.servos[2], "is_dead", True))
    with pytest.raises(LinkTimeoutError, match="did not come back"):
        rig.bus._access.wait_for(2, timeout_s=0.1)


def test_an_unplugged_port_is_a_lost_link(rig):
    rig.arm()
    rig.call(rig.port.unplug)
    with pytest.raises(LinkLostError, match="is gone"):
        rig.bus.read_states(IDS)
    rig.call(rig.port.plug)
    rig.bus.open(IDS)
    assert rig.bus.is_torque_on(IDS) == dict.fromkeys(IDS, True)


def test_a_stranger_is_refused(rig):
    with pytest.raises(RobotError, match="servo 9 was not among those"):
        rig.bus.write_goals({9: 2048})
