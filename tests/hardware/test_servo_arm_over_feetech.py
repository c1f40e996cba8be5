"""An SO-101 through the real driver: bytes on a pseudo-terminal, emulated servos behind it."""

import threading
import time

import numpy as np
import pytest

from robolearn.embodiments import so101
from robolearn.errors import RobotError
from robolearn.hardware.arms.so101 import SO101_ASSEMBLY
from robolearn.hardware.emulators.feetech import FeetechServos
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.hardware.serial_link import LinkLostError, LinkTimeoutError
from robolearn.testing import check_robot
from tests.hardware.fakes.emulated_arm import EmulatedArm

HOME = np.array(so101.SO101.home_position, np.float32)
REST = np.array(so101.SO101.rest_position, np.float32)


@pytest.fixture(scope="module", name="calibrated")
def _calibrated(tmp_path_factory):
    arm = EmulatedArm(
        SO101_ASSEMBLY,
        tmp_path_factory.mktemp("arm"),
        FeetechServos,
        FeetechBus,
        (so101.JAW_CLOSED_RAD, so101.JAW_OPEN_RAD),
        zero_steps=(2048, 700, 3900, 2100, 10, 1500),
        directions=(1,) * 6,
    )
    with arm.emulation:
        arm.calibrate()
        yield arm


@pytest.fixture(name="arm")
def _arm(calibrated):
    """The arm at rest, plugged in."""
    calibrated.emulation.call(calibrated.port.plug)
    calibrated.place(REST)
    calibrated.said.clear()
    return calibrated


def send(robot, action, applied):
    """Sends an action until something goes wrong."""
    for _ in range(200):
        applied.append(robot.send_action(action))
        robot.clock.sleep_until(robot.clock.now_s() + robot.control_period_s)


def find_torque(arm):
    return [servo.get(reg.TORQUE_ENABLE) for servo in arm.device.servos.values()]


@pytest.mark.slow
def test_it_keeps_the_promises_of_a_robot(arm):
    check_robot(arm.make())
    assert arm.said == []


def test_what_is_asked_is_where_the_arm_goes_and_it_ends_at_rest_without_torque(arm):
    with arm.make() as robot:
        robot.prepare()
        seen = robot.get_observation().values["observation.state"]
        assert np.abs(seen - HOME).max() < 0.02
        assert np.abs(arm.measure() - arm.to_rad(HOME)).max() < 0.03
        assert robot.get_health().limit_violations == 0
    assert np.abs(arm.measure() - arm.to_rad(REST)).max() < 0.05
    assert find_torque(arm) == [0] * 6


def test_an_arm_unplugged_in_motion_stays_near_its_last_command_and_says_so(arm):
    robot = arm.make()
    robot.connect()
    target = REST.copy()
    target[0] = 1.0
    unplug = threading.Timer(0.3, lambda: arm.emulation.call(arm.port.unplug))
    unplug.start()
    applied = []
    with pytest.raises(LinkLostError, match="is gone"):
        send(robot, target, applied)
    unplug.join()
    robot.stop()
    robot.close()
    assert "switch its power off" in arm.said[-1]
    time.sleep(0.5)
    assert abs(arm.measure()[0] - applied[-1][0]) < 0.2
    assert find_torque(arm) == [1] * 6  # Feetech servos hold: only their switch ends that
    # Plugged in again it is taken over as it holds, and put down.
    arm.emulation.call(arm.port.plug)
    with arm.make():
        pass
    assert find_torque(arm) == [0] * 6


def test_a_dead_servo_stops_the_arm_and_is_named(arm):
    robot = arm.make()
    robot.connect()
    arm.device.servos[3].dead = True
    with pytest.raises(LinkTimeoutError, match="3"):
        send(robot, HOME, [])
    robot.close()
    assert "power" in arm.said[-1]
    arm.device.servos[3].dead = False
    with arm.make():
        pass
    assert find_torque(arm) == [0] * 6


def test_a_swapped_arm_does_not_move(arm):
    offsets = {key: servo.get(reg.HOMING_OFFSET) for key, servo in arm.device.servos.items()}
    other = arm.make()
    other.servos.bus.open([4])
    memory = other.servos.bus.read_memory([4])
    swapped = {4: type(memory[4])(offsets[4] + 5, memory[4].lower_steps, memory[4].upper_steps)}
    other.servos.bus.write_memory(swapped)
    other.servos.bus.close()
    try:
        with pytest.raises(RobotError, match=r"servo 4 \(wrist_flex\) holds homing_offset_steps"):
            arm.make().connect()
        assert find_torque(arm) == [0] * 6
    finally:
        other.servos.bus.open([4])
        other.servos.bus.write_memory(memory)
        other.servos.bus.close()


def test_the_emulated_servos_are_well(arm):
    (finding,) = arm.make().diagnose()
    assert finding.status.value == "ok", finding
    assert "6 servos" in finding.detail
