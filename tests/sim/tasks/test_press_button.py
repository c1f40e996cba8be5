import pytest

from robolearn.environment import Environment
from robolearn.sim.fixtures.button import TRAVEL_M
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.press_button import PressButton
from robolearn.sim.tasks.sim_task import HOLD_STEPS


@pytest.fixture
def environment():
    environment = Environment(MujocoRobot(So101Model()), PressButton("task", "Do it.", 8.0))
    environment.reset(seed=3)
    return environment


def put_button(task, depth_m):
    task.button.joint.place(depth_m)
    task.world.forward()


def judge(task):
    return [task.evaluate().success for _ in range(HOLD_STEPS)]


def test_success_is_pressed_then_up_for_several_steps(environment):
    task = environment.task
    assert not any(judge(task))
    put_button(task, TRAVEL_M)
    assert not any(judge(task))
    put_button(task, 0.0)
    assert judge(task) == [False] * (HOLD_STEPS - 1) + [True]


def test_half_a_press_does_not_light_the_lamp(environment):
    task = environment.task
    put_button(task, TRAVEL_M / 2)
    judge(task)
    put_button(task, 0.0)
    assert not any(judge(task))
    assert task.get_state()[-1] == 0.0


def test_a_press_lights_the_lamp_until_the_next_episode(environment):
    task = environment.task
    put_button(task, TRAVEL_M)
    task.evaluate()
    assert task.get_state()[-1] == 1.0
    environment.reset(seed=4)
    assert task.get_state()[-1] == 0.0


def test_a_button_kept_down_is_no_success_until_the_hand_is_off(environment):
    task = environment.task
    expert = task.make_expert()
    observation, _ = environment.reset(seed=3)
    expert.reset(task.instruction, 3)
    while not task.button.is_pressed:
        observation, *_ = environment.step(expert.select_action(observation))
    held = [environment.step(expert.arm.make_action())[4]["is_success"] for _ in range(20)]
    assert task.button.is_lit
    assert not any(held)
    up = [environment.step(expert.select_action(observation))[4]["is_success"] for _ in range(20)]
    assert any(up)
