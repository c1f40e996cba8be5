"""Strict and loose judgement, by scenes that are set up to be one thing or the other."""

import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.sim.bddl.problem import BddlError
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.bddl_task import BddlTask

TEXT = """(define (problem Kitchen) (:domain robosuite) (:language do it)
  (:regions
    (left (:target main_table) (:ranges ((-0.1 0.1 0.0 0.2))))
    (right (:target main_table) (:ranges ((-0.1 -0.1 0.0 0.0))))
    (far (:target main_table) (:ranges ((0.2 0.3 0.2 0.3))) (:yaw_rotation ((0 0))))
    (back (:target main_table) (:ranges ((0.1 -0.35 0.1 -0.35))) (:yaw_rotation ((3.14 3.14))))
    (top_region (:target cabinet_1))
    (contain_region (:target basket_1)))
  (:fixtures main_table - table cabinet_1 - wooden_cabinet)
  (:objects can_1 - alphabet_soup plate_1 - plate basket_1 - basket)
  (:init (On can_1 main_table_left) (On plate_1 main_table_right) (On basket_1 main_table_far)
         (On cabinet_1 main_table_back))
  (:goal (And GOAL)))
"""


def make(tmp_path, goal, judgement="strict", body="panda"):
    file = tmp_path / "task.bddl"
    file.write_text(TEXT.replace("GOAL", goal))
    task = BddlTask(file, judgement=judgement)
    environment = Environment(MujocoRobot(get_body_model(body)), task)
    environment.reset(seed=0)
    return environment, task


def settle(environment, num_steps=12):
    home = np.array(environment.robot.embodiment.home_position, np.float32)
    return [environment.step(home)[4]["is_success"] for _ in range(num_steps)]


@pytest.mark.parametrize("body", ["panda", "so101"])
def test_a_can_put_on_the_plate_is_on_it_once_it_has_rested(tmp_path, body):
    environment, task = make(tmp_path, "(On can_1 plate_1)", body=body)
    can, plate = task.scene.things["can_1"], task.scene.things["plate_1"]
    assert not any(settle(environment, 3))
    can.place(plate.to_world((0.0, 0.0, plate.category.top_m)), 0.0)
    successes = settle(environment)
    assert not successes[0]  # strict: for several steps in a row
    assert successes[-1]


def test_a_can_beside_the_plate_is_not_on_it(tmp_path):
    environment, task = make(tmp_path, "(On can_1 plate_1)")
    can, plate = task.scene.things["can_1"], task.scene.things["plate_1"]
    can.place(plate.to_world((0.0, plate.category.size_m[1] / 2 + 0.04, 0.0)), 0.0)
    assert not any(settle(environment))


def test_what_floats_over_a_region_of_the_table_is_on_it_for_libero_alone(tmp_path):
    for judgement, expected in (("strict", False), ("loose", True)):
        _, task = make(tmp_path, "(On can_1 main_table_right)", judgement)
        place = task.scene.places["main_table_right"]
        task.scene.things["can_1"].place(place.floor_w + np.array([0.0, 0.0, 0.15]), 0.0)
        task.world.forward()
        assert task.judgement.holds(task.problem.goal[0]) is expected


def test_what_lies_in_the_basket_is_in_it(tmp_path):
    environment, task = make(tmp_path, "(In can_1 basket_1_contain_region)")
    place = task.scene.places["basket_1_contain_region"]
    assert not any(settle(environment, 3))
    task.scene.things["can_1"].place(place.floor_w + np.array([0.0, 0.0, 0.005]), 0.0)
    assert settle(environment)[-1]


def test_a_drawer_is_open_from_its_bound_on_and_strictly_only_at_rest(tmp_path):
    environment, task = make(tmp_path, "(Open cabinet_1_top_region)")
    (drawer,) = task.scene.find_parts("cabinet_1_top_region")
    drawer.place(drawer.part.open_from - 0.005)
    assert not any(settle(environment))
    drawer.place(drawer.part.open_from + 0.005)
    assert settle(environment)[-1]
    drawer.joint._velocity[:] = 0.2
    assert not task.judgement.holds(task.problem.goal[0])


def test_all_goals_must_hold_at_once(tmp_path):
    goal = "(Open cabinet_1_top_region) (On can_1 main_table_left)"
    environment, task = make(tmp_path, goal)
    assert not any(settle(environment))
    task.scene.find_parts("cabinet_1_top_region")[0].place(0.15)
    assert settle(environment)[-1]


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ("(In can_1 plate_1)", "expects a region of a container"),
        ("(Open can_1)", "unknown moving part"),
        ("(On main_table plate_1)", "expects a thing"),
        ("(Reached can_1)", "expects a marker"),
        ("(Pressed can_1)", "expects a thing with a lamp"),
        ("(Routed can_1 plate_1)", "expects a cable and a clip"),
    ],
)
def test_a_goal_without_meaning_is_refused_with_its_place(tmp_path, goal, words):
    with pytest.raises(BddlError, match=words) as caught:
        make(tmp_path, goal)
    assert caught.value.location.line == 13
