"""The servos stop by themselves when the computer falls silent."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.registers import WATCHDOG_FIRED
from robolearn.hardware.dynamixel.watchdog import FIRED, WatchdogFiredError
from robolearn.hardware.servo_bus import ServoMemory
from tests.hardware.dynamixel.rig import IDS, run_rig

DRIVER = Path(__file__).parent / "drive_until_killed.py"
SLOW_RADPS = 0.5  # a move that lasts much longer than any watchdog here


def has_fired(rig, servo_id):
    return rig.device.servos[servo_id].get(registers.BUS_WATCHDOG) == WATCHDOG_FIRED


@pytest.fixture
def slow_rig(tmp_path):
    """Armed servos that move so slowly that they are under way for seconds."""
    with run_rig(tmp_path, goal_speed_radps=SLOW_RADPS) as rig:
        rig.bus.open(IDS)
        rig.arm()
        yield rig


def wait_for_stop(rig, actuator, timeout_s):
    """Waits until the plant stands still; returns where [steps]."""
    rig.wait_until(lambda: abs(rig.plant.measure(actuator).velocity_radps) < 1e-3, timeout_s)
    return rig.measure(actuator)


def test_the_time_is_set_in_units_of_20_ms_and_read_back(rig):
    assert rig.bus.set_watchdog(IDS, 0.1) == pytest.approx(0.1)
    assert [rig.get(key, registers.BUS_WATCHDOG) for key in IDS] == [5, 5, 5]
    assert rig.bus.set_watchdog(IDS, 0.319) == pytest.approx(0.3)  # never longer than asked
    assert rig.bus.set_watchdog(IDS, 0.0) == 0.0
    assert rig.get(1, registers.BUS_WATCHDOG) == 0


@pytest.mark.parametrize("timeout_s", [0.001, 2.56, -1.0])
def test_a_time_beyond_the_register_is_refused(rig, timeout_s):
    with pytest.raises(RobotError, match=r"0.02 s to 2.54 s"):
        rig.bus.set_watchdog(IDS, timeout_s)


def test_a_homing_offset_is_refused(rig):
    rig.bus.write_memory({2: ServoMemory(64, 0, 4095)})
    with pytest.raises(RobotError, match=r"servo 2 .* homing offset of 64"):
        rig.bus.set_watchdog(IDS, 0.1)
    assert rig.get(1, registers.BUS_WATCHDOG) == 0


def test_to_wait_for_a_late_reply_is_no_silence(tmp_path):
    """The register of the watchdog has no neighbours: reads of it are told apart by waiting."""
    with run_rig(tmp_path, timeout_s=0.02, num_retries=0) as rig:
        rig.bus.open(IDS)
        rig.arm()
        rig.bus.set_watchdog(IDS, 0.2)
        rig.call(lambda: rig.port.faults.change(lost=1.0))
        with pytest.raises(RobotError, match="did not answer"):
            rig.bus._access.read(registers.BUS_WATCHDOG, [1])
        rig.call(lambda: rig.port.faults.change(lost=0.0))
        begun_s = time.monotonic()
        assert rig.bus._access.read(registers.BUS_WATCHDOG, [1]) == {1: 10}
        assert time.monotonic() - begun_s > 0.2
        assert not has_fired(rig, 1)


def test_silence_stops_a_moving_servo_until_it_is_cleared(slow_rig):
    rig = slow_rig
    rig.bus.set_watchdog(IDS, 0.4)
    rig.bus.write_goals({1: 3500})
    start_s = time.monotonic()
    rig.wait_until(lambda: has_fired(rig, 1))
    assert 0.2 < time.monotonic() - start_s < 3.0
    stopped_at = wait_for_stop(rig, "shoulder", 1.0)
    assert 2050 < stopped_at < 3000
    assert rig.get(1, registers.BUS_WATCHDOG) == WATCHDOG_FIRED

    state = rig.bus.read_states(IDS)[1]
    assert state.faults == (FIRED,)
    with pytest.raises(WatchdogFiredError, match=r"servos 1, 2, 3 .* stopped by itself"):
        rig.bus.write_goals({1: 3500})
    # Also the servo itself refuses, in case another program does not ask.
    goal = registers.GOAL_POSITION
    assert rig.call(lambda: rig.device.servos[1].write(goal.address, goal.encode(3500))) == 4
    time.sleep(0.1)
    assert rig.measure("shoulder") == pytest.approx(stopped_at, abs=1)

    rig.bus.set_watchdog(IDS, 2.0)
    assert rig.bus.read_states(IDS)[1].faults == ()
    assert rig.measure("shoulder") == pytest.approx(stopped_at, abs=2)  # clearing moves nothing
    rig.bus.write_goals({1: 3500})
    rig.wait_until(lambda: rig.plant.measure("shoulder").velocity_radps > 0.1)


def test_configure_clears_it_too_and_the_arm_keeps_holding(slow_rig):
    rig = slow_rig
    rig.bus.set_watchdog(IDS, 0.4)
    rig.bus.write_goals({1: 3500})
    rig.wait_until(lambda: has_fired(rig, 1))
    stopped_at = wait_for_stop(rig, "shoulder", 1.0)
    rig.bus.configure(IDS)
    assert rig.get(1, registers.BUS_WATCHDOG) == 0
    assert rig.bus.is_torque_on(IDS) == dict.fromkeys(IDS, True)
    rig.bus.set_torque_limits(dict.fromkeys(IDS, 0.8))
    assert rig.measure("shoulder") == pytest.approx(stopped_at, abs=2)


def test_reading_states_feeds_the_watchdog(slow_rig):
    rig = slow_rig
    rig.bus.set_watchdog(IDS, 0.8)
    rig.bus.write_goals({1: 3500})
    end_s = time.monotonic() + 1.2
    while time.monotonic() < end_s:
        assert rig.bus.read_states(IDS)[1].faults == ()
        time.sleep(0.01)
    assert not rig.call(lambda: has_fired(rig, 1))
    assert rig.measure("shoulder") > 2200


def test_a_pulled_cable_stops_the_arm_as_well(slow_rig):
    rig = slow_rig
    rig.bus.set_watchdog(IDS, 0.4)
    rig.bus.write_goals({1: 3500})
    rig.call(rig.port.unplug)
    rig.wait_until(lambda: has_fired(rig, 1))
    assert wait_for_stop(rig, "shoulder", 1.0) < 3000


def test_without_torque_the_watchdog_rests(rig):
    rig.bus.configure(IDS)
    rig.bus.set_watchdog(IDS, 0.02)
    time.sleep(0.1)
    assert not rig.call(lambda: has_fired(rig, 1))


def test_killing_the_host_process_stops_the_arm(tmp_path):
    with run_rig(tmp_path) as rig:
        driver = subprocess.Popen(
            [sys.executable, DRIVER, rig.port.path], stdout=subprocess.PIPE, text=True
        )
        with driver:
            try:
                assert driver.stdout.readline() == "moving\n"
                rig.wait_until(lambda: rig.plant.measure("shoulder").velocity_radps > 0.1, 10.0)
                time.sleep(0.3)
                assert not rig.call(lambda: has_fired(rig, 1))
            finally:
                driver.kill()
            assert driver.wait() == -signal.SIGKILL
        killed_s = time.monotonic()
        rig.wait_until(lambda: has_fired(rig, 1))
        stopped_at = wait_for_stop(rig, "shoulder", 2.0)
        assert time.monotonic() - killed_s < 4.0
        assert 2048 < stopped_at < 3500
        # The arm holds, and can be taken over as it stands.
        rig.bus.open(IDS)
        assert rig.bus.is_torque_on(IDS) == dict.fromkeys(IDS, True)
        rig.bus.configure(IDS)
        rig.bus.set_watchdog(IDS, 2.0)
        assert rig.measure("shoulder") == pytest.approx(stopped_at, abs=2)
