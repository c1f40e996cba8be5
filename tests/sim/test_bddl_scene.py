import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.sim.bddl.parser import parse_problem
from robolearn.sim.bddl.problem import BddlError
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.bddl_task import BddlTask

TEXT = """(define (problem Kitchen) (:domain robosuite) (:language do it)
  (:regions
    (left (:target main_table) (:ranges ((-0.1 0.1 0.0 0.2))) (:rgba (0 0 1 1)))
    (right (:target main_table) (:ranges ((-0.1 -0.1 0.0 0.0))))
    (back (:target main_table) (:ranges ((0.1 -0.35 0.1 -0.35))) (:yaw_rotation ((3.14 3.14))))
    (top_region (:target cabinet_1)) (top_side (:target cabinet_1)))
  (:fixtures main_table - table cabinet_1 - wooden_cabinet)
  (:objects can_1 - alphabet_soup plate_1 - plate bowl_1 - akita_black_bowl can_2 - tomato_sauce)
  (:init (On can_1 main_table_left) (On plate_1 main_table_right) (On cabinet_1 main_table_back)
         (On bowl_1 plate_1) (In can_2 cabinet_1_top_region) (Open cabinet_1_top_region))
  (:goal (And (On can_1 plate_1))))
"""


def make(tmp_path, body="panda"):
    (tmp_path / "task.bddl").write_text(TEXT)
    task = BddlTask(tmp_path / "task.bddl")
    return Environment(MujocoRobot(get_body_model(body)), task), task


@pytest.mark.parametrize("body", ["panda", "so101", "koch"])
def test_starts_are_as_the_file_says_and_stay_so(tmp_path, body):
    environment, task = make(tmp_path, body)
    scene = task.scene
    home = np.array(environment.robot.embodiment.home_position, np.float32)
    for seed in range(5):
        environment.reset(seed=seed)
        before = {name: thing.position_w for name, thing in scene.things.items()}
        for relation in task.problem.init[:5]:
            name, where = relation.arguments
            if where in scene.places:
                assert scene.places[where].contains(scene.things[name].center_w, slack_m=1e-6)
        assert scene.find_parts("cabinet_1_top_region")[0].is_open
        for _ in range(10):
            environment.step(home)
        for name, thing in scene.things.items():
            assert np.abs(thing.position_w - before[name]).max() < 0.004 * scene.scale


def test_the_same_seed_gives_the_same_start_and_others_differ(tmp_path):
    environment, task = make(tmp_path)
    starts = []
    for seed in (1, 2, 1):
        environment.reset(seed=seed)
        starts.append(task.world.data.qpos.copy())
    assert (starts[0] == starts[2]).all()
    assert (starts[0] != starts[1]).any()


def test_a_small_arm_has_the_same_scene_smaller(tmp_path):
    places = {}
    for body in ("panda", "so101"):
        environment, task = make(tmp_path, body)
        environment.reset(seed=0)
        places[body] = task.scene.things["can_1"].position_w
    assert places["so101"] == pytest.approx(0.4 * places["panda"], abs=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("can_2 - tomato_sauce", "can_2 - tomato_soss", 8, "Did you mean 'tomato_sauce'"),
        ("main_table - table", "main_table - plate", 7, "expected one workspace"),
        ("(-0.1 0.1 0.0 0.2)", "(-0.1 0.7 0.0 0.8)", 3, "lies beside the table"),
        ("(top_region (:", "(tip_region (:", 6, "Did you mean 'top_region'"),
        ("(On can_1 main_table_left) ", "", 8, "nothing in :init says where 'can_1' is"),
        ("(On bowl_1 plate_1)", "(On bowl_1 plate_1) (On bowl_1 main_table_left)", 10, "a second"),
        ("(On plate_1 main_table_right)", "(On plate_1 bowl_1)", 9, "stands on itself"),
        ("(On can_1 main_table_left)", "(On can_1 main_table)", 9, "expected a region"),
        ("(-0.1 0.1 0.0 0.2)", "(-0.01 -0.05 0.0 -0.05)", 9, "no room for"),
    ],
)
def test_what_cannot_be_set_out_is_told_with_its_place(old, new, line, words):
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    if "tip_region" in text:
        text = text.replace("cabinet_1_top_region", "cabinet_1_tip_region")
    if "no room" in words:
        text = text.replace("(-0.1 -0.1 0.0 0.0)", "(-0.01 -0.05 0.0 -0.05)")
    with pytest.raises(BddlError, match=words) as caught:
        BddlScene(parse_problem(text, "task.bddl"), 1.0)
    assert caught.value.location.line == line
