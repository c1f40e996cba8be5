import math

import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.drawer import find_roll_across
from robolearn.sim.fixtures.drawer import CLOSED_WITHIN_M, OPEN_FROM_M
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks import drawer as tasks
from robolearn.sim.tasks.drawer import CloseDrawer, OpenDrawer
from robolearn.sim.tasks.sim_task import HOLD_STEPS

RAISED = np.array([0.0, 0.0, 0.05])


def make_environment(task):
    environment = Environment(MujocoRobot(So101Model()), task)
    environment.reset(seed=3)
    return environment


def judge(task, opening_m):
    """What the task says to a drawer that stands still at an opening, step by step."""
    task.drawer.joint.place(opening_m)
    task.world.forward()
    return [task.evaluate().success for _ in range(HOLD_STEPS)]


@pytest.mark.parametrize(
    ("task", "enough_m", "too_little_m"),
    [
        (OpenDrawer("task", "Do it.", 8.0), OPEN_FROM_M + 0.001, OPEN_FROM_M - 0.001),
        (CloseDrawer("task", "Do it.", 8.0), CLOSED_WITHIN_M - 0.001, CLOSED_WITHIN_M + 0.001),
    ],
    ids=["open", "close"],
)
def test_success_needs_enough_and_several_steps_in_a_row(task, enough_m, too_little_m):
    make_environment(task)
    assert not any(judge(task, too_little_m))
    assert judge(task, enough_m) == [False] * (HOLD_STEPS - 1) + [True]


@pytest.mark.parametrize(
    ("task", "opening_m"),
    [(OpenDrawer("task", "Do it.", 8.0), 0.07), (CloseDrawer("task", "Do it.", 8.0), 0.0)],
)
def test_a_moving_drawer_is_no_success(task, opening_m):
    make_environment(task)
    task.drawer.joint.place(opening_m)
    task.world.data.joint("drawer").qvel[0] = 0.02
    assert not any(task.evaluate().success for _ in range(3 * HOLD_STEPS))


def test_starts_fill_their_ranges():
    task = CloseDrawer("task", "Do it.", 8.0)
    make_environment(task)
    places, yaws_rad, openings_m = [], [], []
    for seed in range(400):
        task.reset(seed)
        places.append(task.drawer.position_w[:2])
        yaws_rad.append(task.drawer.yaw_rad - tasks.YAW_RAD)
        openings_m.append(task.drawer.opening_m)
    np.testing.assert_allclose(np.min(places, axis=0), tasks.CABINET_AREA_W[0], atol=0.002)
    np.testing.assert_allclose(np.max(places, axis=0), tasks.CABINET_AREA_W[1], atol=0.002)
    assert max(yaws_rad) == pytest.approx(math.radians(15), abs=0.01)
    assert min(yaws_rad) == pytest.approx(-math.radians(15), abs=0.01)
    assert min(openings_m) == pytest.approx(tasks.MIN_OPENING_M, abs=0.001)
    assert max(openings_m) == pytest.approx(tasks.TRAVEL_M, abs=0.001)


def test_a_drawer_held_open_is_no_success_until_released():
    task = OpenDrawer("task", "Do it.", 8.0)
    environment = make_environment(task)
    arm, drawer = ArmSkills(task.world), task.drawer

    def run(actions):
        return [environment.step(action)[4]["is_success"] for action in actions]

    handle_w = drawer.handle_w
    roll_rad = find_roll_across(arm, drawer, handle_w)
    run(arm.move(handle_w + RAISED, roll_rad=roll_rad))
    run(arm.move(handle_w))
    run(arm.close_gripper())
    outwards = np.array([math.cos(drawer.yaw_rad), math.sin(drawer.yaw_rad), 0.0])
    run(arm.move(handle_w + 0.075 * outwards, speed_mps=0.15))
    held = run(arm.wait(20))
    assert drawer.is_open
    assert drawer.is_still
    assert not any(held)
    run(arm.open_gripper())
    released = run((*arm.move(arm.position_w + RAISED), *arm.wait(HOLD_STEPS)))
    assert released[-1]


def test_pulling_without_a_grip_opens_nothing():
    task = OpenDrawer("task", "Do it.", 8.0)
    environment = make_environment(task)
    arm, drawer = ArmSkills(task.world), task.drawer
    above_w = drawer.handle_w + RAISED
    outwards = np.array([math.cos(drawer.yaw_rad), math.sin(drawer.yaw_rad), 0.0])
    for action in (*arm.move(above_w), *arm.close_gripper(), *arm.move(above_w + 0.08 * outwards)):
        environment.step(action)
    assert drawer.opening_m < 0.001
