"""Worlds for the tests of this folder: a module of their own, as spawned processes import it."""

from __future__ import annotations

import os
import signal

from robolearn.environment import Environment
from robolearn.sim.models.rc_car import RcCarModel
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.suites import make_task
from robolearn.sim.tasks.drive_laps import DriveLaps
from robolearn.task import Evaluation
from robolearn.testing import FakeRobot, FakeTask


def make_world(
    task: str = "pick_place", time_limit_s: float = 0.4, cameras: tuple[str, ...] = ()
) -> Environment:
    """A simulated world whose episodes end after a few steps."""
    if task == "drive_laps":
        return Environment(
            MujocoRobot(RcCarModel(), cameras, 32, 32), DriveLaps(task, "do it", time_limit_s)
        )
    robot = MujocoRobot(So101Model(), cameras, 32, 32)
    return Environment(robot, make_task("desk", task, name=task, time_limit_s=time_limit_s))


def make_fake_world() -> Environment:
    return Environment(FakeRobot(), FakeTask(time_limit_s=0.4))


class FatalTask(FakeTask):
    """Something bad happens in the third step of the episode with seed 3."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def reset(self, seed: int) -> None:
        super().reset(seed)
        self.seed, self.num_evaluations = seed, 0

    def evaluate(self) -> Evaluation:
        self.num_evaluations += 1
        if self.seed == 3 and self.num_evaluations == 3:
            if self.what == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise ZeroDivisionError("the third step")
        return super().evaluate()


def make_fatal_world(what: str) -> Environment:
    return Environment(FakeRobot(), FatalTask(what))


def make_no_world(pid: int) -> Environment:
    """Can be built in the process that asks for it only."""
    if os.getpid() != pid:
        raise OSError("no second world to be had")
    return make_fake_world()
