import sys

import pytest

from robolearn.cli.assemble import build, load_environment, load_vector_environment, to_plain
from robolearn.cli.choices import compose_config
from robolearn.errors import MissingDependencyError, RobolearnError, UnknownNameError
from robolearn.normalization import Statistics


def test_an_environment_is_built_by_name():
    environment = load_environment("pick_place")
    try:
        assert environment.task.name == "pick_place"
        observation, _ = environment.reset(seed=3)
        assert environment.observation_space.contains(observation)
    finally:
        environment.close()


def test_many_worlds_are_built_by_name():
    vector = load_vector_environment("reach", num_worlds=3, task__time_limit_s=0.1)
    try:
        assert vector.num_envs == 3
        assert vector.max_episode_steps == 2
        _, infos = vector.reset(seed=[5, 6, 50_000])
        assert infos["seed"].tolist() == [5, 6, 50_000]
    finally:
        vector.close()


def test_many_worlds_of_a_physical_robot_are_refused():
    with pytest.raises(RobolearnError, match="there is one so101 only"):
        load_vector_environment("pick_place", robot="so101")


@pytest.mark.gl
def test_worlds_with_cameras_are_built_by_name_in_processes_of_their_own():
    vector = load_vector_environment("reach", num_worlds=2, cameras=["front"], workers=1)
    try:
        observations, _ = vector.reset(seed=5)
        assert observations["observation.images.front"].shape == (2, 96, 96, 3)
    finally:
        vector.close()


def test_an_unknown_camera_lists_those_of_the_body():
    with pytest.raises(UnknownNameError, match="known: front, wrist"):
        load_environment("pick_place", cameras=["frond"])


def test_a_missing_package_names_the_extra(monkeypatch, tmp_path):
    (tmp_path / "needs_mujoco.py").write_text("import mujoco\n\n\nclass Robot:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(MissingDependencyError, match=r"robolearn\[sim\]"):
        build({"_target_": "needs_mujoco.Robot"})


def test_arguments_reach_the_object_as_they_are():
    config = {"_target_": "builtins.dict"}
    statistics = Statistics.from_json(
        {"mean": [0.0], "std": [1.0], "minimum": [0.0], "maximum": [1.0], "count": 1}
    )
    assert build(config, value=statistics)["value"] is statistics


def test_an_error_of_the_object_itself_comes_through():
    config = {
        "_target_": "robolearn.sim.perturbed_robot.PerturbedRobot",
        "robot": to_plain(compose_config("evaluate", ["checkpoint=expert"]))["robot"],
        "max_sd_rad": -1.0,
    }
    with pytest.raises(RobolearnError, match="max_sd_rad must not be negative"):
        build(config)
