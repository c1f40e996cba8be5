import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, RobolearnError, UnknownNameError
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.suites import make_task
from robolearn.sim.suites.starts import (
    VERSIONS_KEY,
    collect_starts,
    find_model_version,
    load_starts,
    save_starts,
)


def make_environment(body="so101"):
    task = make_task("desk", "pick_place", name="sorting/blocks", time_limit_s=8.0)
    return Environment(MujocoRobot(get_body_model(body)), task), task


def store(folder, version=1):
    environment, _ = make_environment()
    return save_starts("sorting", version, [collect_starts(environment, range(5))], folder)


def test_a_stored_start_is_the_start_it_was_made_from(tmp_path):
    store(tmp_path)
    environment, task = make_environment()
    fresh = [environment.reset(seed=seed)[0] for seed in range(5)]
    task.stored_starts = load_starts("sorting", 1, "blocks", tmp_path)
    for seed in (3, 0, 4):
        stored, _ = environment.reset(seed=seed)
        for key, value in stored.items():
            assert (value == fresh[seed][key]).all()


def test_a_start_of_another_model_is_refused_with_both_versions(tmp_path):
    store(tmp_path)
    environment, task = make_environment("koch")
    task.stored_starts = load_starts("sorting", 1, "blocks", tmp_path)
    present = find_model_version(task.world.model)
    with pytest.raises(IncompatibleError, match=present) as caught:
        environment.reset(seed=0)
    assert task.stored_starts.model_version in str(caught.value)
    assert task.stored_starts.model_version != present


def test_starts_of_another_suite_version_are_refused_with_both_versions(tmp_path):
    store(tmp_path, version=1)
    with pytest.raises(IncompatibleError, match="version 1 of suite 'sorting', which is version 2"):
        load_starts("sorting", 2, "blocks", tmp_path)


def test_a_start_that_was_not_stored_is_refused(tmp_path):
    store(tmp_path)
    environment, task = make_environment()
    task.stored_starts = load_starts("sorting", 1, "blocks", tmp_path)
    with pytest.raises(UnknownNameError, match="known: 0 to 4"):
        environment.reset(seed=5)
    with pytest.raises(UnknownNameError, match="task 'block'"):
        load_starts("sorting", 1, "block", tmp_path)
    with pytest.raises(RobolearnError, match="stores no starts"):
        load_starts("other", 1, "blocks", tmp_path)


@pytest.mark.parametrize("damage", ["cut", "text", "pickle"])
def test_a_damaged_file_is_refused_and_nothing_in_it_is_run(tmp_path, damage):
    path = store(tmp_path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "text":
        path.write_text("starts")
    else:
        np.savez(path, **{VERSIONS_KEY: np.array([{"a": 1}], dtype=object)})
    with pytest.raises(RobolearnError, match=r"sorting\.npz is damaged"):
        load_starts("sorting", 1, "blocks", tmp_path)


def test_the_version_of_a_model_tells_shapes_but_not_colours():
    _, task = make_environment()
    model = task.world.model
    before = find_model_version(model)
    model.geom_rgba[:] = 0.5
    assert find_model_version(model) == before
    model.geom_size[-1, 0] += 1e-4
    assert find_model_version(model) != before
