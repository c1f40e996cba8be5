from collections import Counter

import numpy as np

from robolearn.environment import Environment
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.suites.generator import generate, generate_text
from robolearn.sim.tasks.bddl_task import BddlTask

MANY = range(300)


def test_a_seed_gives_the_same_task_again():
    assert [generate_text(seed) for seed in range(30)] == [generate_text(s) for s in range(30)]
    assert len({generate_text(seed) for seed in range(30)}) == 30


def test_tasks_are_of_many_kinds():
    problems = [generate(seed) for seed in MANY]
    predicates = Counter(r.predicate for p in problems for r in p.goal)
    assert set(predicates) == {"on", "in", "open", "close", "turnon", "turnoff"}
    assert min(predicates.values()) >= 5
    assert {len(p.goal) for p in problems} == {1, 2}
    assert {len(p.objects) for p in problems} >= {2, 3, 4, 5, 6}
    assert len({i.category for p in problems for i in p.objects.values()}) >= 25


def test_no_two_things_share_a_name_in_words():
    for seed in MANY:
        problem = generate(seed)
        categories = [instance.category for instance in problem.instances.values()]
        assert len(set(categories)) == len(categories)


def test_what_is_asked_for_is_named():
    for seed in MANY:
        problem = generate(seed)
        assert set(problem.interest) <= set(problem.instances)
        assert len(problem.goal) == 1 + any(
            f" and {verb} " in problem.language
            for verb in ("put the", "place the", "pick", "open", "close", "turn", "switch")
        )


def test_generated_tasks_begin_at_rest_with_the_goal_to_be_reached(tmp_path):
    robot = MujocoRobot(get_body_model("panda"))
    home = np.array(robot.embodiment.home_position, np.float32)
    for seed in range(20):
        path = tmp_path / f"{seed}.bddl"
        path.write_text(generate_text(seed))
        task = BddlTask(path)
        environment = Environment(robot, task)
        environment.reset(seed=seed)
        before = [thing.position_w for thing in task.scene.things.values()]
        for _ in range(5):
            environment.step(home)
        after = [thing.position_w for thing in task.scene.things.values()]
        assert not task.is_goal_reached(), seed
        assert np.abs(np.subtract(after, before)).max() < 0.001, seed
