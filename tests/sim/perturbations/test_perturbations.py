import itertools

import numpy as np
import pytest

from robolearn.cli.assemble import load_environment
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, RobolearnError, UnknownNameError
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.perturbations import AXES, perturb
from robolearn.sim.perturbations.wording import Wording
from robolearn.sim.suites.starts import collect_starts
from robolearn.sim.tasks.bddl_task import BddlTask

TEXT = """(define (problem Kitchen) (:domain robosuite) (:language put the bowl on the plate)
  (:regions
    (left (:target main_table) (:ranges ((-0.1 0.1 0.0 0.2))))
    (right (:target main_table) (:ranges ((-0.1 -0.1 0.0 0.0))))
    (top_region (:target cabinet_1))
    (back (:target main_table) (:ranges ((0.1 -0.35 0.1 -0.35))) (:yaw_rotation ((3.14 3.14)))))
  (:fixtures main_table - table cabinet_1 - wooden_cabinet)
  (:objects bowl_1 - akita_black_bowl plate_1 - plate can_1 - alphabet_soup can_2 - tomato_sauce)
  (:init (On plate_1 main_table_right) (On cabinet_1 main_table_back) (On bowl_1 main_table_left)
         (On can_1 plate_1) (In can_2 cabinet_1_top_region) (Open cabinet_1_top_region))
  (:goal (And (On bowl_1 plate_1))))
"""


@pytest.fixture
def make(tmp_path):
    (tmp_path / "task.bddl").write_text(TEXT)

    def make(strengths, body="panda"):
        task = BddlTask(tmp_path / "task.bddl")
        perturb(task, strengths)
        return Environment(MujocoRobot(get_body_model(body)), task), task

    return make


def positions_of(task):
    return {name: thing.position_w for name, thing in task.scene.things.items()}


def test_nothing_changes_at_strength_zero(make):
    environment, task = make(dict.fromkeys(AXES, 0.0))
    assert task.perturbations == ()
    plain, _ = make({})
    one, other = environment.reset(seed=3)[0], plain.reset(seed=3)[0]
    assert all((one[key] == other[key]).all() for key in one)


@pytest.mark.parametrize("axis", AXES)
def test_the_same_seed_perturbs_alike_and_another_otherwise(make, axis):
    environment, task = make({axis: 0.7})
    model, data = task.world.model, task.world.data

    def reset(seed):
        environment.reset(seed=seed)
        numbers = (
            model.cam_pos,
            model.light_diffuse,
            model.light_dir,
            model.geom_rgba,
            data.qpos,
        )
        return np.concatenate([part.ravel().copy() for part in numbers]), task.instruction

    first, second, again = reset(1), reset(2), reset(1)
    assert (first[0] == again[0]).all()
    assert first[1] == again[1]
    assert (first[0] != second[0]).any()


@pytest.mark.parametrize("axis", ["camera", "light", "texture", "start_pose", "wording"])
def test_these_axes_leave_every_thing_in_its_place(make, axis):
    plain, plain_task = make({})
    environment, task = make({axis: 1.0})
    for seed in range(3):
        plain.reset(seed=seed)
        environment.reset(seed=seed)
        before, after = positions_of(plain_task), positions_of(task)
        assert all((before[name] == after[name]).all() for name in before)


def test_one_axis_does_not_change_what_another_draws(make):
    alone, alone_task = make({"camera": 1.0})
    both, both_task = make({"light": 0.5, "camera": 1.0})
    alone.reset(seed=5)
    both.reset(seed=5)
    assert (alone_task.world.model.cam_pos == both_task.world.model.cam_pos).all()


def test_cameras_move_with_the_strength_and_look_at_the_same_point(make):
    plain, plain_task = make({})
    plain.reset(seed=0)
    front = plain_task.world.model.camera("front").pos.copy()
    distances = []
    for strength in (0.1, 1.0):
        environment, task = make({"camera": strength})
        moved = []
        for seed in range(8):
            environment.reset(seed=seed)
            camera = task.world.data.camera("front")
            ahead = -camera.xmat.reshape(3, 3)[:, 2]
            target = camera.xpos - camera.xpos[2] / ahead[2] * ahead
            assert target[:2] == pytest.approx([0.45, 0.0], abs=1e-3)
            moved.append(np.linalg.norm(camera.xpos - front))
        distances.append(np.mean(moved))
    assert distances[0] < 0.2 * distances[1]


def test_the_overview_for_people_stays(make):
    environment, task = make({"camera": 1.0})
    before = task.world.model.camera("overview").pos.copy()
    environment.reset(seed=0)
    assert (task.world.model.camera("overview").pos == before).all()


def test_distractors_touch_nothing_and_are_not_observed(make):
    plain, _ = make({})
    environment, task = make({"distractors": 1.0})
    assert environment.observation_spec == plain.observation_spec
    (distractors,) = task.perturbations
    laid_out = 0
    for seed in range(10):
        environment.reset(seed=seed)
        table = task.scene.workspace_geoms
        own, others = distractors._own, ~(distractors._own | table)
        assert not task.world.touches(own, others)
        laid_out += sum(thing.position_w[2] > -1 for thing in distractors._things)
    assert laid_out >= 30  # of 40


def test_nothing_of_the_scene_can_be_mistaken_for_a_distractor(tmp_path):
    file = tmp_path / "apples.bddl"
    file.write_text(TEXT.replace("akita_black_bowl", "apple"))
    task = BddlTask(file)
    perturb(task, {"distractors": 1.0})
    Environment(MujocoRobot(get_body_model("panda")), task)
    (distractors,) = task.perturbations
    names = [category.name for category in distractors._categories]
    assert len(names) == 4
    assert "apple" not in names


@pytest.mark.parametrize("task", ["cable_routing/one_clip", "tracks/asphalt_clockwise"])
def test_positions_are_refused_where_nothing_lies_about(task):
    with pytest.raises(IncompatibleError, match=r"perturb\.positions"):
        load_environment(task, **{"perturb.positions": 0.5})


def test_shifted_things_carry_what_is_on_them_and_what_is_in_furniture_stays(make):
    plain, plain_task = make({})
    environment, task = make({"positions": 1.0})
    shifts = []
    for seed in range(10):
        plain.reset(seed=seed)
        environment.reset(seed=seed)
        before, after = positions_of(plain_task), positions_of(task)
        shift = {name: after[name] - before[name] for name in before}
        assert shift["can_1"] == pytest.approx(shift["plate_1"], abs=1e-9)
        assert (shift["can_2"] == 0).all()
        assert (shift["cabinet_1"] == 0).all()
        assert max(np.abs(value).max() for value in shift.values()) <= 0.06
        shifts.append(np.abs(shift["bowl_1"][:2]).max())
    assert np.mean(shifts) > 0.015


def test_stored_starts_hold_for_the_perturbed_task_too(make):
    plain, plain_task = make({})
    starts = collect_starts(plain, range(3))
    environment, task = make({"distractors": 1.0, "texture": 1.0})
    task.stored_starts = starts
    for seed in range(3):
        plain.reset(seed=seed)
        environment.reset(seed=seed)
        before, after = positions_of(plain_task), positions_of(task)
        assert all(np.allclose(before[name], after[name], atol=1e-12) for name in before)


def test_a_start_pose_is_for_arms():
    with pytest.raises(IncompatibleError, match="rc_car is no arm"):
        load_environment("drive_laps", "rc_car_sim", perturb__start_pose=0.5)


def test_strengths_and_axes_are_checked(make):
    with pytest.raises(RobolearnError, match=r"perturb\.light takes 0 to 1, got 1\.5"):
        make({"light": 1.5})
    with pytest.raises(UnknownNameError, match="Did you mean 'light'"):
        make({"lihgt": 0.5})


def test_more_strength_changes_more_words():
    rng = np.random.default_rng
    text = "put the red block on the stove"
    one_word = {Wording(0.2).reword(text, rng(seed)) for seed in range(20)}
    assert all(
        sum(a != b for a, b in zip(text.split(), new.split(), strict=False)) == 1
        for new in one_word
    )
    framed = Wording(0.5).reword(text, rng(0))
    assert text not in framed
    assert len(framed) > len(text)
    for new in (Wording(1.0).reword(text, rng(seed)) for seed in range(10)):
        assert not any(word in new.split() for word in ("put", "red", "block", "stove"))


def test_no_two_rows_of_synonyms_share_a_word():
    from robolearn.sim.perturbations.wording import SYNONYMS

    for row, other in itertools.combinations(SYNONYMS, 2):
        assert not set(row) & set(other)
