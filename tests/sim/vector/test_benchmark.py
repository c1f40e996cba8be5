import functools

import numpy as np
import pytest

from robolearn.errors import IncompatibleError
from robolearn.sim.vector.benchmark import _compare, _take_turns, measure_vector_speed
from robolearn.sim.vector.raw_physics import RawWorker, RolloutReplay
from robolearn.sim.vector.recording import record_worlds
from robolearn.sim.vector.vector_environment import make_vector_environment


@pytest.fixture(scope="module")
def recording(worlds):
    return record_worlds(worlds.make_world, 3, 30, seed=50_000)


def test_the_limit_replays_the_very_physics_of_the_recorded_worlds(worlds, recording):
    made = []

    def make():
        made.append(worlds.make_world())
        return made[-1]

    vector = make_vector_environment(make, 3, engine="threads", workers=2)
    vector.reset(seed=recording.seeds)
    for action in recording.actions:
        vector.step(action)
    qpos = RawWorker(worlds.make_world, recording, range(3))(2)
    for row in range(3):
        np.testing.assert_array_equal(qpos[row], made[row].robot.world.data.qpos)
    assert len(recording.starts) == 3 * 4  # 30 steps are 3 episodes of 8, each with its reset
    vector.close()


def test_mujocos_own_pool_replays_nearly_the_same_physics(worlds, recording):
    exactly = RawWorker(worlds.make_world, recording, range(3))(1)
    for num_threads in (1, 2):
        pool = RolloutReplay(worlds.make_world, recording, num_threads)
        qpos = pool(2)[:, 1 : 1 + len(exactly[0])]  # after the time
        np.testing.assert_allclose(qpos, [exactly[row] for row in range(3)], atol=1e-3)
        pool.close()


def test_fewer_worlds_of_a_recording_are_its_first(worlds, recording):
    two = recording.repeat_worlds(2)
    again = record_worlds(worlds.make_world, 2, 30, seed=50_000)
    np.testing.assert_array_equal(again.actions, two.actions)
    assert two.seeds == again.seeds == [50_000, 50_001]
    assert two.starts.keys() == again.starts.keys()


def test_more_worlds_than_recorded_do_the_same_again(recording):
    five = recording.repeat_worlds(5)
    assert five.seeds == [50_000, 50_001, 50_002, 50_000, 50_001]
    np.testing.assert_array_equal(five.ctrl[:, 3], recording.ctrl[:, 0])
    np.testing.assert_array_equal(five.starts[-1, 4], recording.starts[-1, 1])


def test_what_is_no_mujoco_robot_cannot_be_recorded(worlds):
    with pytest.raises(IncompatibleError, match="FakeRobot"):
        record_worlds(worlds.make_fake_world, 1, 1, seed=0)


def test_measurements_take_turns_and_every_other_round_goes_backwards():
    order = []

    def take(name):
        order.append(name)
        return float(len(order))

    measurements = {name: functools.partial(take, name) for name in "ab"}
    rounds = []
    speeds = _take_turns(measurements, 2, lambda: rounds.append(len(order)))
    assert "".join(order) == "abab" + "ba"
    assert speeds == {"a": [3.0, 6.0], "b": [4.0, 5.0]}  # without the first, which warms up
    assert rounds == [4, 6]


def test_ratios_are_taken_within_a_round():
    assert _compare([1.0, 4.0, 9.0], [2.0, 4.0, 3.0]) == {
        "median": 1.0,
        "lowest": 0.5,
        "highest": 3.0,
    }


@pytest.mark.gl
def test_cameras_are_measured_beside_one_world_on_one_core():
    figures = measure_vector_speed([], [2], [], repeats=1)
    row = figures["cameras"]["2"]
    cores = min(figures["cores"], 2)
    assert row["env_steps_per_s"] > 0
    assert row["share_of_cores"]["median"] == pytest.approx(
        row["env_steps_per_s"] / (cores * row["single_world_steps_per_s"])
    )
