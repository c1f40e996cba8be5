import functools
import multiprocessing
import os
import resource
import signal
import time
from contextlib import contextmanager

import numpy as np
import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobolearnError
from robolearn.sim.vector.processes import SPIN_S, slice_up
from robolearn.sim.vector.vector_environment import make_vector_environment
from robolearn.worker_process import WorkerError

REST = np.asarray(SO101.rest_position, np.float32)


@contextmanager
def no_worker_left():
    """Checks that the processes started within are gone."""
    before = {child.pid for child in multiprocessing.active_children()}
    yield
    left = {child.pid for child in multiprocessing.active_children()} - before
    assert left == set()


def run(vector, num_steps):
    actions = np.tile(REST, (vector.num_envs, 1))
    return [vector.step(actions) for _ in range(num_steps)]


def test_worlds_are_shared_out_evenly():
    assert slice_up(5, 2) == [range(0, 2), range(2, 5)]
    assert slice_up(3, 3) == [range(0, 1), range(1, 2), range(2, 3)]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("kill", r"was killed by SIGKILL"),
        ("raise", r"raised WorldError: world 3 failed: ZeroDivisionError: the third step"),
    ],
)
def test_a_worker_that_fails_names_its_worlds_and_the_others_are_ended(worlds, what, reason):
    make = functools.partial(worlds.make_fatal_world, what)
    with no_worker_left():
        vector = make_vector_environment(make, 5, engine="processes", workers=2)
        vector.reset(seed=0)
        run(vector, 2)
        message = rf"^the worker of worlds 2 to 4 \(at step 3\) {reason}"
        with pytest.raises(WorkerError, match=message) as info:
            run(vector, 1)
        assert "\n" not in str(info.value)
    with pytest.raises(RobolearnError, match="closed"):
        run(vector, 1)


def test_a_worker_killed_between_two_steps_is_noticed_at_the_next(worlds):
    with no_worker_left():
        vector = make_vector_environment(worlds.make_fake_world, 2, engine="processes", workers=2)
        vector.reset(seed=0)
        children = multiprocessing.active_children()
        victim = next(child for child in children if child.name.endswith("world 1"))
        os.kill(victim.pid, signal.SIGKILL)
        began_s = time.monotonic()
        with pytest.raises(WorkerError, match=r"the worker of world 1 .* was killed by SIGKILL"):
            run(vector, 2)
        assert time.monotonic() - began_s < 10.0


def test_a_world_of_the_calling_process_that_fails_is_named_and_the_workers_are_ended(worlds):
    make = functools.partial(worlds.make_fatal_world, "raise")
    with no_worker_left():
        vector = make_vector_environment(make, 5, engine="processes", workers=2)
        vector.reset(seed=2)  # the first slice holds world 1, whose seed is 3
        run(vector, 2)
        with pytest.raises(RobolearnError, match=r"^world 1 failed: ZeroDivisionError"):
            run(vector, 1)


def test_a_worker_that_has_fallen_asleep_goes_on(worlds):
    vector = make_vector_environment(worlds.make_fake_world, 2, engine="processes", workers=2)
    vector.reset(seed=0)
    time.sleep(100 * SPIN_S)
    assert len(run(vector, 3)) == 3
    vector.close()


def test_what_a_worker_cannot_import_is_refused_and_one_world_needs_none(worlds):
    def make():
        return worlds.make_fake_world()

    with no_worker_left():
        with pytest.raises(RobolearnError, match=r"cannot import .*engine='threads'"):
            make_vector_environment(make, 2)
        one = make_vector_environment(make, 1)
        one.reset(seed=0)
        assert len(run(one, 2)) == 2
        assert multiprocessing.active_children() == []
        one.close()


def test_a_world_that_cannot_be_built_is_reported(worlds):
    make = functools.partial(worlds.make_no_world, os.getpid())
    with (
        no_worker_left(),
        pytest.raises(WorkerError, match=r"the worker of .* raised OSError: no second world"),
    ):
        make_vector_environment(make, 2, engine="processes", workers=2)


def test_closing_ends_the_workers(worlds):
    with no_worker_left():
        vector = make_vector_environment(worlds.make_fake_world, 3, engine="processes", workers=8)
        vector.reset(seed=0)
        assert len(run(vector, 2)) == 2
        vector.close()


def test_memory_that_is_not_there_is_missed_at_once(worlds):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(RobolearnError, match=r"9 worlds share .* MB .* no room .*fewer worlds"):
            make_vector_environment(worlds.make_fake_world, 9, engine="processes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.gl
def test_cameras_get_processes_and_pictures_are_those_of_a_world_alone(worlds):
    make = functools.partial(worlds.make_world, cameras=("front", "wrist"))
    image_keys = [keys.image_key("front"), keys.image_key("wrist")]
    alone = make()
    with no_worker_left():
        vector = make_vector_environment(make, 3, workers=2)
        names = {child.name for child in multiprocessing.active_children()}
        assert "the worker of worlds 1 to 2" in names  # world 0 is in this process
        seen, _ = vector.reset(seed=3)
        later = run(vector, 2)[-1][0]
        for row in range(3):
            first, _ = alone.reset(seed=3 + row)
            alone.step(REST)
            last = alone.step(REST)[0]
            for key in image_keys:
                np.testing.assert_array_equal(seen[key][row], first[key])
                np.testing.assert_array_equal(later[key][row], last[key])
        assert not np.array_equal(seen[image_keys[0]][0], seen[image_keys[0]][1])
        vector.close()
    alone.close()
