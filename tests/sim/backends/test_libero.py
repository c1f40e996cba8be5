"""LIBERO behind our interface: runs in an environment where LIBERO is installed, else skipped."""

import importlib.util

import numpy as np
import pytest

from robolearn import keys
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, MissingDependencyError, RobolearnError
from robolearn.sim.backends import libero
from robolearn.sim.backends.libero import LiberoRobot, LiberoTask, _seeded
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.testing import check_environment

needs_libero = pytest.mark.skipif(
    importlib.util.find_spec("libero") is None,
    reason="LIBERO is not installed: it needs robosuite 1.4.0, hence an environment of its own",
)


@pytest.fixture
def make_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("LIBERO_CONFIG_PATH", str(tmp_path))

    def make(cameras=(), **options):
        options = {"suite": "libero_goal", "index": 0, "time_limit_s": 1.0, **options}
        return Environment(LiberoRobot(cameras), LiberoTask(**options, config_folder=str(tmp_path)))

    return make


def test_the_global_generator_is_left_as_it_was():
    np.random.seed(1)  # noqa: NPY002
    with _seeded(7):
        drawn = np.random.rand()  # noqa: NPY002
    after = np.random.rand()  # noqa: NPY002
    with _seeded(7):
        assert np.random.rand() == drawn  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert np.random.rand() == after  # noqa: NPY002


def test_a_robosuite_of_another_version_is_named(monkeypatch):
    class Other:
        __version__ = "1.5.2"

    monkeypatch.setattr(libero, "load_robosuite", lambda: Other)
    with pytest.raises(MissingDependencyError, match=r"needs robosuite 1\.4\.0, and 1\.5\.2"):
        libero._import_environments()


def test_the_robot_is_described_without_libero():
    robot = LiberoRobot(["front"])
    assert robot.action_spec.channels[-1] == "grip"
    assert robot.observation_spec[keys.image_key("front")].shape == (128, 128, 3)
    with pytest.raises(RobolearnError, match="bind a task"):
        robot.connect()


@needs_libero
def test_it_keeps_every_promise_of_an_environment(make_environment):
    check_environment(make_environment)


@needs_libero
def test_a_reset_that_compiles_nothing_starts_alike(make_environment):
    soft, hard = make_environment(), make_environment(hard_reset=True)
    action = np.float32([0.5, 0.0, -0.5, 0.0, 0.0, 0.0, 1.0])
    for environment in (soft, hard):
        environment.reset(seed=1)
        for _ in range(5):
            environment.step(action)  # closes the fingers: nothing of it may be left
    ours, theirs = soft.reset(seed=3)[0], hard.reset(seed=3)[0]
    for _ in range(5):
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)
        ours, theirs = soft.step(action)[0], hard.step(action)[0]


@needs_libero
def test_seeds_beyond_the_stored_states_begin_again(make_environment):
    environment = make_environment()
    count = len(environment.task.world._init_states)
    first, again = (environment.reset(seed=seed)[0] for seed in (2, 2 + count))
    assert np.allclose(first[keys.STATE], again[keys.STATE])


@needs_libero
def test_wrong_choices_are_refused(make_environment):
    with pytest.raises(RobolearnError, match="tasks 0 to 9, no task 10"):
        make_environment(index=10)
    with pytest.raises(IncompatibleError, match="use robot=libero_sim"):
        make_environment().task.bind(MujocoRobot(So101Model()))


@needs_libero
@pytest.mark.gl
def test_pictures_are_upright(make_environment):
    environment = make_environment(["front", "agentview", "wrist"])
    observation, _ = environment.reset(seed=0)
    front = observation[keys.image_key("front")]
    assert np.array_equal(front, observation[keys.image_key("agentview")])
    # The robot stands at the far side of the bright table, before a darker wall.
    assert front[-16:].mean() > front[:16].mean()
    assert observation[keys.image_key("wrist")].std() > 10
