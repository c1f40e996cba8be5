"""The recorder in the real step loop, around a robot that is nothing but numbers."""

from __future__ import annotations

import numpy as np
import pytest

from robolearn import keys
from robolearn.datasets.recorder import EpisodeRecorder
from robolearn.datasets.store import EpisodeStore
from robolearn.embodiments import CameraSpec, Embodiment
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, RobotError
from robolearn.policy import Policy
from robolearn.robot import Observation, Robot
from robolearn.rollout import run_episode
from robolearn.specs import ArraySpec, BoundedArraySpec
from robolearn.task import Evaluation, Task

FRONT = keys.image_key("front")


class SteppedClock:
    kind = "simulated"

    def __init__(self):
        self.time_s = 0.0

    def now_s(self):
        return self.time_s

    def sleep_until(self, deadline_s):
        self.time_s = max(self.time_s, deadline_s)


class NumberRobot(Robot):
    """Goes where it is told, at most 0.5 a step; its camera shows its position."""

    cameras = ("front",)

    def __init__(self, name="numbers"):
        action_spec = BoundedArraySpec(keys.ACTION, (1,), minimum=(-9.0,), maximum=(9.0,))
        cameras = (CameraSpec("front", 6, 8),)
        state_spec = ArraySpec(keys.STATE, (1,))
        self.embodiment = Embodiment(name, state_spec, action_spec, 10.0, cameras, (0.0,), (0.0,))
        self.clock = SteppedClock()
        self.position = np.zeros(1, np.float32)
        self.breaks_at = np.inf

    def connect(self):
        pass

    def get_observation(self):
        if self.position[0] >= self.breaks_at:
            raise RobotError("unplugged")
        image = np.full((6, 8, 3), self.position[0] * 10, np.uint8)
        now_s = self.clock.now_s()
        values = {keys.STATE: self.position.copy(), FRONT: image}
        return Observation(values, {keys.STATE: now_s, FRONT: now_s - 0.01})

    def send_action(self, action):
        applied = np.clip(action, self.position - 0.5, self.position + 0.5)
        self.position = applied
        return applied.copy()

    def stop(self):
        pass

    def close(self):
        pass


class ReachThree(Task):
    name, instruction, time_limit_s = "reach_three", "go to three", 2.0

    def bind(self, robot):
        self.robot = robot

    def reset(self, seed):
        self.robot.position = np.zeros(1, np.float32)

    def evaluate(self):
        done = bool(self.robot.position[0] >= 3)
        return Evaluation(float(done), done, done)


class GoToThree(Policy):
    def reset(self, instruction, seed):
        pass

    def select_action(self, observation):
        return np.array([3.0], np.float32)


def test_the_step_loop_records_what_was_asked_and_what_was_applied(tmp_path):
    environment = Environment(NumberRobot(), ReachThree())
    with EpisodeRecorder.from_environment(tmp_path / "s", environment, source="expert") as recorder:
        result = run_episode(environment, GoToThree(), [recorder], seed=7)
    episode = EpisodeStore(tmp_path / "s").open_episode(recorder.committed[0])
    assert episode.num_steps == result.num_steps == 6
    assert (episode.attributes.seed, episode.attributes.clock) == (7, "simulated")
    assert episode.attributes.ended == "terminated"
    assert episode.read(keys.ACTION).ravel().tolist() == [3.0] * 6
    assert episode.read(keys.ACTION_APPLIED).ravel().tolist() == [0.5, 1, 1.5, 2, 2.5, 3]
    assert episode.read(keys.STATE).ravel().tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    assert episode.read(FRONT)[:, 0, 0, 0].tolist() == [0, 5, 10, 15, 20, 25]
    assert episode.read(keys.SENT_S) == pytest.approx(np.arange(6) / 10)
    assert episode.read(keys.CAPTURED_S)[:, 1] == pytest.approx(np.arange(6) / 10 - 0.01)
    assert episode.read(keys.TERMINATED).tolist() == [False] * 5 + [True]


def test_a_robot_that_breaks_leaves_an_aborted_episode(tmp_path):
    environment = Environment(NumberRobot(), ReachThree())
    environment.robot.breaks_at = 2
    recorder = EpisodeRecorder.from_environment(tmp_path / "s", environment, source="expert")
    with pytest.raises(RobotError), recorder:
        run_episode(environment, GoToThree(), [recorder], seed=7)
    (episode,) = EpisodeStore(tmp_path / "s").iterate_episodes()
    assert episode.attributes.abort_reason == "RobotError: unplugged"
    assert episode.num_steps == 3


def test_another_body_is_refused(tmp_path):
    environment = Environment(NumberRobot(), ReachThree())
    EpisodeRecorder.from_environment(tmp_path / "s", environment, source="expert").close()
    other = Environment(NumberRobot("letters"), ReachThree())
    with pytest.raises(IncompatibleError, match="embodiment: expected numbers, got letters"):
        EpisodeRecorder.from_environment(tmp_path / "s", other, source="expert")
