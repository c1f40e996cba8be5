import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments import so101
from robolearn.embodiments.so101 import SO101
from robolearn.errors import IncompatibleError, RobotError
from robolearn.hardware.arms.so101 import SO101_ASSEMBLY
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.feetech import FeetechServos
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.hardware.serial_link import LinkLostError, LinkTimeoutError
from robolearn.hardware.teleop.leader_arm import LeaderArm
from robolearn.plant import LagPlant
from robolearn.teleoperator import Event
from robolearn.testing import FakeRobot, check_teleoperator
from tests.hardware.conftest import make_calibration
from tests.hardware.fakes.typed_keys import Typed

HOME = np.asarray(SO101.home_position, np.float32)
RAISED = HOME + np.array([0.5, 0.3, 0, 0, 0, 0.2], np.float32)


@pytest.fixture(name="typed")
def _typed():
    return Typed()


@pytest.fixture(name="leader")
def _leader(bench, typed):
    leader = LeaderArm(
        FakeRobot(),
        SO101_ASSEMBLY,
        bench.bus,
        typed,
        robot_id="default",
        calibration=str(bench.path),
        clock=bench.clock,
    )
    yield leader
    leader.close()


def start(leader, robot_at=HOME):
    leader.connect()
    leader.reset({keys.STATE: robot_at})


def test_it_keeps_the_contract_of_a_teleoperator(leader):
    check_teleoperator(leader, SO101.observation_spec(), SO101.action_spec)


def test_it_takes_the_leaders_torque_away_and_leaves_it_so(leader, bench):
    for servo in bench.bus.servos.values():
        servo.torque = True
    leader.connect()
    leader.close()
    assert not any(servo.torque for servo in bench.bus.servos.values())
    assert not bench.bus.is_open


def test_the_robot_takes_the_leaders_posture_where_they_begin_together(leader, bench):
    bench.place(HOME)
    start(leader)
    np.testing.assert_allclose(leader.get_command({}).action, HOME, atol=2e-3)
    bench.place(RAISED)
    np.testing.assert_allclose(leader.get_command({}).action, RAISED, atol=2e-3)


def test_it_follows_at_once_once_it_has_come_slowly_to_the_leader(leader, bench):
    bench.place(RAISED)
    start(leader)
    actions = [leader.get_command({}).action for _ in range(20)]
    steps = np.abs(np.diff([HOME, *actions], axis=0)).max(axis=1)
    # 0.8 rad/s are 0.04 rad in each control period: 0.5 rad take a dozen.
    assert steps[:11].max() <= 0.0401
    assert steps[13:].max() < 0.01
    np.testing.assert_allclose(actions[-1], RAISED, atol=2e-3)
    bench.place(HOME)
    np.testing.assert_allclose(leader.get_command({}).action, HOME, atol=2e-3)


def test_a_leader_that_jumps_is_approached_anew(leader, bench):
    bench.place(HOME)
    start(leader)
    leader.get_command({})
    turned = HOME + np.array([0, 0, 0, 0, -2.5, 0], np.float32)
    bench.place(turned)
    steps = [leader.get_command({}).action for _ in range(3)]
    assert np.abs(np.diff([HOME, *steps], axis=0)).max() <= 0.0401


def test_only_a_leader_that_is_moved_is_active(leader, bench):
    bench.place(HOME)
    start(leader)
    activity = [leader.get_command({}).is_active]
    bench.place(HOME + np.float32(0.1))
    activity += [leader.get_command({}).is_active for _ in range(2)]
    assert activity == [False, True, False]


def test_a_robot_that_somebody_else_has_moved_is_approached_anew(leader, bench):
    bench.place(HOME)
    start(leader)
    leader.get_command({})
    leader.follow({keys.STATE: RAISED})
    moved = leader.get_command({}).action - RAISED
    assert 0 < np.abs(moved).max() <= 0.0401


def test_a_leader_beyond_the_robots_limits_is_followed_to_the_limit(leader, bench):
    high = np.array(SO101.action_spec.high)
    bench.place(high + 0.2)
    start(leader, robot_at=high)
    for _ in range(30):
        action = leader.get_command({}).action
        SO101.action_spec.validate(action)
    np.testing.assert_allclose(action, high, atol=2e-3)


def test_words_are_typed_and_a_stop_before_the_episode_is_kept(leader, typed):
    leader.connect()
    typed.keys = ["y"]
    leader.reset({keys.STATE: HOME})
    assert leader.get_command({}).event is None
    typed.keys = ["y"]
    assert leader.get_command({}).event is Event.SUCCESS
    typed.keys = ["escape"]
    assert leader.is_stop_asked()
    leader.reset({keys.STATE: HOME})
    assert leader.get_command({}).event is Event.STOP
    assert not leader.is_stop_asked()
    assert "escape" in leader.describe()


def test_a_reading_that_is_missed_repeats_the_last_and_several_are_an_error(leader, bench):
    bench.place(HOME)
    start(leader)
    bench.bus.num_missed = 2
    for _ in range(3):
        np.testing.assert_allclose(leader.get_command({}).action, HOME, atol=2e-3)
    bench.bus.num_missed = 3
    for _ in range(2):
        leader.get_command({})
    with pytest.raises(LinkTimeoutError):
        leader.get_command({})


def test_a_leader_with_another_calibration_does_not_lead_and_everything_is_closed(
    leader, bench, typed
):
    bench.bus.servos[3].memory = type(bench.bus.servos[3].memory)(1, 2, 3)
    with pytest.raises(RobotError, match="servo 3"):
        leader.connect()
    assert not bench.bus.is_open
    assert not typed.is_open
    with pytest.raises(RobotError, match="not connected"):
        leader.get_command({})


def test_a_leader_of_another_body_is_refused(bench, typed):
    robot = FakeRobot()
    robot.embodiment = type(SO101)(**{**vars(SO101), "name": "koch"})
    with pytest.raises(IncompatibleError, match="so101 cannot lead koch"):
        LeaderArm(robot, SO101_ASSEMBLY, bench.bus, typed)


def test_an_emulated_leader_leads_through_its_bytes_and_its_loss_is_an_error(tmp_path, typed):
    plant = LagPlant(SO101.action_spec.channels)
    setups = {j.servo_id: ServoSetup(j.channel, j.direction) for j in SO101_ASSEMBLY.joints}
    port = EmulatedPort(FeetechServos(plant, setups), tmp_path / "leader")
    calibration = make_calibration("leader", homing_offset_steps=0)
    calibration.save(tmp_path / "leader.json")
    bus = FeetechBus(str(port.path))
    leader = LeaderArm(
        FakeRobot(), SO101_ASSEMBLY, bus, typed, calibration=str(tmp_path / "leader.json")
    )
    posture = np.array([0.3, -0.5, 0.4, 0.2, -0.1, 0.0])

    def move():
        for name, angle_rad in zip(so101.ARM_JOINTS, posture, strict=False):
            plant.place(name, angle_rad)
        plant.place("gripper", 0.0)

    with Emulation(plant, [port]) as emulation:
        bus.open(SO101_ASSEMBLY.servo_ids)
        bus.write_memory({j.servo_id: j.memory for j in calibration.joints.values()})
        bus.close()
        with leader:
            emulation.call(move)
            start(leader, robot_at=posture.astype(np.float32))
            action = leader.get_command({}).action
            np.testing.assert_allclose(action[:5], posture[:5], atol=2e-3)
            emulation.call(port.unplug)
            with pytest.raises(LinkLostError):
                leader.get_command({})
