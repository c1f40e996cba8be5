import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.pick_place import pick
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks import pick_place
from robolearn.sim.tasks.pick_place import PickPlace
from robolearn.sim.tasks.sim_task import HOLD_STEPS


@pytest.fixture(params=["so101", "koch", "panda"])
def environment(request):
    environment = Environment(
        MujocoRobot(get_body_model(request.param)),
        PickPlace("pick_place", "Put the red block on the blue disc.", 8.0),
    )
    environment.reset(seed=3)
    return environment


def put_block_on_target(task, height_m=pick_place.BLOCK_HALF_SIZE_M):
    task.block.place((*task.target.position_w[:2], height_m))
    task.world.forward()


def find_block_dof(task):
    """The first of the block's six velocities."""
    return task.world.model.joint("block").dofadr[0]


def test_starts_fill_their_areas_and_keep_their_distance(environment):
    task = environment.task
    blocks, yaws, targets = [], [], []
    for seed in range(400):
        task.reset(seed)
        blocks.append(task.block.position_w[:2])
        yaws.append(task.block.yaw_rad)
        targets.append(task.target.position_w[:2])
    layout = task.layout
    for places, area_w in ((blocks, layout.block_area_w), (targets, layout.target_area_w)):
        low, high = np.min(places, axis=0), np.max(places, axis=0)
        np.testing.assert_allclose(low, area_w[0], atol=0.005)
        np.testing.assert_allclose(high, area_w[1], atol=0.005)
        assert (low >= area_w[0]).all()
        assert (high <= area_w[1]).all()
    assert max(yaws) > 0.7
    assert min(yaws) < -0.7
    distances_m = np.linalg.norm(np.subtract(blocks, targets), axis=1)
    assert distances_m.min() >= pick_place.MIN_DISTANCE_M - 1e-9


def test_success_needs_several_steps_in_a_row(environment):
    put_block_on_target(environment.task)
    verdicts = [environment.task.evaluate().success for _ in range(HOLD_STEPS)]
    assert verdicts == [False] * (HOLD_STEPS - 1) + [True]


def test_an_interruption_starts_the_count_again(environment):
    task = environment.task
    put_block_on_target(task)
    for _ in range(HOLD_STEPS - 1):
        task.evaluate()
    task.block.place((0.2, -0.05, 0.015))
    assert not task.evaluate().success
    put_block_on_target(task)
    assert not task.evaluate().success


def test_a_moving_block_is_no_success(environment):
    task = environment.task
    put_block_on_target(task)
    task.world.data.qvel[find_block_dof(task)] = 0.02
    assert not any(task.evaluate().success for _ in range(3 * HOLD_STEPS))


def test_a_spinning_block_is_no_success(environment):
    task = environment.task
    put_block_on_target(task)
    task.world.data.qvel[find_block_dof(task) + 5] = 0.5
    assert not any(task.evaluate().success for _ in range(3 * HOLD_STEPS))


def test_a_block_above_the_target_is_no_success(environment):
    put_block_on_target(environment.task, height_m=0.025)
    assert not any(environment.task.evaluate().success for _ in range(3 * HOLD_STEPS))


def test_a_block_held_at_the_target_is_no_success_until_released(environment):
    task = environment.task
    arm = ArmSkills(task.world)
    for action in pick(arm, task.block):
        environment.step(action)
    goal_w = np.array([*task.target.position_w[:2], pick_place.BLOCK_HALF_SIZE_M])
    above_w = goal_w + np.array([0.0, 0.0, 0.08])
    for action in (*arm.move(above_w), *arm.move(goal_w)):
        environment.step(action)
    held = [environment.step(action)[4]["is_success"] for action in arm.wait(20)]
    assert np.linalg.norm(task.block.position_w - goal_w) < 0.01
    assert not any(held)
    letting_go = (*arm.open_gripper(), *arm.move(above_w), *arm.wait(HOLD_STEPS))
    released = [environment.step(action)[4]["is_success"] for action in letting_go]
    assert released[-1]
