import functools
import threading

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import RobolearnError, SpecError, UnknownNameError
from robolearn.sim.vector.batch import Batch
from robolearn.sim.vector.threads import ThreadEngine
from robolearn.sim.vector.vector_environment import VectorEnvironment, make_vector_environment
from robolearn.testing import FakeClock, FakeRobot, FakeTask

REST = np.asarray(SO101.rest_position, np.float32)
STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@pytest.fixture
def three_fakes(worlds):
    vector = make_vector_environment(worlds.make_fake_world, 3, engine="threads", workers=2)
    yield vector
    vector.close()


def rest(num_worlds):
    return np.tile(REST, (num_worlds, 1))


def get_state(environment):
    """All that the future depends on, the solver's memory included."""
    world = environment.robot.world
    state = np.empty(mujoco.mj_stateSize(world.model, STATE))
    mujoco.mj_getState(world.model, world.data, state, STATE)
    return state


def assert_same(actual, expected):
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for key in expected:
            assert_same(actual[key], expected[key])
    else:
        np.testing.assert_array_equal(actual, expected)
        assert actual.dtype == expected.dtype


@pytest.mark.parametrize("num_threads", [1, 2, 3])
@pytest.mark.parametrize(
    "task", ["pick_place", "press_button", "put_block_in_drawer", "drive_laps"]
)
def test_each_world_is_to_the_bit_what_it_would_be_alone(worlds, task, num_threads):
    num_worlds, num_steps = 5, 20
    together = [worlds.make_world(task) for _ in range(num_worlds)]
    specs = together[0].observation_spec, together[0].action_spec
    batch = Batch.allocate(*specs, num_worlds)
    vector = VectorEnvironment(ThreadEngine(together, batch, num_threads), together[0])
    actions = np.array([vector.action_space.sample() for _ in range(num_steps)])
    vector.reset(seed=50_000)
    results = [vector.step(action) for action in actions]
    for row in range(num_worlds):
        alone = worlds.make_world(task)
        alone.reset(seed=50_000 + row)
        ended, num_resets = False, 0
        for action, result in zip(actions, results, strict=True):
            if ended:
                observation, info = alone.reset()
                ended, reward, terminated, truncated = False, 0.0, False, False
                num_resets += 1
                assert result[4]["seed"][row] == info["seed"]
            else:
                observation, reward, terminated, truncated, _ = alone.step(action[row])
                ended = terminated or truncated
            assert_same({k: v[row] for k, v in result[0].items()}, observation)
            assert [values[row] for values in result[1:4]] == [reward, terminated, truncated]
        assert num_resets > 0
        np.testing.assert_array_equal(get_state(together[row]), get_state(alone))
        alone.close()
    vector.close()


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_everything_returned_is_what_gymnasiums_own_vector_environment_returns(worlds, engine):
    vector = make_vector_environment(worlds.make_world, 3, engine=engine, workers=2)
    theirs = gymnasium.vector.SyncVectorEnv([worlds.make_world] * 3)
    assert vector.observation_space == theirs.observation_space
    assert vector.action_space == theirs.action_space
    assert vector.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert theirs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    vector.action_space.seed(0)

    def step_both(num_steps):
        for _ in range(num_steps):
            actions = vector.action_space.sample()
            for ours, other in zip(vector.step(actions), theirs.step(actions), strict=True):
                assert_same(ours, other)

    for ours, other in zip(vector.reset(seed=7), theirs.reset(seed=7), strict=True):
        assert_same(ours, other)
    step_both(3)
    mask = np.array([False, True, False])
    ours, other = (
        one.reset(seed=[None, 9, None], options={"reset_mask": mask.copy()})
        for one in (vector, theirs)
    )
    assert_same(ours[0], other[0])
    assert_same(ours[1], other[1])
    step_both(15)  # from here on the worlds end at different times
    vector.close()
    theirs.close()


def test_results_are_the_callers_to_keep(three_fakes):
    three_fakes.reset(seed=0)
    first = three_fakes.step(rest(3))
    kept = {key: value.copy() for key, value in first[0].items()}
    three_fakes.step(rest(3) + np.float32(0.1) * (REST == 0))
    assert_same(first[0], kept)
    assert first[4]["sent_s"].tolist() == [0.0] * 3


def test_the_step_after_an_end_is_a_reset_and_ignores_the_action(three_fakes):
    three_fakes.reset(seed=0)
    steps = [three_fakes.step(rest(3)) for _ in range(9)]
    assert [step[3].tolist() for step in steps] == [[False] * 3] * 7 + [[True] * 3] + [[False] * 3]
    assert "seed" not in steps[7][4]
    assert "is_success" not in steps[8][4]
    assert len(set(steps[8][4]["seed"].tolist())) == 3
    assert steps[8][4]["captured_s"][keys.STATE].tolist() == [0.0] * 3


def test_one_seed_fixes_everything_that_follows(three_fakes):
    def draw():
        three_fakes.reset(seed=5)
        return [three_fakes.step(rest(3))[4].get("seed") for _ in range(18)]

    first, again = draw(), draw()
    assert [s is None for s in first] == ([True] * 8 + [False]) * 2
    assert_same(first[8], again[8])
    assert_same(first[17], again[17])
    assert not np.array_equal(first[8], first[17])


def test_a_seed_is_counted_up_and_a_list_gives_each_world_its_own(three_fakes):
    assert three_fakes.reset(seed=50_000)[1]["seed"].tolist() == [50_000, 50_001, 50_002]
    drawn = three_fakes.reset(seed=[9, None, 4])[1]["seed"].tolist()
    assert drawn[::2] == [9, 4]
    with pytest.raises(RobolearnError, match="3 worlds need as many seeds, got 2"):
        three_fakes.reset(seed=[1, 2])


@pytest.mark.parametrize(
    "mask", [[True, False], [1, 0, 0], [False] * 3, np.ones((3, 1), bool), "all"]
)
def test_a_mask_that_does_not_fit_is_refused(three_fakes, mask):
    three_fakes.reset(seed=0)
    with pytest.raises(RobolearnError, match="reset_mask must be 3 truth values"):
        three_fakes.reset(options={"reset_mask": mask})


def test_the_first_reset_takes_every_world(three_fakes):
    with pytest.raises(RobolearnError, match="every world"):
        three_fakes.reset(options={"reset_mask": np.array([True, False, True])})


def test_a_bad_action_names_world_and_channel_and_no_world_moves(worlds):
    environments = [worlds.make_fake_world() for _ in range(3)]
    batch = Batch.allocate(environments[0].observation_spec, environments[0].action_spec, 3)
    vector = VectorEnvironment(ThreadEngine(environments, batch, 2), environments[0])
    vector.reset(seed=0)
    actions = rest(3)
    actions[1, 3] = np.nan
    with pytest.raises(SpecError, match="world 1: action: wrist_flex = nan is not allowed"):
        vector.step(actions)
    with pytest.raises(SpecError, match=r"action: expected shape \(3, 6\), got \(2, 6\)"):
        vector.step(rest(2))
    assert [len(environment.robot.sent) for environment in environments] == [0, 0, 0]
    vector.step(rest(3))
    vector.close()


def test_step_comes_after_reset_and_before_close(three_fakes):
    with pytest.raises(RobolearnError, match=r"step\(\) before reset\(\)"):
        three_fakes.step(rest(3))
    three_fakes.reset(seed=0)
    three_fakes.close()
    three_fakes.close()
    for call in (three_fakes.reset, lambda: three_fakes.step(rest(3))):
        with pytest.raises(RobolearnError, match="this vector environment is closed"):
            call()


def count_threads():
    return sum(thread.name.startswith("worlds ") for thread in threading.enumerate())


def test_one_world_needs_no_thread_and_more_give_theirs_back(worlds):
    one = make_vector_environment(worlds.make_fake_world, 1, engine="threads", workers=8)
    assert count_threads() == 0
    many = make_vector_environment(worlds.make_fake_world, 3, engine="threads", workers=8)
    assert count_threads() == 2  # and the thread that calls
    one.close()
    many.close()
    assert count_threads() == 0


def test_a_world_that_fails_is_named_and_all_are_closed(worlds):
    make = functools.partial(worlds.make_fatal_world, "raise")
    vector = make_vector_environment(make, 5, engine="threads", workers=2)
    vector.reset(seed=0)
    vector.step(rest(5))
    vector.step(rest(5))
    with pytest.raises(
        RobolearnError, match=r"^world 3 failed: ZeroDivisionError: the third step$"
    ) as info:
        vector.step(rest(5))
    assert isinstance(info.value.__cause__, ZeroDivisionError)
    assert count_threads() == 0
    with pytest.raises(RobolearnError, match="closed"):
        vector.step(rest(5))


class RealRobot(FakeRobot):
    """Its time passes by itself."""

    def __init__(self):
        super().__init__()
        self.clock = FakeClock()
        self.clock.kind = "monotonic"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_worlds": 0}, "there must be a world and a worker, got 0 and None"),
        ({"num_worlds": 2, "workers": 0}, "there must be a world and a worker, got 2 and 0"),
        ({"num_worlds": 2, "engine": "thread"}, "Did you mean 'threads'"),
    ],
)
def test_what_cannot_be_built_is_refused(worlds, arguments, message):
    with pytest.raises(RobolearnError, match=message):
        make_vector_environment(worlds.make_fake_world, **arguments)


def test_a_physical_robot_is_refused():
    with pytest.raises(RobolearnError, match="there is one so101 only"):
        make_vector_environment(lambda: Environment(RealRobot(), FakeTask()), 2)


def test_an_unknown_engine_is_an_unknown_name(worlds):
    with pytest.raises(UnknownNameError):
        make_vector_environment(worlds.make_fake_world, 2, engine="gpu")
