import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.rollout import run_episode
from robolearn.sim.bddl.problem import BddlError
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.suites import get_suite
from robolearn.sim.suites.bddl_suite import FILES
from robolearn.sim.tasks.bddl_task import BddlTask

STATE = "observation.environment_state"
TASKS = get_suite("cable_routing").task_ids


def make_environment(task_id="one_clip"):
    task = get_suite("cable_routing").make_task(task_id)
    return Environment(MujocoRobot(get_body_model("panda")), task)


def write_task(folder, old, new):
    """Copies the task of one clip with a change."""
    text = (FILES / "cable_routing" / "one_clip.bddl").read_text()
    assert old in text
    path = folder / "changed.bddl"
    path.write_text(text.replace(old, new))
    return path


def test_there_are_tasks_of_one_two_and_three_clips():
    assert {"one_clip", "two_clips", "three_clips"} <= set(TASKS)


@pytest.mark.parametrize("task_id", TASKS)
def test_the_same_seed_gives_the_same_start_and_another_one_another(task_id):
    first, second = make_environment(task_id), make_environment(task_id)
    start = first.reset(seed=3)[0][STATE]
    other = second.reset(seed=4)[0][STATE]
    np.testing.assert_array_equal(second.reset(seed=3)[0][STATE], start)
    assert np.abs(other - start).max() > 0.005


@pytest.mark.parametrize("task_id", TASKS)
def test_starts_lie_on_the_table_clear_of_all_clips(task_id):
    environment = make_environment(task_id)
    for seed in range(20):
        environment.reset(seed=seed)
        world, cable = environment.task.world, environment.task.scene.cables["cable_1"]
        assert world.data.ncon == 20  # each link on the table
        assert cable.points_w[:, 0].min() > 0.16
        assert not any(map(environment.task.judgement.holds, environment.task.problem.goal))


def test_actions_repeated_give_the_same_episode_bit_for_bit():
    first, second = make_environment(), make_environment()
    first.reset(seed=7)
    second.reset(seed=8)
    expert = first.task.make_expert()
    observation, _ = first.reset(seed=9)
    expert.reset("", 9)
    second.reset(seed=9)
    for _ in range(50):
        action = expert.select_action(observation)
        observation, *_ = first.step(action)
        again, *_ = second.step(action)
        np.testing.assert_array_equal(observation[STATE], again[STATE])


def test_the_state_is_that_of_socket_clips_and_ten_points_along_the_cable():
    environment = make_environment("two_clips")
    observation, _ = environment.reset(seed=5)
    scene = environment.task.scene
    channels = environment.task.observation_spec[STATE].channels
    values = dict(zip(channels, observation[STATE], strict=True))
    assert len(channels) == 3 * 3 + 10 * 3
    assert values["clip_2_x"] == pytest.approx(scene.things["clip_2"].position_w[0])
    assert values["cable_1_yaw"] == pytest.approx(scene.things["cable_1"].yaw_rad)
    tip_w = scene.cables["cable_1"].points_w[-1]
    assert [values[f"cable_1_point10_{axis}"] for axis in "xyz"] == pytest.approx(tip_w)


def test_the_scene_brings_its_own_physics():
    environment = make_environment()
    assert environment.task.world.timestep_s == 0.002
    environment.reset(seed=0)
    for _ in range(3):
        environment.step(np.float32(environment.robot.embodiment.home_position))
    assert environment.task.world.data.time == pytest.approx(0.15)
    assert environment.robot.clock.now_s() == pytest.approx(0.15)


def test_the_expert_routes_the_cable_through_one_clip_and_says_how():
    environment = make_environment()
    result = run_episode(environment, environment.task.make_expert(), seed=50000)
    assert result.success
    assert result.num_steps < 140
    assert [segment.skill for segment in result.segments] == ["grasp", "route"]
    assert all(segment.succeeded for segment in result.segments)
    assert result.segments[1].arguments == ("cable_1", "clip_1")
    assert sum(segment.num_steps for segment in result.segments) == result.num_steps


def test_the_expert_takes_the_cable_again_where_it_was_lost():
    environment = make_environment()
    expert = environment.task.make_expert()
    observation, _ = environment.reset(seed=50000)
    expert.reset("", 50000)
    cable, lost = environment.task.scene.cables["cable_1"], False
    while True:
        observation, _, terminated, truncated, info = environment.step(
            expert.select_action(observation)
        )
        if not lost and len(expert.get_segments()) == 2:
            cable.lay_out(np.random.default_rng(0))  # as if it had slipped out of the fingers
            lost = True
        if terminated or truncated:
            break
    assert info["is_success"]
    assert [s.succeeded for s in expert.get_segments() if s.skill == "route"] == [False, True]


def test_a_thing_that_is_no_cable_cannot_be_routed(tmp_path):
    path = write_task(tmp_path, "(Routed cable_1 clip_1)", "(Routed clip_1 clip_1)")
    with pytest.raises(BddlError, match=r"'routed' expects a cable and a clip, got 'clip_1'"):
        Environment(MujocoRobot(get_body_model("panda")), BddlTask(path))


def test_a_cable_is_routed_through_clips_alone(tmp_path):
    path = write_task(tmp_path, "(Routed cable_1 clip_1)", "(Routed cable_1 cable_1)")
    with pytest.raises(BddlError, match=r"'routed' expects a cable and a clip, got 'cable_1'"):
        Environment(MujocoRobot(get_body_model("panda")), BddlTask(path))
