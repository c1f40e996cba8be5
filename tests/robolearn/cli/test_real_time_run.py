from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from robolearn import keys
from robolearn.cli import evaluate
from robolearn.cli.choices import compose_config
from robolearn.cli.real_time_run import EpisodeTape, find_simulated_twin
from robolearn.cli.report import write_report
from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobolearnError
from robolearn.judge import Judge
from robolearn.teleoperator import Command, Event
from robolearn.testing import FakeTeleoperator


@pytest.fixture(name="robot_module", autouse=True)
def _robot_module(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))  # chunk_policies
    yield
    assert multiprocessing.active_children() == []


def make_config(folder, *words, **robot):
    """Composes an evaluation on the robot with a real clock; the task sets out its own scene."""
    overrides = ["checkpoint=expert", "episodes=2", "workers=1", f"output={folder}", *words]
    config = compose_config("evaluate", overrides)
    OmegaConf.set_struct(config, False)
    target = "real_time_robot.RealTimeRobot"
    config.robot = {"_target_": target, "cameras": "${cameras}", **robot}
    config.scene = config.task
    return config


def evaluate_into(folder, config):
    write_report(evaluate.evaluate(config, folder), folder)
    return json.loads((folder / "report.json").read_text())


def test_the_expert_is_run_on_the_robot_and_in_simulation(tmp_path):
    config = make_config(tmp_path, "task=reach", bus_errors=3)
    figures = evaluate_into(tmp_path, config)
    assert figures["episodes"] == 2
    assert figures["success_rate"] == figures["simulated_success_rate"] == 1.0
    assert figures["period_p50_ms"] == pytest.approx(50.0, abs=5.0)
    assert figures["period_p99_ms"] >= figures["period_p50_ms"]
    assert figures["period_error_p99_ms"] >= 0.0
    assert figures["overruns"] >= 0
    assert (figures["bus_errors"], figures["limit_violations"]) == (3, 0)
    assert figures["health"] == {"timeouts": 6}
    assert set(figures["observation_age_ms"]) == {keys.STATE, keys.ENVIRONMENT_STATE}
    assert "starved_steps" not in figures  # it answers in the control loop
    page = (tmp_path / "report.html").read_text()
    assert "In real time" in page
    assert "bus errors <b>3</b>" in page


def test_a_policy_that_predicts_chunks_acts_from_another_process(tmp_path):
    config = make_config(tmp_path, "task=reach", "task.time_limit_s=1.0", "compare=false")
    config.policy = {"_target_": "chunk_policies.RampPolicy", "latency_s": 0.06}
    config.checkpoint = str(tmp_path)
    figures = evaluate_into(tmp_path, config)
    assert figures["starved_steps"] == 0
    assert figures["inference_latency_p50_ms"] >= 60.0
    assert figures["inference_latency_p99_ms"] >= figures["inference_latency_p50_ms"]
    assert "simulated_success_rate" not in figures
    assert [row["steps"] for row in figures["episode_results"]] == [20, 20]


def test_a_scene_that_only_a_person_sees_needs_one_to_judge(tmp_path):
    config = make_config(tmp_path, "task=reach", "robot=so101_sim")
    config.checkpoint = str(tmp_path)
    config.policy = {"_target_": "chunk_policies.RampPolicy"}
    config.scene = compose_config("evaluate", ["checkpoint=expert"]).scene
    with pytest.raises(RobolearnError, match=r"nobody would judge .* teleop=terminal"):
        evaluate.prepare(config)


def test_a_person_judges_and_ends_the_episodes(tmp_path, monkeypatch):
    said = [Command(), Command(), Command(event=Event.SUCCESS)]
    device = FakeTeleoperator(said, SO101.action_spec)
    config = make_config(tmp_path, "task=reach", "compare=false")
    monkeypatch.setattr(evaluate, "make_judge", lambda config, robot: Judge(device))
    figures = evaluate_into(tmp_path, config)
    assert [row["steps"] for row in figures["episode_results"]] == [2, 2]
    assert figures["successes"] == 2
    assert not device.is_connected


def test_a_person_who_says_stop_ends_the_evaluation(tmp_path, monkeypatch):
    said = [Command(), Command(event=Event.STOP)]
    device = FakeTeleoperator(said, SO101.action_spec)
    config = make_config(tmp_path, "task=reach", "compare=false")
    monkeypatch.setattr(evaluate, "make_judge", lambda config, robot: Judge(device))
    with pytest.raises(RobolearnError, match="interrupted before any episode"):
        evaluate.evaluate(config, tmp_path)


def test_a_robot_that_fails_ends_the_run_with_a_report_on_the_episodes_before(tmp_path):
    config = make_config(tmp_path, "task=reach", "episodes=3", fails_in_episode=2)
    with pytest.raises(evaluate.EndedEarlyError, match="seed 90001 failed: unplugged"):
        evaluate.run(config, tmp_path)
    figures = json.loads((tmp_path / "report.json").read_text())
    assert [row["seed"] for row in figures["episode_results"]] == [90000]
    assert "simulated_success_rate" not in figures
    (notice,) = figures["notices"]
    assert "unplugged: 2 of 3 episodes are missing" in notice


def test_a_robot_that_fails_at_once_leaves_no_report(tmp_path):
    config = make_config(tmp_path, "task=reach", fails_in_episode=1)
    with pytest.raises(RobolearnError, match="seed 90000 failed: unplugged"):
        evaluate.run(config, tmp_path)
    assert not (tmp_path / "report.json").exists()


def test_a_simulated_twin_is_found_by_its_name_where_the_scene_is_simulated():
    config = {
        "compare": True,
        "has_simulated_scene": True,
        "embodiment": "so101",
        "cameras": ["front"],
        "robot": {"_target_": "elsewhere"},
        "task": "kept",
    }
    twin = find_simulated_twin(config)
    assert twin["robot"]["_target_"] == "robolearn.sim.mujoco_robot.MujocoRobot"
    assert twin["robot"]["cameras"] == ["front"]
    assert twin["task"] == "kept"
    assert find_simulated_twin({**config, "compare": False}) is None
    assert find_simulated_twin({**config, "has_simulated_scene": False}) is None
    assert find_simulated_twin({**config, "embodiment": "unicorn"}) is None


def test_a_tape_plays_an_episode_to_other_observers(play_episode):
    class Watcher:
        def __init__(self):
            self.seen = []

        def on_episode_start(self, start):
            self.seen.append(start)

        def on_step(self, step):
            self.seen.append(step)

        def on_episode_end(self, result):
            self.seen.append(result)

    live, later, tape = Watcher(), Watcher(), EpisodeTape()
    play_episode(tape, 2)  # forgotten
    for observer in (tape, live):
        play_episode(observer, 3, camera_frames=[np.zeros((2, 2, 3), np.uint8)] * 4)
    tape.play([later])
    assert len(later.seen) == len(live.seen) == 5
    assert later.seen[-1] == live.seen[-1]
    assert [step.index for step in later.seen[1:-1]] == [0, 1, 2]


@pytest.mark.gl
def test_filmed_episodes_are_those_that_the_cameras_saw(tmp_path):
    config = make_config(tmp_path, "task=reach", "cameras=[front]", "episodes=1", "compare=false")
    figures = evaluate_into(tmp_path, config)
    assert figures["observation_age_ms"][keys.image_key("front")]["p50"] >= 0.0
    assert (tmp_path / evaluate.VIDEO_FILE).stat().st_size > 0
    assert (tmp_path / evaluate.STRIP_FILE).stat().st_size > 0
