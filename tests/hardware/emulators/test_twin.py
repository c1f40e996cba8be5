"""Emulated arms whole: a leader in a person's hand, and a follower, each through its own bytes."""

import dataclasses
import functools

import numpy as np

from robolearn import keys
from robolearn.environment import Environment
from robolearn.hardware.arms.so101 import SO101_ASSEMBLY
from robolearn.hardware.emulators.arm import EmulatedArm
from robolearn.hardware.emulators.feetech import FeetechServos
from robolearn.hardware.emulators.hand import Hand
from robolearn.hardware.emulators.twin import Twin
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.hardware.servo_arm import ServoArm
from robolearn.hardware.teleop.leader_arm import LeaderArm
from robolearn.keyboard import KeySource
from robolearn.plant import LagPlant
from robolearn.rollout import run_episode
from robolearn.supervised_task import FreeTask
from tests.hardware.conftest import LIMITS

CHANNELS = SO101_ASSEMBLY.embodiment.action_spec.channels


class NoKeys(KeySource):
    def connect(self, robot):
        pass

    def read_keys(self):
        return []

    def close(self):
        pass


class Path:
    """Remembers where the robot was, and where it was sent."""

    def __init__(self):
        self.states, self.actions = [], []

    def on_episode_start(self, start):
        pass

    def on_step(self, step):
        self.states.append(step.observation[keys.STATE])
        self.actions.append(step.action)

    def on_episode_end(self, result):
        pass

    def on_episode_abort(self, error):
        pass


def make_twin(folder, robot_id, **options):
    make_body = functools.partial(
        EmulatedArm,
        assembly=SO101_ASSEMBLY,
        make_servos=FeetechServos,
        make_bus=FeetechBus,
        robot_id=robot_id,
    )
    return Twin(LagPlant(CHANNELS), make_body, folder, **options)


def test_an_emulated_leader_leads_an_emulated_follower(tmp_path):
    hand = Hand(SO101_ASSEMBLY, "lead")
    path = Path()
    with (
        make_twin(tmp_path / "leader", "leader", hand=hand, is_leader=True) as leader,
        make_twin(tmp_path, "default") as follower,
    ):
        assert (leader.is_leader, follower.is_leader) == (True, False)
        assert "leads" in leader.hand
        robot = ServoArm(
            SO101_ASSEMBLY,
            FeetechBus(follower.port),
            dataclasses.replace(LIMITS, lowest_voltage_v=4.5),
            calibration=follower.calibration,
            tell=lambda text: None,
            release_s=0.2,
            slow_speed=3.0,
        )
        teleoperator = LeaderArm(
            robot,
            SO101_ASSEMBLY,
            FeetechBus(leader.port),
            NoKeys(),
            calibration=leader.calibration,
        )
        environment = Environment(robot, FreeTask(time_limit_s=6.0))
        try:
            with teleoperator:
                run_episode(environment, None, [path], seed=0, teleoperator=teleoperator)
        finally:
            environment.close()
    states, actions = np.array(path.states), np.array(path.actions)
    assert np.ptp(states[:, 0]) > 0.2  # the hand's wave
    # The robot is where it was sent a few steps before.
    assert np.abs(states[30:] - actions[27:-3]).max() < 0.2


def test_an_arm_from_the_workshop_has_no_calibration_to_name(tmp_path):
    make_body = functools.partial(
        EmulatedArm,
        assembly=SO101_ASSEMBLY,
        make_servos=FeetechServos,
        make_bus=FeetechBus,
        is_calibrated=False,
    )
    with Twin(LagPlant(CHANNELS), make_body, tmp_path) as description:
        assert description.calibration is None
        assert description.hand == ""
