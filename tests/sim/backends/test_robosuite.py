"""robosuite behind our interface: a sample here, every task and arm in the slow walk below."""

import logging
import os
import subprocess
import sys

import numpy as np
import pytest

from robolearn import keys
from robolearn.environment import Environment
from robolearn.errors import (
    IncompatibleError,
    MissingDependencyError,
    RobolearnError,
    UnknownNameError,
)
from robolearn.sim.backends import robosuite_package
from robolearn.sim.backends.robosuite import RobosuiteRobot, RobosuiteTask
from robolearn.sim.backends.robosuite_world import RobosuiteWorld
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.rendering import find_back_end
from robolearn.testing import check_environment

pytest.importorskip("robosuite")

ARMS = {"IIWA", "Jaco", "Kinova3", "Panda", "Sawyer", "UR5e"}
TASKS = {"Lift", "Stack", "PickPlaceCan", "NutAssemblySquare", "Door", "Wipe", "ToolHang"}


def make_environment(task="Lift", arm="Panda", cameras=(), time_limit_s=1.0, **options):
    robot = RobosuiteRobot(arm, cameras, image_height_px=48, image_width_px=64)
    return Environment(robot, RobosuiteTask(task, time_limit_s, **options))


def make_actions(environment, count=12, share=0.5):
    shape = (count, *environment.action_spec.shape)
    return np.random.default_rng(0).uniform(-share, share, shape).astype(np.float32)


def start(world, seed):
    world.reset(seed)
    return world.get_environment_state().tolist()


@pytest.fixture(scope="module")
def other_process():
    """A process that loads robosuite, complains of any warning, and prints a few starts."""
    program = (
        "import os, warnings\n"
        "warnings.simplefilter('error', UserWarning)\n"
        "from robolearn.sim.backends.robosuite_world import RobosuiteWorld\n"
        "world = RobosuiteWorld('NutAssemblySingle', 'Panda')\n"
        "assert 'MUJOCO_GL' not in os.environ\n"
        "def start(seed):\n"
        "    world.reset(seed)\n"
        "    return world.get_environment_state().tolist()\n"
        "print([start(seed) for seed in range(6)])\n"
    )
    variables = {key: value for key, value in os.environ.items() if key != "MUJOCO_GL"}
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**variables, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("task", "arm"), [("Lift", "Panda"), ("Wipe", "UR5e"), ("NutAssemblySingle", "Jaco")]
)
def test_it_keeps_every_promise_of_an_environment(task, arm):
    check_environment(lambda: make_environment(task, arm))


def test_the_tasks_and_arms_that_people_know_are_there_and_two_armed_ones_are_not():
    assert set(robosuite_package.list_tasks()) >= TASKS
    assert set(robosuite_package.list_arms()) >= ARMS
    assert not any("TwoArm" in name for name in robosuite_package.list_tasks())
    assert "Baxter" not in robosuite_package.list_arms()


@pytest.mark.parametrize("options", [{}, {"reward_shaping": True, "hard_reset": True}])
def test_observations_and_rewards_are_those_of_robosuites_own_loop(options):
    import robosuite

    robosuite_package.load_robosuite()
    environment = make_environment("Stack", **options)
    own = robosuite.make(
        "Stack",
        robots="Panda",
        has_renderer=False,
        has_offscreen_renderer=False,
        use_camera_obs=False,
        seed=0,
        **{"hard_reset": False, **options},
    )
    own.rng.bit_generator.state = np.random.default_rng(7).bit_generator.state
    theirs = own.reset()
    ours, _ = environment.reset(seed=7)
    for action in make_actions(environment):
        assert np.array_equal(ours[keys.ENVIRONMENT_STATE], np.float32(theirs["object-state"]))
        state = [theirs[f"robot0_{k}"] for k in ("joint_pos", "eef_pos", "eef_quat")]
        state = np.float32(np.concatenate([*state, theirs["robot0_gripper_qpos"]]))
        assert np.array_equal(ours[keys.STATE], state)
        theirs, their_reward, _, _ = own.step(action)
        ours, reward, *_ = environment.step(action)
        assert reward == their_reward
    assert (reward > 0.0) == bool(options)  # only the dense reward says anything yet


def test_success_ends_the_episode_unless_it_shall_run_on():
    ended, run_on = (make_environment(ends_on_success=ends) for ends in (True, False))
    for environment in (ended, run_on):
        environment.reset(seed=0)
        own = environment.task.world.own_environment
        own.sim.data.set_joint_qpos("cube_joint0", [0.0, 0.0, 1.2, 1.0, 0.0, 0.0, 0.0])
    action = make_actions(ended)[0] * 0
    _, reward, terminated, truncated, info = ended.step(action)
    assert (reward, terminated, truncated, info["is_success"]) == (1.0, True, False, True)
    assert run_on.step(action)[2:4] == (False, False)


def test_wipe_has_its_own_tool_and_ends_without_success_when_the_arm_hits_the_table():
    environment = make_environment("Wipe", time_limit_s=5.0)
    assert environment.action_spec.channels[-1] == "turn_z"
    environment.reset(seed=0)
    down = np.float32([0.0, 0.0, -1.0, 0.0, 1.0, 0.0])
    ended = False
    while not ended:
        *_, terminated, truncated, info = environment.step(down)
        ended = terminated or truncated
    assert terminated
    assert not info["is_success"]


def test_a_drawn_object_follows_from_the_seed_and_both_are_drawn():
    environment = make_environment("NutAssemblySingle")
    channels = environment.observation_spec[keys.ENVIRONMENT_STATE].channels
    assert "object_x" in channels

    def draw(seed):
        return environment.reset(seed=seed)[0][keys.ENVIRONMENT_STATE][channels.index("nut_id")]

    drawn = [draw(seed) for seed in range(8)]
    assert set(drawn) == {0.0, 1.0}
    assert [draw(seed) for seed in range(8)] == drawn


def test_starts_are_the_same_in_every_process(other_process):
    """robosuite itself draws this object from a set of names, ordered by the process's hashes."""
    world = RobosuiteWorld("NutAssemblySingle", "Panda")
    assert other_process.stdout == f"{[start(world, seed) for seed in range(6)]}\n"


def test_channels_are_named_and_have_units():
    world = RobosuiteWorld("Lift", "Panda", proprioception=["joint_vel", "eef_quat_site"])
    spec = world.embodiment.state_spec
    assert spec.channels[0] == "joint1_speed"
    assert spec.units[0] == "rad/s"
    assert spec.channels[-1] == "eef_quat_site_3"
    assert world.get_state().shape == spec.shape
    assert world.state_channels[0] == ("cube_x", "m")
    assert world.embodiment.action_spec.channels[-2:] == ("turn_z", "grip")


def test_loading_is_silent_and_leaves_the_environment_as_it_was(other_process):
    assert other_process.stderr == ""
    assert other_process.returncode == 0


def test_errors_of_robosuite_are_still_heard(caplog):
    robosuite_package.load_robosuite()
    logging.getLogger(robosuite_package.LOGGER_NAME).error("heard")
    assert "heard" in caplog.text


def test_wrong_names_are_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'Stack'"):
        RobosuiteTask("Stak")
    with pytest.raises(UnknownNameError, match="Did you mean 'Panda'"):
        RobosuiteRobot("panda")
    with pytest.raises(UnknownNameError, match="Did you mean 'eef_pos'"):
        RobosuiteRobot(proprioception=["eef_position"])
    with pytest.raises(UnknownNameError, match="Did you mean 'agentview'"):
        RobosuiteRobot(cameras=["agent_view"])


def test_a_rate_that_robosuite_would_round_is_refused():
    with pytest.raises(RobolearnError, match="take a rate such as 20, 50 or 100 Hz"):
        RobosuiteRobot(control_rate_hz=30.0)


def test_options_reach_robosuite_and_wrong_ones_are_refused():
    world = RobosuiteWorld("Lift", "Panda", options={"gripper_types": "RethinkGripper"})
    assert type(world.own_environment.robots[0].gripper["right"]).__name__ == "RethinkGripper"
    with pytest.raises(RobolearnError, match="seed cannot be set among the options"):
        RobosuiteWorld("Lift", "Panda", options={"seed": 1})
    with pytest.raises(RobolearnError, match=r"Lift does not accept the options.*wheels"):
        RobosuiteWorld("Lift", "Panda", options={"wheels": 4})


def test_a_robot_of_ours_is_refused_by_name():
    with pytest.raises(IncompatibleError, match="use robot=robosuite_sim"):
        RobosuiteTask("Lift").bind(MujocoRobot(So101Model()))


def test_missing_robosuite_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "robosuite", None)
    with pytest.raises(MissingDependencyError, match=r"robolearn\[robosuite\]"):
        RobosuiteTask("Lift")


@pytest.mark.gl
def test_pictures_are_upright_and_each_camera_has_two_names():
    environment = make_environment(cameras=["front", "agentview", "wrist"])
    observation, _ = environment.reset(seed=0)
    front = observation[keys.image_key("front")]
    assert front.shape == (48, 64, 3)
    assert np.array_equal(front, observation[keys.image_key("agentview")])
    assert not np.array_equal(front, observation[keys.image_key("wrist")])
    # The robot stands at the far side of the white table: dark above, white below.
    assert front[-8:].mean() > front[:8].mean() + 30
    assert environment.robot.render(height_px=48, width_px=64).std() > 10
    environment.close()


@pytest.mark.slow
@pytest.mark.gl
def test_pictures_are_those_of_robosuites_own_renderer_turned_upright(tmp_path):
    """It draws in a process of its own: two renderers disturb each other."""
    program = (
        "import sys, numpy, robosuite\n"
        "own = robosuite.make('Lift', robots='Panda', seed=0, hard_reset=False, renderer='mujoco',"
        " camera_names='agentview', camera_heights=48, camera_widths=64)\n"
        "own.rng.bit_generator.state = numpy.random.default_rng(3).bit_generator.state\n"
        "numpy.save(sys.argv[1], own.reset()['agentview_image'])\n"
    )
    path = tmp_path / "picture.npy"
    variables = {**os.environ, "MUJOCO_GL": find_back_end()}
    subprocess.run(
        [sys.executable, "-c", program, path], env=variables, capture_output=True, check=True
    )
    theirs = np.load(path)[::-1].astype(float)
    environment = make_environment(cameras=["front"])
    ours = environment.reset(seed=3)[0][keys.image_key("front")]
    environment.close()
    assert np.abs(ours - theirs).mean() < 5.0  # of 255: it smooths edges, we do not
    assert np.abs(ours - theirs[::-1]).mean() > 30.0
