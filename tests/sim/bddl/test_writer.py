from dataclasses import replace

import pytest

from robolearn.errors import RobolearnError
from robolearn.sim.bddl.parser import parse_problem
from robolearn.sim.bddl.problem import Relation
from robolearn.sim.bddl.writer import write_problem
from robolearn.sim.suites.generator import generate

# As others write it: capitals, several rectangles, unsorted yaw, comments, awkward numbers.
OTHERS = """(define (problem LIBERO_Kitchen)
  (:domain robosuite)
  (:language Put the bowl, please, on the plate)
  (:regions
    (left (:target main_table) (:ranges ((-0.1 0.0 0.1 0.2) (0.2 0 0.30000000000000004 1e-1)))
          (:yaw_rotation ((0.5 -0.5))) (:rgba (1 0 0 0.5)))  ; a comment
    (top_region (:target cabinet_1)))
  (:fixtures main_table - table cabinet_1 - wooden_cabinet)
  (:objects bowl_1 bowl_2 - akita_black_bowl plate_1 - plate bowl_3 - akita_black_bowl)
  (:obj_of_interest bowl_1 plate_1)
  (:init (On bowl_1 main_table_left) (In bowl_2 cabinet_1_top_region) (Turnon cabinet_1))
  (:goal (And (ON bowl_1 plate_1) (Open cabinet_1_top_region))))
"""


def test_what_is_written_is_read_as_the_same_problem():
    problem = parse_problem(OTHERS)
    again = parse_problem(write_problem(problem))
    assert again == problem
    # Mappings compare without order, and the order is that of the privileged state.
    assert list(again.instances) == list(problem.instances)
    assert list(again.regions) == list(problem.regions)


def test_generated_problems_survive_writing_too():
    for seed in range(50):
        problem = generate(seed)
        again = parse_problem(write_problem(problem))
        assert again == problem
        assert list(again.instances) == list(problem.instances)


def test_writing_twice_gives_the_same_text():
    text = write_problem(parse_problem(OTHERS))
    assert write_problem(parse_problem(text)) == text


@pytest.mark.parametrize("language", ["put it (there)", "one; two", "two  spaces", ""])
def test_words_that_would_not_be_read_back_are_refused(language):
    with pytest.raises(RobolearnError, match="cannot stand in a BDDL file"):
        write_problem(replace(parse_problem(OTHERS), language=language))


def test_a_relation_without_arguments_is_written():
    problem = replace(parse_problem(OTHERS), goal=(Relation("true", ()),))
    assert parse_problem(write_problem(problem)).goal == problem.goal
