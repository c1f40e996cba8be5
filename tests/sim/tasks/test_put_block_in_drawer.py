import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.sim.fixtures.drawer import FLOOR_TOP_M
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks import put_block_in_drawer
from robolearn.sim.tasks.put_block_in_drawer import BLOCK_HALF_SIZE_M, PutBlockInDrawer
from robolearn.sim.tasks.sim_task import HOLD_STEPS


@pytest.fixture
def environment():
    environment = Environment(MujocoRobot(So101Model()), PutBlockInDrawer("task", "Do it.", 8.0))
    environment.reset(seed=3)
    return environment


def put_block_in(task, opening_m):
    task.drawer.joint.place(opening_m)
    position_w = task.drawer.to_world(-0.04, FLOOR_TOP_M + BLOCK_HALF_SIZE_M)
    task.block.place(position_w, task.drawer.yaw_rad)
    task.world.forward()


def judge(task):
    return [task.evaluate().success for _ in range(HOLD_STEPS)]


def test_success_is_the_block_in_the_closed_drawer_for_several_steps(environment):
    put_block_in(environment.task, opening_m=0.0)
    assert judge(environment.task) == [False] * (HOLD_STEPS - 1) + [True]


def test_the_block_in_the_open_drawer_is_no_success(environment):
    put_block_in(environment.task, opening_m=0.05)
    assert not any(judge(environment.task))


def test_the_closed_drawer_without_the_block_is_no_success(environment):
    task = environment.task
    assert task.drawer.is_closed
    assert not any(judge(task))


def test_a_block_on_the_cabinet_is_no_success(environment):
    task = environment.task
    task.block.place(task.drawer.to_world(-0.05, 0.047 + BLOCK_HALF_SIZE_M))
    task.world.forward()
    assert not any(judge(task))


@pytest.mark.parametrize("moving", ["block", "drawer"])
def test_motion_is_no_success(environment, moving):
    put_block_in(environment.task, opening_m=0.0)
    environment.task.world.data.joint(moving).qvel[0] = 0.02
    assert not any(judge(environment.task))


def test_expert_goes_through_the_three_stages_in_order(environment):
    task = environment.task
    expert = task.make_expert()
    observation, _ = environment.reset(seed=7)
    expert.reset(task.instruction, 7)
    seen = []
    for _ in range(environment.max_episode_steps):
        observation, _, terminated, _, _ = environment.step(expert.select_action(observation))
        stage = (task.drawer.is_open, task.drawer.contains(task.block))
        if not seen or seen[-1] != stage:
            seen.append(stage)
        if terminated:
            break
    assert terminated
    assert seen == [(False, False), (True, False), (True, True), (False, True)]


def test_blocks_start_clear_of_drawer_and_hand(environment):
    task = environment.task
    places = []
    for seed in range(300):
        task.reset(seed)
        places.append(task.block.position_w[:2])
        task.drawer.joint.place(0.08)
        distance_m = np.linalg.norm(places[-1] - task.drawer.handle_w[:2])
        assert distance_m > 0.05
    np.testing.assert_allclose(
        [np.min(places, axis=0), np.max(places, axis=0)],
        put_block_in_drawer.BLOCK_AREA_W,
        atol=0.003,
    )
