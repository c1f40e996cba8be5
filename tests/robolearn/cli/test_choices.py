import pytest

from robolearn.cli.choices import (
    add_usual_task,
    check_complete,
    check_overrides,
    compose_config,
    list_groups,
)
from robolearn.errors import RobolearnError, UnknownNameError


def test_groups_are_the_folders_of_configs():
    groups = list_groups()
    assert "pick_place" in groups["task"]
    assert "so101_sim" in groups["robot"]
    assert {"bc_images", "bc_state"} <= set(groups["policy"])


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("task=pick_plaice", "pick_place"),
        ("robot=so102_sim", "so101_sim"),
        ("episods=5", "episodes"),
        ("robot.camera=[front]", "cameras"),
    ],
)
def test_unknown_names_list_what_exists_and_the_nearest(word, nearest):
    with pytest.raises(UnknownNameError, match=f"Did you mean '{nearest}'"):
        check_overrides("record", [word])


def test_a_sweep_is_checked_choice_by_choice():
    check_overrides("train", ["policy=bc_images,bc_state", "seed=0,1,2"])
    with pytest.raises(UnknownNameError, match="bc_stat'"):
        check_overrides("train", ["policy=bc_images,bc_stat"])


def test_options_of_the_chosen_group_are_known():
    check_overrides("record", ["robot=so101_sim_perturbed", "robot.max_sd_rad=0.1"])
    with pytest.raises(UnknownNameError, match="max_sd_rad"):
        check_overrides("record", ["robot.max_sd_rad=0.1"])


def test_an_unreadable_word_is_refused_in_one_sentence():
    with pytest.raises(RobolearnError, match="cannot read"):
        check_overrides("record", ["cameras=[front"])


def test_missing_options_are_named():
    config = compose_config("record", [])
    with pytest.raises(RobolearnError, match="record needs dataset="):
        check_complete("record", config)
    check_complete("record", compose_config("record", ["dataset=x"]))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("updates=many", "updates takes a whole number, got 'many'"),
        ("updates=1.5", "updates takes a whole number, got 1.5"),
        ("updates=true", "updates takes a whole number, got True"),
        ("seed=0,one", "seed takes a whole number, got 'one'"),
        ("resume=perhaps", "resume takes true or false, got 'perhaps'"),
        ("data.validation_fraction=half", "takes a number, got 'half'"),
    ],
)
def test_a_word_where_a_number_is_meant_is_refused(word, meant):
    with pytest.raises(RobolearnError, match=meant):
        check_overrides("train", [word])


@pytest.mark.parametrize(
    "word",
    ["updates=5", "data.validation_fraction=1", "threads=2", "output=5", "updates=${batch_size}"],
)
def test_what_fits_is_taken(word):
    check_overrides("train", [word])


def test_a_choice_that_a_command_does_not_take_is_refused():
    with pytest.raises(UnknownNameError, match=r"unknown choice 'scene' for doctor; known: robot"):
        check_overrides("doctor", ["robot=so101", "scene=twin"])


def test_a_car_drives_where_nobody_names_a_task():
    assert add_usual_task("record", ["robot=rc_car"]) == ["task=drive_laps", "robot=rc_car"]
    assert add_usual_task("record", ["robot=rc_car", "task=own"]) == ["robot=rc_car", "task=own"]
    assert add_usual_task("record", ["robot=so101"]) == ["robot=so101"]
    assert add_usual_task("doctor", ["robot=rc_car"]) == ["robot=rc_car"]
