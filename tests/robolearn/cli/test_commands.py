"""The main job, end to end and tiny: record, train, evaluate, replay."""

import itertools
import json
import sys

import pytest

from robolearn.cli.main import main
from robolearn.datasets.store import EpisodeStore
from robolearn.hardware.teleop.terminal_keys import TerminalKeys
from robolearn.rollout import Actor

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module", name="dataset")
def _dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store") / "data"
    words = [f"dataset={folder}", "episodes=4", "workers=2", "cameras=[front]"]
    assert main(["record", "robot=so101_sim_perturbed", *words]) == 0
    return folder


@pytest.fixture(scope="module", name="run_folder")
def _run_folder(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "train"
    assert main(_train_words(dataset, folder)) == 0
    return folder


def _train_words(dataset, folder):
    keys = "policy.observation_keys=[observation.state,observation.images.front]"
    words = [f"dataset={dataset}", f"output={folder}", "updates=6", "batch_size=4"]
    return ["train", *words, keys, "validate_every=3"]


def test_recording_goes_on_in_the_same_store(dataset):
    words = [f"dataset={dataset}", "episodes=1", "cameras=[front]", "seed=50"]
    assert main(["record", *words]) == 0
    assert len(list((dataset / "episodes").glob("episode_*"))) == 5


def test_recording_other_features_into_the_store_is_refused(dataset, capsys):
    assert main(["record", f"dataset={dataset}", "episodes=1"]) == 2
    printed = capsys.readouterr().err
    assert "observation.images.front" in printed


def test_training_leaves_checkpoint_metrics_and_origin(run_folder):
    assert (run_folder / "checkpoints" / "last" / "policy.safetensors").is_file()
    assert json.loads((run_folder / "training.json").read_text())["updates"] == 6
    assert "commit" in json.loads((run_folder / "provenance.json").read_text())
    assert "batch_size: 4" in (run_folder / "config.yaml").read_text()


def test_training_into_a_used_folder_needs_resume(run_folder, dataset, capsys):
    assert main(_train_words(dataset, run_folder)) == 2
    assert "resume" in capsys.readouterr().err


def test_evaluation_switches_on_the_policys_cameras_and_reports(run_folder, tmp_path):
    folder = tmp_path / "evaluate"
    words = [str(run_folder), "episodes=2", "workers=2", "filmed=1", f"output={folder}"]
    assert main(["evaluate", *words, "task.time_limit_s=1"]) == 0
    figures = json.loads((folder / "report.json").read_text())
    assert figures["episodes"] == 2
    assert figures["observation"] == "images"
    assert [row["seed"] for row in figures["episode_results"]] == [90000, 90001]
    assert (folder / "film.mp4").stat().st_size > 1000
    assert "<video" in (folder / "report.html").read_text()


def test_the_expert_is_evaluated_without_a_checkpoint(tmp_path):
    words = ["expert", "episodes=3", "filmed=0", f"output={tmp_path}"]
    assert main(["evaluate", *words]) == 0
    figures = json.loads((tmp_path / "report.json").read_text())
    assert figures["success_rate"] == 1.0
    assert figures["observation"] == "privileged state"


def test_a_checkpoint_refuses_a_robot_with_other_images(run_folder, tmp_path, capsys):
    words = [str(run_folder), f"output={tmp_path}", "episodes=1", "robot.image_width_px=64"]
    assert main(["evaluate", *words]) == 2
    assert "observation.images.front.shape" in capsys.readouterr().err


def test_replaying_what_was_applied_does_not_stray(dataset, tmp_path):
    words = [str(dataset), "episode=0", f"output={tmp_path}"]
    assert main(["replay", *words]) == 0
    figures = json.loads((tmp_path / "replay.json").read_text())
    assert figures["replayed_success"] is True
    assert max(row["max"] for row in figures["deviation"].values()) == 0.0
    assert (tmp_path / "replay.mp4").stat().st_size > 1000


def test_replaying_what_was_asked_strays_as_the_body_was_perturbed(dataset, tmp_path):
    words = [str(dataset), "actions=action", "video=false", f"output={tmp_path}"]
    assert main(["replay", *words]) == 0
    figures = json.loads((tmp_path / "replay.json").read_text())
    assert max(row["max"] for row in figures["deviation"].values()) > 1e-3


def test_replaying_an_episode_that_is_not_there_says_how_many_are(dataset, tmp_path, capsys):
    assert main(["replay", str(dataset), "episode=99", f"output={tmp_path}"]) == 2
    assert "there is no episode 99" in capsys.readouterr().err


def test_a_missing_store_is_one_sentence(tmp_path, capsys):
    assert main(["train", f"dataset={tmp_path / 'none'}", f"output={tmp_path / 'run'}"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_the_demo_runs_all_three_and_reports_on_them(tmp_path):
    folder = tmp_path / "demo"
    words = [f"output={folder}", "demonstrations=3", "updates=4", "episodes=2"]
    words.append("evaluate=['task=pick_place','task.time_limit_s=1']")
    words.append("deployment_episodes=0")
    assert main(["demo", *words]) == 0
    figures = json.loads((folder / "report.json").read_text())
    assert figures["episodes"] == 2
    assert figures["observation"] == "images"
    assert figures["updates"] == 4
    assert 0.0 <= figures["data_wait_fraction"] <= 1.0
    assert set(figures["seconds_by_stage"]) == {"record", "train", "evaluate"}
    # Each figure is rounded to 0.01 s.
    assert figures["seconds_total"] >= sum(figures["seconds_by_stage"].values()) - 0.02
    assert [line.split()[1] for line in figures["commands"]] == ["record", "train", "evaluate"]
    assert (folder / "report.html").stat().st_size > 10_000


@pytest.fixture(name="type_keys")
def _type_keys(monkeypatch):
    """`type_keys(steps)`: what a person types in the terminal, by the number of the reading."""

    def type_keys(steps):
        readings = itertools.count()
        monkeypatch.setattr(TerminalKeys, "connect", lambda self, robot: None)
        monkeypatch.setattr(TerminalKeys, "read_keys", lambda self: steps.get(next(readings), []))

    return type_keys


def read_store(folder):
    store = EpisodeStore(folder)
    return [store.open_episode(name) for name in store.list_episodes()]


def test_a_person_can_redo_a_start_discard_one_and_stop(tmp_path, type_keys):
    # One reading is at the reset, before the first step.
    type_keys({4: ["w", "z"], 8: ["backspace"], 14: ["y"], 20: ["escape"]})
    folder = tmp_path / "data"
    words = [f"dataset={folder}", "teleop=terminal", "episodes=3", "seed=5"]
    assert main(["record", *words]) == 0
    (episode,) = read_store(folder)
    # Start 5 is redone, then discarded: the success is that of start 6.
    assert (episode.attributes.seed, episode.attributes.ended) == (6, "success")
    assert set(episode.read("actor").tolist()) == {int(Actor.PERSON)}


def test_corrections_of_a_policy_are_stored_with_who_acted(run_folder, tmp_path, type_keys):
    type_keys({5: ["w"]})
    folder = tmp_path / "data"
    words = [f"dataset={folder}", f"checkpoint={run_folder}", "teleop=terminal", "episodes=1"]
    assert main(["record", *words, "keep=all", "task.time_limit_s=1.5"]) == 0
    (episode,) = read_store(folder)
    assert episode.attributes.source == "policy"
    actors = episode.read("actor").tolist()
    # Four steps of the policy, then the person for about half a second of real time.
    assert actors[:5] == [0, 0, 0, 0, 1]
    assert actors[-1] == 0
    assert 3 <= sum(actors) <= 15
    assert "observation.images.front" in episode.schema.observation_specs


def test_a_checkpoint_is_not_recorded_without_a_person(run_folder, tmp_path, capsys):
    words = [f"dataset={tmp_path / 'data'}", f"checkpoint={run_folder}"]
    assert main(["record", *words]) == 2
    assert "teleop=" in capsys.readouterr().err


def test_a_person_steers_without_recording(type_keys, capsys):
    type_keys({3: ["w"], 6: ["z"], 9: ["escape"]})
    assert main(["teleoperate", "robot=so101_sim"]) == 0
    printed = capsys.readouterr().err
    assert "stop the robot and finish" in printed
    assert [line for line in printed.splitlines() if line.endswith(" steps")] == [
        "5 steps",
        "1 steps",
    ]


def test_steering_with_nothing_is_refused(capsys):
    assert main(["teleoperate", "teleop=none"]) == 2
    assert "needs a device" in capsys.readouterr().err


def test_the_rate_of_a_control_loop_is_measured(tmp_path, capsys):
    words = ["cameras=[]", "rates_hz=[50,100]", "seconds=0.08", f"json={tmp_path / 'control.json'}"]
    assert main(["benchmark", "control", *words]) == 0
    rows = json.loads((tmp_path / "control.json").read_text())["control"]
    assert [(row["rate_hz"], row["loop"]) for row in rows] == [
        (50.0, "deadline"),
        (50.0, "sleep"),
        (100.0, "deadline"),
        (100.0, "sleep"),
    ]
    assert "error p99" in capsys.readouterr().out


def test_many_worlds_are_measured_and_what_is_not_installed_says_so(tmp_path, capsys, monkeypatch):
    for peer in ("envpool", "metaworld", "mujoco_warp"):
        monkeypatch.setitem(sys.modules, peer, None)
    words = ["num_worlds=[2]", "camera_num_worlds=[]", "gpu_num_worlds=[3]", "repeats=1"]
    assert main(["benchmark", "vector", *words, f"json={tmp_path / 'vector.json'}"]) == 0
    figures = json.loads((tmp_path / "vector.json").read_text())
    assert figures["metaworld_steps_per_s"] == "not installed: pip install metaworld"
    assert "pip install 'robolearn[warp]'" in figures["gpu"]["3"]["env_steps_per_s"]
    row = figures["state"]["2"]
    assert row["envpool_metaworld_steps_per_s"] == "not installed: pip install envpool"
    speeds = [row[f"{name}_steps_per_s"] for name in ("env", "physics_limit", "async_vector_env")]
    assert row["share_of_physics_limit"]["median"] == pytest.approx(speeds[0] / speeds[1])
    assert row["times_async_vector_env"]["lowest"] == pytest.approx(speeds[0] / speeds[2])
    printed = capsys.readouterr()
    assert "times" in printed.out
    assert "2/2 rounds" in printed.err


def test_no_worlds_are_not_measured(capsys):
    assert main(["benchmark", "vector", "num_worlds=[0]"]) == 2
    assert "must be 1 or more, got [0, " in capsys.readouterr().err


def test_rates_that_make_no_sense_are_refused(capsys):
    assert main(["benchmark", "control", "rates_hz=[0]"]) == 2
    assert "must be above 0" in capsys.readouterr().err
