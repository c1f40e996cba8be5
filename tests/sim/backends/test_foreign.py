"""Any foreign environment behind our interface, shown with one of a dozen lines."""

import mujoco
import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments import CameraSpec
from robolearn.embodiments.delta_hand import DeltaHand
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, RobotError, UnknownNameError
from robolearn.policy import Policy
from robolearn.rollout import run_episode
from robolearn.sim.backends.foreign import ForeignRobot, ForeignTask
from robolearn.sim.backends.foreign_world import ForeignWorld, Outcome
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.specs import ArraySpec, BoundedArraySpec
from robolearn.testing import check_environment, check_robot

GOAL_M = 1.0
SCENE = """
<mujoco>
  <worldbody>
    <light pos="0 0 3"/>
    <camera name="side" pos="0 -4 0" zaxis="0 -1 0"/>
    <body name="ball">
      <joint name="slide" type="slide" axis="1 0 0"/>
      <geom size="0.2" rgba="1 0 0 1"/>
    </body>
  </worldbody>
</mujoco>
"""
BALL = DeltaHand(
    name="ball",
    state_spec=ArraySpec(keys.STATE, (1,), "float32", ("x",), ("m",)),
    action_spec=BoundedArraySpec(
        keys.ACTION, (2,), "float32", ("step", "grip"), ("m", "1"), minimum=(-0.5,), maximum=(0.5,)
    ),
    control_rate_hz=10.0,
    cameras=(CameraSpec("side", 32, 48),),
    home_position=(0.0, 0.0),
    rest_position=(0.0, 0.0),
)


class SlidingBall(ForeignWorld):
    """A ball on a line that starts anywhere left of the goal."""

    def __init__(self):
        self._compile()
        self.num_steps = 0

    def _compile(self):
        self._model = mujoco.MjModel.from_xml_string(SCENE)
        self._data = mujoco.MjData(self._model)

    model = property(lambda self: self._model)
    data = property(lambda self: self._data)

    def reset(self, seed):
        self._data.qpos[0] = np.random.default_rng(seed).uniform(-1.0, 0.0)
        mujoco.mj_forward(self._model, self._data)

    def step(self, action):
        self.num_steps += 1
        self._data.qpos[0] += action[0]
        mujoco.mj_forward(self._model, self._data)

    def get_state(self):
        return self._data.qpos.astype(np.float32)

    def get_environment_state(self):
        return np.array([GOAL_M - self._data.qpos[0]])

    def get_outcome(self):
        x = float(self._data.qpos[0])
        return Outcome(reward=x, success=abs(x - GOAL_M) < 0.26)


class SlideToGoal(ForeignTask):
    embodiment_name, robot_choice = "ball", "ball_sim"

    def __init__(self, **options):
        super().__init__("slide", "Slide.", 1.0, (("missing", "m"),), **options)

    def make_world(self, robot):
        return SlidingBall()


class Push(Policy):
    """Pushes to the right as far as one step goes, for ever."""

    def reset(self, instruction, seed):
        pass

    def select_action(self, observation):
        return np.float32([0.5, 0.0])


def make_environment(cameras=(), **options):
    return Environment(ForeignRobot(BALL, cameras), SlideToGoal(**options))


def test_it_keeps_every_promise_of_an_environment():
    check_environment(make_environment)


def test_its_robot_keeps_every_promise_of_a_robot():
    environment = make_environment()
    environment.reset(seed=0)
    check_robot(environment.robot)


def test_sleeping_passes_whole_control_periods_under_the_action_set_last():
    environment = make_environment()
    environment.reset(seed=0)
    robot, world = environment.robot, environment.task.world
    start_m = world.get_state()[0]
    robot.send_action(np.float32([0.1, 0.0]))
    assert world.num_steps == 0
    robot.clock.sleep_until(0.25)  # within the third period
    assert world.num_steps == 3
    assert robot.clock.now_s() == pytest.approx(0.3)
    assert world.get_state()[0] == pytest.approx(start_m + 0.3, abs=1e-6)
    robot.clock.sleep_until(0.3)
    assert world.num_steps == 3


def test_a_stopped_hand_stays_and_keeps_its_grip():
    environment = make_environment()
    environment.reset(seed=0)
    robot, world = environment.robot, environment.task.world
    robot.send_action(np.float32([0.1, 0.4]))
    robot.stop()
    start_m = world.get_state()[0]
    robot.clock.sleep_until(0.5)
    assert world.get_state()[0] == start_m
    assert robot.clock.action.tolist() == pytest.approx([0.0, 0.4])


def test_success_ends_the_episode():
    result = run_episode(make_environment(), Push(), seed=3)
    assert result.success
    assert result.terminated
    assert result.num_steps < 10


def test_an_episode_that_runs_on_counts_the_success_it_once_had():
    environment = make_environment(ends_on_success=False)
    result = run_episode(environment, Push(), seed=3)
    assert not environment.task.world.get_outcome().success  # by now far beyond the goal
    assert result.success
    assert result.truncated
    assert result.num_steps == 10
    environment.reset(seed=4)
    assert not environment.step(np.float32([0.0, 0.0]))[4]["is_success"]


def test_another_robot_is_refused_by_name():
    with pytest.raises(IncompatibleError, match=r"comes with a robot of its own, ball.*=ball_sim"):
        SlideToGoal().bind(MujocoRobot(So101Model()))


def test_a_robot_without_a_task_has_no_world():
    with pytest.raises(RobotError, match="bind a task"):
        ForeignRobot(BALL).connect()
    with pytest.raises(RobotError, match="bind a task"):
        ForeignRobot(BALL).clock.sleep_until(1.0)


def test_an_unknown_camera_is_refused():
    with pytest.raises(UnknownNameError, match="side"):
        ForeignRobot(BALL, ["sid"])


@pytest.mark.gl
def test_pictures_are_drawn_of_the_present_model_even_when_a_reset_makes_a_new_one():
    environment = make_environment(["side"])
    image = environment.reset(seed=0)[0][keys.image_key("side")]
    assert image.shape == (32, 48, 3)
    assert image.any()
    environment.task.world._compile()
    environment.task.world.data.qpos[0] = 1.0
    red = environment.robot.render(height_px=60, width_px=80)[:, :, 0].astype(float)
    assert red.sum(axis=0) @ np.arange(80) / red.sum() > 45  # right of the middle
    environment.close()
