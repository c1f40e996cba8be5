import pytest

from robolearn.errors import UnknownNameError
from robolearn.sim.suites import describe_task, get_suite, list_suites, make_task


def test_every_suite_lists_tasks_with_names_of_their_own():
    for name, suite in list_suites().items():
        assert suite.name == name
        assert suite.version >= 1
        assert len(set(suite.task_ids)) == len(suite.task_ids) > 0


def test_a_task_is_named_after_its_suite_and_described():
    description = describe_task("tracks", "carpet_clockwise")
    task = make_task("tracks", "carpet_clockwise")
    assert task.name == description.name == "tracks/carpet_clockwise"
    assert task.instruction == description.instruction
    assert description.goal == ("2 laps, past every checkpoint in order",)


def test_what_a_person_sets_goes_before_the_tasks_own():
    task = make_task("tracks", "carpet_clockwise", instruction="Go.", time_limit_s=3.0)
    assert (task.instruction, task.time_limit_s) == ("Go.", 3.0)


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'tracks'"):
        get_suite("track")
    with pytest.raises(UnknownNameError, match="Did you mean 'carpet_clockwise'"):
        make_task("tracks", "carpet_clockwize")
    with pytest.raises(UnknownNameError, match="known: fresh, stored"):
        make_task("tracks", "carpet_clockwise", starts="old")
