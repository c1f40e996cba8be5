"""Our suites of BDDL files: written from scenes, each file good, each instruction clear."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.errors import UnknownNameError
from robolearn.rollout import run_episode
from robolearn.sim.bddl.problem import Problem
from robolearn.sim.bddl.writer import write_problem
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.suites import get_suite
from robolearn.sim.suites.authored import list_authored, make_problems, write_suite

SIZES = {"spatial": 10, "object": 10, "goal": 10, "long": 10, "tabletop90": 90, "reset_free": 16}
MOVED_M = 0.001  # what is set down as the file says settles by less
PAIRS = [name for name in get_suite("reset_free").task_ids if not name.endswith("_back")]


@pytest.fixture(scope="module", name="robot")
def _robot():
    return MujocoRobot(get_body_model("panda"))


def wait(environment, num_steps):
    home = np.array(environment.robot.embodiment.home_position, np.float32)
    for _ in range(num_steps):
        environment.step(home)


def get_positions(task):
    things = task.scene.things.values()
    return np.array([thing.position_w for thing in things])


def describe_scene(problem: Problem):
    """What a person sees before a goal is named."""
    return tuple(sorted(problem.instances)), tuple(sorted(map(str, problem.init)))


def test_the_suites_have_their_sizes():
    assert sorted(SIZES) == list(list_authored())
    assert {name: len(get_suite(name).task_ids) for name in SIZES} == SIZES


@pytest.mark.parametrize("suite", list_authored())
def test_the_files_are_what_the_scenes_say(suite):
    """Who changes a scene writes the files anew: `robolearn suite write`."""
    folder = get_suite(suite).folder
    written = {path.stem: path.read_text("utf-8") for path in folder.glob("*.bddl")}
    assert written == {name: write_problem(p) for name, p in make_problems(suite).items()}


@pytest.mark.parametrize("suite", list_authored())
def test_an_instruction_means_one_goal_in_its_scene(suite):
    goals = defaultdict(set)
    for problem in make_problems(suite).values():
        goals[describe_scene(problem), problem.language].add(problem.goal)
        assert problem.language == problem.language.strip()
        assert problem.interest
    assert all(len(found) == 1 for found in goals.values())


def test_tasks_are_named_once_across_suites():
    names = Counter(f"{suite}/{name}" for suite in SIZES for name in get_suite(suite).task_ids)
    assert max(names.values()) == 1


def test_ninety_tasks_come_in_twenty_scenes_of_many_things():
    problems = make_problems("tabletop90")
    scenes = {name.split("_scene")[0] + name.split("_scene")[1].split("_")[0] for name in problems}
    assert len(scenes) == 20
    objects = {i.category for p in problems.values() for i in p.objects.values()}
    assert len(objects) >= 20
    verbs = {p.language.split()[0] for p in problems.values()}
    assert verbs >= {"put", "stack", "open", "close", "turn", "press", "push"}
    predicates = {r.predicate for p in problems.values() for r in p.goal}
    assert predicates >= {"on", "in", "open", "close", "turnon", "turnoff", "pressed"}


@pytest.mark.parametrize("suite", list_authored())
def test_starts_are_at_rest_with_the_goal_to_be_reached(suite, robot):
    """Nothing stands in anything else, or in the air: then it would move."""
    found = get_suite(suite)
    for task_id in found.task_ids:
        task = found.make_task(task_id)
        environment = Environment(robot, task)
        for seed in range(3):
            environment.reset(seed=seed)
            before = get_positions(task)
            wait(environment, num_steps=5)
            assert not task.is_goal_reached(), (task_id, seed)
            assert np.abs(get_positions(task) - before).max() < MOVED_M, (task_id, seed)


@pytest.mark.parametrize("name", PAIRS)
def test_the_goal_of_a_task_is_where_its_inverse_begins(name, robot):
    suite = get_suite("reset_free")
    partner = suite.partner_of(name)
    assert suite.partner_of(partner) == name
    problems = {task_id: make_problems("reset_free")[task_id] for task_id in (name, partner)}
    for task_id, other in ((name, partner), (partner, name)):
        assert set(problems[task_id].goal) <= set(problems[other].init)
        task, inverse = suite.make_task(task_id), suite.make_task(other)
        assert task.problem.instances == inverse.problem.instances
        environment = Environment(robot, inverse)
        for seed in range(3):
            environment.reset(seed=seed)
            wait(environment, num_steps=10)
            # What the inverse begins with is judged by the task: reached, and not for the inverse.
            task.find_parts(inverse.world)
            assert task.is_goal_reached()
            assert not inverse.is_goal_reached()


def test_one_can_go_on_where_the_other_ended(robot):
    """An inverse begins in the very world in which the task was solved, without a reset."""
    suite = get_suite("reset_free")
    task, inverse = suite.make_task("stack_red_block"), suite.make_task("stack_red_block_back")
    environment = Environment(robot, task)
    assert run_episode(environment, task.make_expert(), seed=3).success
    inverse.find_parts(task.world)
    assert not inverse.is_goal_reached()


def test_a_task_of_no_pair_has_no_partner():
    with pytest.raises(UnknownNameError, match="Did you mean 'open_drawer'"):
        get_suite("reset_free").partner_of("open_drawers")


def test_a_suite_written_elsewhere_drops_tasks_that_are_no_more(tmp_path):
    (tmp_path / "object").mkdir()
    (tmp_path / "object" / "old.bddl").write_text("")
    folder = write_suite("object", tmp_path)
    assert len(list(folder.glob("*.bddl"))) == 10
    with pytest.raises(UnknownNameError, match="recipes"):
        write_suite("tracks", tmp_path)
