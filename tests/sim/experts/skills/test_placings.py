from __future__ import annotations

import itertools

import pytest

from robolearn.environment import Environment
from robolearn.sim.experts.skills.preview import Preview
from robolearn.sim.models.panda import PandaModel
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.bddl_task import BddlTask

# A sponge lies so low that the hand must tilt little; tilted, it does not come into the basket.
SCENE = """
(define (problem tidy)
  (:domain robosuite)
  (:language put the sponge in the basket)
  (:regions
    (sponge_region (:target main_table) (:ranges ((-0.06 -0.02 -0.02 0.02))))
    (basket_region (:target main_table) (:ranges ((-0.01 0.24 0.01 0.26))))
    (contain_region (:target basket_1)))
  (:fixtures main_table - table)
  (:objects sponge_1 - sponge basket_1 - basket)
  (:init (On sponge_1 main_table_sponge_region) (On basket_1 main_table_basket_region))
  (:goal (And (In sponge_1 basket_1_contain_region))))
"""


@pytest.fixture
def environment(tmp_path):
    file = tmp_path / "tidy.bddl"
    file.write_text(SCENE)
    environment = Environment(MujocoRobot(PandaModel()), BddlTask(file))
    yield environment
    environment.close()


def test_ways_of_putting_down_that_cannot_be_reached_cost_no_search_for_a_route(
    environment, monkeypatch
):
    looks = itertools.count()
    look = Preview.look

    def count(self, *arguments, **named):
        next(looks)
        return look(self, *arguments, **named)

    monkeypatch.setattr(Preview, "look", count)
    expert = environment.task.make_expert()
    observation, _ = environment.reset(seed=50_000)
    expert.reset("", 50_000)
    expert.select_action(observation)
    assert next(looks) < 1000  # about 120; 19,000 where a route is looked for first
