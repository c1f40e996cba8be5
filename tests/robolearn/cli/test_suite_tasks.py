import pytest

from robolearn.cli.assemble import load_environment
from robolearn.cli.choices import compose_config
from robolearn.cli.suite_tasks import expand_suite_task
from robolearn.errors import RobolearnError, UnknownNameError

TEXT = """(define (problem Desk) (:domain robosuite) (:language it's done)
  (:regions (left (:target main_table) (:ranges ((-0.1 0.1 0.0 0.2)))))
  (:fixtures main_table - table) (:objects can_1 - alphabet_soup)
  (:init (On can_1 main_table_left)) (:goal (Up can_1)))
"""


def test_a_task_of_a_suite_brings_its_robot_words_and_time_limit():
    words = expand_suite_task(["task=tracks/wood_clockwise", "episodes=3"], "evaluate")
    config = compose_config("evaluate", words)
    assert config.robot.body._target_.endswith("RcCarModel")
    assert config.scene.instruction == "Drive two laps clockwise round the wooden track."
    assert config.scene.name == "tracks/wood_clockwise"
    assert config.task.time_limit_s == 65.0
    assert config.episodes == 3


def test_a_robot_that_is_named_stays():
    words = expand_suite_task(["task=tracks/wood_clockwise", "robot=rc_car"], "evaluate")
    assert [word for word in words if word.startswith("robot=")] == ["robot=rc_car"]


def test_a_bddl_file_is_a_task_with_its_own_words(tmp_path):
    file = tmp_path / "lift it.bddl"
    file.write_text(TEXT)
    words = expand_suite_task([f"task={file}"], "evaluate")
    config = compose_config("evaluate", words)
    assert config.scene.name == "lift it"
    assert config.scene.instruction == "it's done"
    environment = load_environment(str(file), "so101_sim")
    environment.reset(seed=0)
    assert environment.task.instruction == "it's done"
    environment.close()


def test_other_lines_stay_as_they_are():
    for words in (["task=stack", "robot=so101_sim"], ["episodes=3"]):
        assert expand_suite_task(words, "evaluate") == words


def test_what_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'tracks'"):
        expand_suite_task(["task=track/wood_clockwise"], "evaluate")
    with pytest.raises(RobolearnError, match=r"none\.bddl cannot be read"):
        expand_suite_task([f"task={tmp_path}/none.bddl"], "evaluate")
