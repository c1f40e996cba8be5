import dataclasses
import json

import numpy as np
import pytest

from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobotError
from robolearn.hardware.calibration import find_path, load_calibration
from robolearn.hardware.servo_bus import RAD_PER_STEP, ServoMemory
from tests.hardware.conftest import make_calibration

SPEC = SO101.action_spec


def load(path, robot_id="default", embodiment="so101"):
    return load_calibration(path, embodiment, robot_id, SPEC.channels)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "so101" / "default.json"
    make_calibration().save(path)
    return path


def test_what_was_saved_is_read_back_with_the_same_hash(path):
    assert load(path) == make_calibration()
    assert load(path).digest == make_calibration().digest
    assert list(path.parent.iterdir()) == [path]


def test_another_calibration_has_another_hash():
    assert make_calibration().digest != make_calibration(homing_offset_steps=38).digest


def test_steps_and_positions_are_inverse_to_a_step():
    calibration, random = make_calibration(), np.random.default_rng(0)
    for _ in range(100):
        position = random.uniform(SPEC.low, SPEC.high)
        back = calibration.to_position(calibration.to_steps(position, SPEC), SPEC)
        assert np.abs(back - position).max() <= 0.51 * RAD_PER_STEP


@pytest.mark.parametrize("direction", [1, -1])
def test_a_joint_turns_with_its_direction_and_a_gripper_between_its_ends(direction):
    calibration = make_calibration()
    joints = {
        name: dataclasses.replace(joint, direction=direction, zero_steps=2000)
        for name, joint in calibration.joints.items()
    }
    calibration = dataclasses.replace(calibration, joints=joints)
    gripper = joints["gripper"]
    closed, opened = gripper.lower_steps, gripper.upper_steps
    if direction < 0:
        closed, opened = opened, closed
    steps = dict.fromkeys(calibration.servo_ids, 2100) | {6: closed}
    position = calibration.to_position(steps, SPEC)
    assert position[0] == pytest.approx(direction * 100 * RAD_PER_STEP)
    assert position[5] == 0.0
    assert calibration.to_position(steps | {6: opened}, SPEC)[5] == 1.0


def test_the_reach_is_between_the_ends():
    low, high = make_calibration().find_reach(SPEC)
    assert np.abs(low - SPEC.low).max() < RAD_PER_STEP
    assert np.abs(high - SPEC.high).max() < RAD_PER_STEP


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(RobotError, match=r"no calibration .*x\.json: run `robolearn calibrate"):
        load(tmp_path / "x.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 1}', "\x00"])
def test_a_file_that_is_no_calibration_is_damaged(path, text):
    path.write_text(text)
    with pytest.raises(RobotError, match=r"is damaged .*robolearn calibrate"):
        load(path)


def test_a_file_that_is_no_text_cannot_be_read(path):
    path.write_bytes(b"\xff\xfe\x80")
    with pytest.raises(RobotError, match="cannot be read"):
        load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"zero_steps": 2047},
        {"zero_steps": 2048.0},
        {"zero_steps": True},
        {"zero_steps": None},
        {"direction": 2},
        {"lower_steps": 4000},
        {"memory": {}},
        {"memory": {"homing_offset_steps": 1, "lower_steps": 2, "upper_steps": 3, "other": 4}},
    ],
)
def test_a_number_that_was_changed_is_found(path, change):
    data = json.loads(path.read_text())
    data["joints"]["elbow_flex"].update(change)
    path.write_text(json.dumps(data))
    with pytest.raises(RobotError, match="is damaged"):
        load(path)


def test_a_format_of_another_version_is_refused(path):
    data = json.loads(path.read_text())
    data["format"] = 2
    path.write_text(json.dumps(data))
    with pytest.raises(RobotError, match="format 2, known: 1"):
        load(path)


@pytest.mark.parametrize(("robot_id", "embodiment"), [("right", "so101"), ("default", "koch")])
def test_a_swapped_file_is_refused(path, robot_id, embodiment):
    with pytest.raises(RobotError, match=rf"is of so101 'default', not of {embodiment}"):
        load(path, robot_id, embodiment)


def test_another_set_of_joints_is_refused(path):
    with pytest.raises(RobotError, match=r"has shoulder_pan.* where so101 has a, b"):
        load_calibration(path, "so101", "default", ("a", "b"))


def test_the_memory_of_another_arm_is_told_apart():
    calibration = make_calibration()
    memories = {joint.servo_id: joint.memory for joint in calibration.joints.values()}
    assert calibration.find_differences(memories) == []
    memories[4] = ServoMemory(38, memories[4].lower_steps, 4095)
    assert len(calibration.find_differences(memories)) == 2


def test_each_arm_has_its_default_place(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = tmp_path / ".config/robolearn/calibration/koch/left.json"
    assert find_path("koch", "left") == expected
