import numpy as np
import pytest

from robolearn.errors import RobotError
from robolearn.hardware.calibration import load_calibration
from robolearn.hardware.calibration_procedure import CalibrationProcedure
from robolearn.hardware.servo_bus import RAD_PER_STEP
from robolearn.testing.fakes import FakeRobot
from tests.hardware.fakes.hand import SPEC, Hand

# Two of them near the end of their servo's turn, where a range would wrap without an offset.
ZEROS = (2048, 10, 4090, 1200, 3000, 2500)


@pytest.fixture(name="procedure")
def _procedure(bench):
    for servo in bench.bus.servos.values():
        servo.torque = True
    procedure = CalibrationProcedure(bench.make())
    yield procedure
    procedure.close()


def play(procedure, hand, sweeps=True):
    """Calibrates as a person would."""
    procedure.start()
    hand.obey("middle")
    procedure.take_middle()
    hand.obey("positive")
    procedure.take_directions()
    for is_done in hand.sweep() if sweeps else ():
        procedure.update()
        if is_done:
            break
    return procedure.finish()


def test_positions_are_those_of_the_hand_wherever_the_horns_are(bench, procedure):
    hand = Hand(bench.bus, zeros=ZEROS)
    calibration = play(procedure, hand)
    asked = np.array([0.5, -1.0, 1.2, -0.3, 2.0, 0.8])
    hand.place(asked)
    steps = {i: servo.present_steps for i, servo in bench.bus.servos.items()}
    assert np.abs(calibration.to_position(steps, SPEC) - asked).max() < 2 * RAD_PER_STEP
    assert all(
        0 < joint.lower_steps < joint.upper_steps < 4095 for joint in calibration.joints.values()
    )


def test_the_file_is_that_of_the_servos_and_the_robot_connects_with_it(bench, procedure):
    hand = Hand(bench.bus, zeros=ZEROS)
    calibration = play(procedure, hand)
    assert load_calibration(bench.path, "so101", "default", SPEC.channels) == calibration
    memories = bench.bus.read_memory([1, 2, 3, 4, 5, 6])
    assert calibration.find_differences(memories) == []
    procedure.close()
    hand.place([0.1, -1.6, 1.5, 1.0, 0.0, 0.2])
    with bench.make() as robot:
        assert robot.settings["calibration"] == calibration.digest
        state = robot.get_observation().values["observation.state"]
        assert np.abs(state - [0.1, -1.6, 1.5, 1.0, 0.0, 0.2]).max() < 0.005


def test_torque_is_off_before_the_person_is_asked_to_move_anything(bench, procedure):
    procedure.start()
    assert not any(servo.torque for servo in bench.bus.servos.values())
    assert bench.bus.told == ["set_torque", "configure"]


def test_a_middle_pose_by_eye_is_corrected_by_the_stops(bench, procedure):
    hand = Hand(bench.bus)
    hand.middle = hand.middle + np.array([0.2, -0.2, 0.1, 0.2, 0.0, 0.0])
    real = Hand(bench.bus)
    procedure.start()
    real.place(hand.middle)
    procedure.take_middle()
    real.place(hand.middle + 0.2)
    procedure.take_directions()
    for is_done in real.sweep():
        procedure.update()
        if is_done:
            break
    calibration = procedure.finish()
    real.place(np.zeros(6))
    steps = {i: servo.present_steps for i, servo in bench.bus.servos.items()}
    assert np.abs(calibration.to_position(steps, SPEC)[:5]).max() < 3 * RAD_PER_STEP


def test_a_joint_that_was_not_moved_is_named_and_nothing_is_kept(bench, procedure):
    before = {i: servo.memory for i, servo in bench.bus.servos.items()}
    text = bench.path.read_text()
    with pytest.raises(RobotError, match=r"shoulder_pan moved by 0\.00 rad, expected 3\.84.*kept"):
        play(procedure, Hand(bench.bus), sweeps=False)
    procedure.close()
    assert {i: servo.memory for i, servo in bench.bus.servos.items()} == before
    assert bench.path.read_text() == text


def test_a_servo_that_turns_the_other_way_is_named(bench, procedure):
    with pytest.raises(RobotError, match="elbow_flex was turned the other way"):
        play(procedure, Hand(bench.bus, directions=(1, 1, -1, 1, 1, 1)))


def test_a_joint_that_was_not_turned_is_named(bench, procedure):
    hand = Hand(bench.bus)
    procedure.start()
    hand.obey("middle")
    procedure.take_middle()
    with pytest.raises(RobotError, match=r"shoulder_pan was turned by only 0\.00 rad"):
        procedure.take_directions()


def test_a_joint_that_began_at_its_stop_is_found_by_its_wrap(bench, procedure):
    hand = Hand(bench.bus)
    procedure.start()
    hand.place([-1.9, 0, 0, 0, 0, 0.5])
    procedure.take_middle()
    hand.place([-1.7, 0.2, 0.2, 0.2, 0.2, 0.7])
    procedure.take_directions()
    for _ in hand.sweep():
        procedure.update()
    with pytest.raises(RobotError, match="shoulder_pan passed the end of its servo's turn"):
        procedure.finish()


def test_a_robot_without_servos_is_refused():
    with pytest.raises(RobotError, match="FakeRobot has no servos to calibrate"):
        CalibrationProcedure(FakeRobot())
