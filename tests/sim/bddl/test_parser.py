from pathlib import Path

import pytest

from robolearn.errors import RobolearnError
from robolearn.sim.bddl.parser import load_problem, parse_problem
from robolearn.sim.bddl.problem import BddlError, Rectangle

TEXT = """(define (problem Kitchen) ; a comment
  (:domain robosuite)
  (:language Put the bowl on the plate)
  (:regions
    (left (:target main_table) (:ranges ((-0.1 0.0 0.1 0.2) (0.2 0.0 0.3 0.1)))
          (:yaw_rotation ((0.5 -0.5))) (:rgba (1 0 0 0.5)))
    (top_region (:target cabinet_1))
    (nowhere (:target never_declared)))
  (:fixtures main_table - table cabinet_1 - wooden_cabinet)
  (:objects bowl_1 bowl_2 - akita_black_bowl plate_1 - plate)
  (:obj_of_interest bowl_1 plate_1)
  (:init (On bowl_1 main_table_left) (In bowl_2 cabinet_1_top_region))
  (:goal (And (On bowl_1 plate_1) (Open cabinet_1_top_region))))
"""


def test_a_file_is_read_whole():
    problem = parse_problem(TEXT)
    assert problem.name == "Kitchen"
    assert problem.language == "Put the bowl on the plate"
    assert list(problem.fixtures) == ["main_table", "cabinet_1"]
    assert {i.name: i.category for i in problem.objects.values()} == {
        "bowl_1": "akita_black_bowl",
        "bowl_2": "akita_black_bowl",
        "plate_1": "plate",
    }
    region = problem.regions["main_table_left"]
    assert region.rectangles == (Rectangle(-0.1, 0.0, 0.1, 0.2), Rectangle(0.2, 0.0, 0.3, 0.1))
    assert region.yaw_range_rad == (-0.5, 0.5)
    assert region.rgba == (1.0, 0.0, 0.0, 0.5)
    assert [str(relation) for relation in problem.goal] == [
        "on bowl_1 plate_1",
        "open cabinet_1_top_region",
    ]
    assert problem.interest == ("bowl_1", "plate_1")


def test_a_region_of_something_undeclared_is_left_out_if_nothing_names_it():
    assert "never_declared_nowhere" not in parse_problem(TEXT).regions
    with pytest.raises(BddlError, match="never_declared_nowhere"):
        parse_problem(TEXT.replace("(On bowl_1 plate_1)", "(On bowl_1 never_declared_nowhere)"))


def test_a_goal_may_be_one_relation_without_and():
    text = TEXT.replace(
        "(And (On bowl_1 plate_1) (Open cabinet_1_top_region))", "(On bowl_1 bowl_2)"
    )
    assert [str(relation) for relation in parse_problem(text).goal] == ["on bowl_1 bowl_2"]


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ("(And (On bowl_1 plate_1)", "(And (On bowl_1 plat_1)", 13, 26, "Did you mean 'plate_1'"),
        (
            "(And (On bowl_1 plate_1)",
            "(And (Upon bowl_1 plate_1)",
            13,
            16,
            "unknown keyword 'Upon'",
        ),
        ("(And (On bowl_1 plate_1)", "(And (On bowl_1)", 13, 15, "'on' takes 2 names"),
        ("(-0.1 0.0 0.1 0.2)", "(-0.1 0.0 0.1)", 5, 42, "expected 4 numbers, got 3"),
        ("(-0.1 0.0 0.1 0.2)", "(-0.1 0.0 far 0.2)", 5, 52, "expected a number, got 'far'"),
        ("(-0.1 0.0 0.1 0.2)", "(-0.1 0.0 inf 0.2)", 5, 52, "expected a number, got 'inf'"),
        ("(-0.1 0.0 0.1 0.2)", "(0.1 0.0 -0.1 0.2)", 5, 42, "nothing fits into this rectangle"),
        ("bowl_1 bowl_2 - ak", "bowl_1 bowl_1 - ak", 10, 20, "declared twice"),
        ("plate_1 - plate)", "plate_1)", 10, 46, "expected '- category'"),
        ("(:fixtures main", "(:fixtures bowl_2 - plate main", 10, 20, "as a fixture already"),
        ("(:domain robosuite)", "", 1, 1, "expected a section (:domain"),
        ("(:language Put the bowl on the plate)", "(:language)", 3, 3, "expected an instruction"),
        ("(:init", "(:goal (On bowl_1 plate_1))\n(:init", 14, 3, "a second :goal"),
        ("(:obj_of_interest", "(:things", 11, 4, "Did you mean"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old, new, line, column, words):
    assert old in TEXT
    with pytest.raises(BddlError) as caught:
        parse_problem(TEXT.replace(old, new, 1), "task.bddl")
    assert str(caught.value).startswith(f"task.bddl:{line}:")
    assert caught.value.location.column == column
    assert words in str(caught.value)


def test_a_missing_parenthesis_is_told_where_it_was_opened():
    with pytest.raises(BddlError, match="never closed") as caught:
        parse_problem(TEXT.rstrip()[:-1], "task.bddl")
    assert (caught.value.location.line, caught.value.location.column) == (1, 1)


def test_a_parenthesis_too_many_is_told_where_it_stands():
    with pytest.raises(BddlError, match="closes nothing") as caught:
        parse_problem(TEXT + "  )\n", "task.bddl")
    assert (caught.value.location.line, caught.value.location.column) == (14, 3)


@pytest.mark.parametrize("text", ["", "define", "()", "(define)", "(" * 5000, "(a) (b)"])
def test_what_is_no_task_at_all_is_refused(text):
    with pytest.raises(BddlError):
        parse_problem(text)


def test_nothing_is_evaluated():
    with pytest.raises(BddlError, match="expected"):
        parse_problem(TEXT.replace("(0.5 -0.5)", "(__import__('os').getcwd() 1)"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(RobolearnError, match=r"missing\.bddl"):
        load_problem(tmp_path / "missing.bddl")
    (tmp_path / "bytes.bddl").write_bytes(b"\xff\xfe(define")
    with pytest.raises(RobolearnError, match=r"bytes\.bddl"):
        load_problem(tmp_path / "bytes.bddl")
