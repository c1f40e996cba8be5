"""A Koch v1.1 through the real driver: bytes on a pseudo-terminal, emulated servos behind it."""

import functools
import time

import numpy as np
import pytest

from robolearn.embodiments import koch
from robolearn.hardware.arms.koch import KOCH_ASSEMBLY
from robolearn.hardware.dynamixel.bus import DynamixelBus
from robolearn.hardware.emulators.dynamixel import DynamixelServos
from robolearn.testing import check_robot
from tests.hardware.fakes.emulated_arm import EmulatedArm

HOME = np.array(koch.KOCH.home_position, np.float32)
REST = np.array(koch.KOCH.rest_position, np.float32)
WATCHDOG_S = 1.0  # long, for a busy machine
DIRECTIONS = (1, -1, 1, -1, 1, -1)


@pytest.fixture(scope="module", name="calibrated")
def _calibrated(tmp_path_factory):
    arm = EmulatedArm(
        KOCH_ASSEMBLY,
        tmp_path_factory.mktemp("arm"),
        DynamixelServos,
        functools.partial(DynamixelBus, grippers=[6]),
        (koch.KOCH.gripper_closed, koch.KOCH.gripper_open),
        # Two of them near the end of their turn, which their joints cross.
        zero_steps=(2048, 100, 3900, 2100, 1200, 3000),
        directions=DIRECTIONS,
    )
    with arm.emulation:
        arm.found = arm.calibrate()
        yield arm


@pytest.fixture(name="arm")
def _arm(calibrated):
    """The arm at rest."""
    calibrated.place(REST)
    calibrated.said.clear()
    return calibrated


def test_the_directions_of_the_servos_are_found(arm):
    found = tuple(joint.direction for joint in arm.found.joints.values())
    assert found == DIRECTIONS
    assert {joint.memory.homing_offset_steps for joint in arm.found.joints.values()} == {0}


@pytest.mark.slow
def test_it_keeps_the_promises_of_a_robot(arm):
    check_robot(arm.make(watchdog_s=WATCHDOG_S))
    assert arm.said == []


def test_what_is_asked_is_where_the_arm_goes(arm):
    with arm.make(watchdog_s=WATCHDOG_S) as robot:
        robot.prepare()
        seen = robot.get_observation().values["observation.state"]
        assert np.abs(seen - HOME).max() < 0.02
        assert np.abs(arm.measure() - arm.to_rad(HOME)).max() < 0.05
    assert np.abs(arm.measure() - arm.to_rad(REST)).max() < 0.05


def test_after_a_silence_that_fires_the_watchdog_the_arm_goes_on(arm):
    with arm.make(watchdog_s=0.3) as robot:
        time.sleep(1.0)
        robot.get_observation()
        time.sleep(1.0)
        robot.prepare()
        assert np.abs(arm.measure() - arm.to_rad(HOME)).max() < 0.05
        assert robot.get_health().counters["resumptions"] >= 2
