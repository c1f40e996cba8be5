from __future__ import annotations

import math

import pytest

from robolearn.environment import Environment
from robolearn.sim.experts.skills.goals import find_spots_aside
from robolearn.sim.experts.skills.grasps import list_candidates
from robolearn.sim.experts.skills.hand import HandSkills
from robolearn.sim.models.panda import PandaModel
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.bddl_task import BddlTask

SCENE = """
(define (problem one)
  (:domain robosuite)
  (:language lift it)
  (:regions (region (:target main_table) (:ranges ((-0.06 -0.12 -0.06 -0.12)))))
  (:fixtures main_table - table)
  (:objects thing_1 - {category})
  (:init (On thing_1 main_table_region))
  (:goal (And (Up thing_1))))
"""


@pytest.fixture
def list_headings(tmp_path):
    """`list_headings(category, yaw_rad)`: directions of the fingers' line [rad], in order."""

    def find(category, yaw_rad):
        file = tmp_path / f"{category}.bddl"
        file.write_text(SCENE.format(category=category))
        environment = Environment(MujocoRobot(PandaModel()), BddlTask(file))
        environment.reset(seed=0)
        task = environment.task
        thing = task.scene.things["thing_1"]
        thing.place(thing.position_w, yaw_rad)
        task.world.forward()
        hand = HandSkills(task.make_expert().arm, task.scene)
        candidates = list_candidates(hand, thing, find_spots_aside(thing)[0])
        openings_w = [candidate.target.rotation[:, 2] for candidate in candidates]
        return [math.atan2(opening_w[1], opening_w[0]) for opening_w in openings_w]

    return find


@pytest.mark.parametrize("category", ["apple", "akita_black_bowl"])
def test_how_a_round_thing_is_taken_does_not_depend_on_its_turn(list_headings, category):
    assert list_headings(category, 0.0) == pytest.approx(list_headings(category, 0.7), abs=1e-6)


def test_a_hand_turns_with_a_box(list_headings):
    before, after = list_headings("butter", 0.0)[0], list_headings("butter", 0.4)[0]
    assert math.remainder(after - before - 0.4, math.pi) == pytest.approx(0.0, abs=1e-6)
