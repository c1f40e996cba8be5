from __future__ import annotations

import dataclasses

import pytest

from robolearn.environment import Environment
from robolearn.rollout import run_episode
from robolearn.sim.bddl.problem import BddlError, Location, Problem, Region, Relation
from robolearn.sim.experts.ordering import order_relations
from robolearn.sim.models.panda import PandaModel
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.bddl_task import BddlTask

BODIES = {"panda": PandaModel, "so101": So101Model}
SEEDS = range(50_000, 50_003)
SCENE = """
(define (problem dinner)
  (:domain robosuite)
  (:language put things in order)
  (:regions
    (bowl_region (:target main_table) (:ranges ((-0.10 0.02 -0.06 0.06))))
    (plate_region (:target main_table) (:ranges ((-0.02 0.20 0.02 0.24))))
    (cabinet_region (:target main_table) (:ranges ((-0.01 -0.31 0.01 -0.29)))
      (:yaw_rotation ((3.141592653589793 3.141592653589793))))
    (button_region (:target main_table) (:ranges ((-0.26 0.20 -0.24 0.22))))
    (top_region (:target cabinet_1)))
  (:fixtures main_table - table cabinet_1 - wooden_cabinet button_1 - button_box)
  (:objects bowl_1 - akita_black_bowl plate_1 - plate)
  (:init
    (On bowl_1 main_table_bowl_region)
    (On plate_1 main_table_plate_region)
    (On button_1 main_table_button_region)
    (On cabinet_1 main_table_cabinet_region))
  (:goal (And {goal})))
"""


@pytest.fixture
def make_environment(tmp_path):
    """`make_environment(goal, body)`: a bowl, a plate and a cabinet on a table."""

    def make(goal, body="panda"):
        file = tmp_path / "dinner.bddl"
        file.write_text(SCENE.format(goal=goal))
        return Environment(MujocoRobot(BODIES[body]()), BddlTask(file))

    return make


def summarize(segments):
    return [(segment.skill, segment.succeeded) for segment in segments]


def order(*goal):
    """The goal's order, with a drawer `cabinet_top` of a cabinet."""
    relations = tuple(Relation(name, tuple(names)) for name, *names in map(str.split, goal))
    region = Region("cabinet", "top")
    problem = Problem("", "", {region.name: region}, {}, {}, (), (), relations)
    return [str(relation) for relation in order_relations(problem)]


def test_a_drawer_is_opened_before_and_closed_after_something_is_put_in():
    assert order("close cabinet_top", "in bowl cabinet_top") == [
        "in bowl cabinet_top",
        "close cabinet_top",
    ]
    assert order("in bowl cabinet_top", "open cabinet_top") == [
        "open cabinet_top",
        "in bowl cabinet_top",
    ]
    assert order("close cabinet", "in bowl cabinet_top", "in cup cabinet_top") == [
        "in bowl cabinet_top",
        "in cup cabinet_top",
        "close cabinet",
    ]


def test_what_carries_is_put_in_its_place_before_what_it_carries():
    assert order("on egg bowl", "on bowl plate", "on plate table_left") == [
        "on plate table_left",
        "on bowl plate",
        "on egg bowl",
    ]


def test_what_is_independent_stays_in_the_order_of_the_file():
    goal = ["turnon stove", "on pot stove_top", "on pan table_left"]
    assert order(*goal) == goal


def test_relations_that_wait_for_each_other_stay_in_the_order_of_the_file():
    goal = ["on bowl plate", "on plate bowl"]
    assert order(*goal) == goal


@pytest.mark.parametrize("body", BODIES)
def test_a_bowl_is_put_on_a_plate_whatever_the_body(make_environment, body):
    environment = make_environment("(On bowl_1 plate_1)", body)
    expert = environment.task.make_expert()
    results = [run_episode(environment, expert, seed=seed) for seed in SEEDS]
    assert all(result.success for result in results)
    for result in results:
        assert [skill for skill, _ in summarize(result.segments)][-3:] == [
            "reach",
            "grasp",
            "place",
        ]
        ends = [segment.first_step + segment.num_steps for segment in result.segments]
        starts = [segment.first_step for segment in result.segments]
        assert starts[0] == 0
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
        assert ends[-1] <= result.num_steps


def test_a_closed_drawer_is_opened_to_put_something_in_and_stays_open(make_environment):
    environment = make_environment("(In bowl_1 cabinet_1_top_region)")
    expert = environment.task.make_expert()
    result = run_episode(environment, expert, seed=50_000)
    assert result.success
    skills = [skill for skill, succeeded in summarize(result.segments) if succeeded]
    assert skills == ["open", "reach", "grasp", "place"]
    assert environment.task.scene.things["cabinet_1"].parts["top"].is_open


def test_what_holds_already_is_left_alone(make_environment):
    environment = make_environment("(Close cabinet_1_top_region) (On bowl_1 plate_1)")
    result = run_episode(environment, environment.task.make_expert(), seed=50_000)
    assert result.success
    assert "close" not in [skill for skill, _ in summarize(result.segments)]


@pytest.mark.parametrize("body", BODIES)
def test_a_button_is_pressed(make_environment, body):
    environment = make_environment("(Pressed button_1)", body)
    result = run_episode(environment, environment.task.make_expert(), seed=50_000)
    assert result.success
    assert summarize(result.segments) == [("press", True)]


def test_a_bowl_is_held_up(make_environment):
    environment = make_environment("(Up bowl_1)")
    result = run_episode(environment, environment.task.make_expert(), seed=50_000)
    assert result.success
    assert summarize(result.segments)[-1] == ("lift", True)


def test_a_goal_without_a_skill_is_refused_with_its_place(make_environment):
    environment = make_environment("(Up bowl_1)")
    task = environment.task
    location = Location("dinner.bddl", 7, 3)
    goal = (Relation("folded", ("cloth",), location),)
    task.scene.problem = dataclasses.replace(task.scene.problem, goal=goal)
    with pytest.raises(BddlError, match=r"dinner\.bddl:7:3: no skill brings about 'folded'"):
        task.make_expert()


def test_what_is_lost_on_the_way_is_fetched_again_and_both_tries_are_told(make_environment):
    environment = make_environment("(On bowl_1 plate_1)")
    expert = environment.task.make_expert()
    observation, _ = environment.reset(seed=50_000)
    expert.reset("", 50_000)
    bowl = environment.task.world.free_body("bowl_1")
    start_w, is_lost, ended = bowl.position_w, False, False
    while not ended:
        observation, _, terminated, truncated, _ = environment.step(
            expert.select_action(observation)
        )
        ended = terminated or truncated
        if not is_lost and summarize(expert.get_segments())[-1:] == [("place", False)]:
            bowl.place(start_w)
            is_lost = True
    assert is_lost
    assert terminated
    assert [s for s in summarize(expert.get_segments()) if s[0] in ("grasp", "place")] == [
        ("grasp", True),
        ("place", False),
        ("grasp", True),
        ("place", True),
    ]


CROWDED = """
(define (problem fridge)
  (:domain robosuite)
  (:language put the cream cheese in the basket)
  (:regions
    (cheese_region (:target main_table) (:ranges ((-0.02 -0.15 -0.01 -0.14)))
      (:yaw_rotation ((1.57 1.57))))
    (left_region (:target main_table) (:ranges ((-0.10 -0.15 -0.09 -0.14))))
    (right_region (:target main_table) (:ranges ((0.06 -0.15 0.07 -0.14))))
    (basket_region (:target main_table) (:ranges ((-0.05 0.25 -0.04 0.26))))
    (contain_region (:target basket_1)))
  (:fixtures main_table - table)
  (:objects cheese_1 - cream_cheese milk_1 milk_2 - milk basket_1 - basket)
  (:init
    (On cheese_1 main_table_cheese_region)
    (On milk_1 main_table_left_region)
    (On milk_2 main_table_right_region)
    (On basket_1 main_table_basket_region))
  (:goal (And (In cheese_1 basket_1_contain_region))))
"""


def test_what_stands_in_the_hands_way_is_put_aside(tmp_path):
    file = tmp_path / "fridge.bddl"
    file.write_text(CROWDED)
    environment = Environment(MujocoRobot(PandaModel()), BddlTask(file))
    result = run_episode(environment, environment.task.make_expert(), seed=50_000)
    assert result.success
    places = [segment for segment in result.segments if segment.skill == "place"]
    assert places[0].arguments in [("milk_1", "main_table"), ("milk_2", "main_table")]
    assert places[-1].arguments[0] == "cheese_1"
    environment.close()
