import math

import numpy as np
import pytest

from robolearn.embodiments.koch import KOCH
from robolearn.embodiments.so101 import SO101
from robolearn.errors import UnknownNameError
from robolearn.hardware.arms.koch import KOCH_ASSEMBLY
from robolearn.hardware.arms.so101 import SO101_ASSEMBLY
from robolearn.hardware.emulators.hand import LARGEST_SPEED_RADPS, PROGRAMMES, Hand, HandPlant
from robolearn.plant import Drive, LagPlant

MOVING = [name for name in PROGRAMMES if name != "none"]
ARMS = pytest.mark.parametrize("assembly", [SO101_ASSEMBLY, KOCH_ASSEMBLY])


def to_channels(arm, targets):
    values = np.array([targets[name] for name in arm.action_spec.channels])
    values[-1] = (values[-1] - arm.gripper_closed) / arm.gripper_range
    return values


def sample(assembly, programme, times_s):
    hand = Hand(assembly, programme)
    return np.array([to_channels(assembly.embodiment, hand.get_targets(t)) for t in times_s])


@ARMS
@pytest.mark.parametrize("programme", MOVING)
def test_a_hand_stays_within_the_arms_limits(assembly, programme):
    spec = assembly.embodiment.action_spec
    poses = sample(assembly, programme, np.arange(0, 120, 0.1))
    assert (poses >= spec.low - 1e-6).all()
    assert (poses <= spec.high + 1e-6).all()


@pytest.mark.parametrize("programme", MOVING)
def test_a_hand_never_jerks_and_never_ends(programme):
    poses = sample(SO101_ASSEMBLY, programme, np.arange(0, 200, 0.01))
    assert np.abs(np.diff(poses, axis=0)).max() < 0.05
    assert np.abs(np.diff(poses[-3000:], axis=0)).max() > 0.001


def test_a_leader_is_led_about_its_home():
    poses = sample(SO101_ASSEMBLY, "lead", [0.0, *np.arange(20, 30, 0.1)])
    np.testing.assert_allclose(poses[0], SO101.home_position, atol=1e-6)
    assert np.ptp(poses[:, 0]) > 0.5
    assert np.ptp(poses[:, -1]) > 0.5


@ARMS
def test_a_calibration_begins_with_both_poses_and_goes_from_stop_to_stop(assembly):
    spec = assembly.embodiment.action_spec
    middle, positive = sample(assembly, "calibrate", [15.0, 45.0])
    np.testing.assert_allclose(middle, [0, 0, 0, 0, 0, 0.5], atol=1e-6)
    assert (positive - middle > 0.1).all()
    sweep = sample(assembly, "calibrate", np.arange(50, 78, 0.02))
    np.testing.assert_allclose(sweep.min(axis=0), spec.low, atol=1e-3)
    np.testing.assert_allclose(sweep.max(axis=0), spec.high, atol=1e-3)


def test_a_programme_that_does_not_exist_is_refused_by_name():
    with pytest.raises(UnknownNameError, match="calibrate, lead, none"):
        Hand(SO101_ASSEMBLY, "wave")


def hold(programme="lead"):
    plant = LagPlant(KOCH.action_spec.channels)
    return plant, HandPlant(plant, Hand(KOCH_ASSEMBLY, programme))


def measure(plant):
    return np.array([plant.measure(name).position_rad for name in plant.actuators])


def test_joints_without_torque_are_moved_no_faster_than_a_hand_moves():
    plant, held = hold("calibrate")
    plant.place("shoulder_pan", 2.0)
    held = HandPlant(plant, Hand(KOCH_ASSEMBLY, "calibrate"))
    path = [measure(held)]
    for _ in range(200):
        held.advance(0.01)
        path.append(measure(held))
    assert np.abs(np.diff(path, axis=0)).max() <= 0.01 * LARGEST_SPEED_RADPS + 1e-9
    assert abs(path[-1][0]) < 0.01


def test_a_joint_with_torque_goes_where_its_servo_sends_it():
    _, held = hold()
    held.drive("shoulder_pan", Drive.POSITION, 0.7)
    for _ in range(400):
        held.advance(0.02)
    assert held.measure("shoulder_pan").position_rad == pytest.approx(0.7, abs=1e-3)
    assert held.measure("wrist_flex").position_rad != pytest.approx(0.0, abs=0.1)


def test_a_joint_that_loses_its_torque_is_taken_from_where_it_is():
    _, held = hold()
    held.drive("shoulder_pan", Drive.POSITION, 1.5)
    for _ in range(100):
        held.advance(0.02)
    held.drive("shoulder_pan", Drive.OFF)
    held.advance(0.01)
    assert held.measure("shoulder_pan").position_rad == pytest.approx(1.5, abs=0.03)
    for _ in range(100):
        held.advance(0.02)
    assert abs(held.measure("shoulder_pan").position_rad) < 1.0


def test_nobodys_hand_leaves_the_arm_alone():
    plant, held = hold("none")
    plant.place("elbow_flex", 0.4)
    held.advance(5.0)
    assert held.measure("elbow_flex").position_rad == 0.4
    assert Hand(KOCH_ASSEMBLY).words == ""


def test_a_held_joint_gives_no_torque():
    _, held = hold()
    held.advance(1.0)
    assert all(math.isclose(held.measure(name).effort_nm, 0.0) for name in held.actuators)
