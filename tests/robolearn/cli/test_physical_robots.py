"""Whole commands on emulated robots, real driver and bytes, when something goes wrong midway."""

import json
import signal
import time

import pytest

from robolearn import keys
from robolearn.datasets.store import EpisodeStore
from robolearn.plant import Drive
from tests.robolearn.cli.live_twin import LiveTwin, running

pytestmark = pytest.mark.slow

TASKS = {"so101": "pick_place", "koch": "pick_place", "rc_car": "drive_laps"}
HASTE = {"so101": ["robot.slow_speed=2.5"], "koch": ["robot.slow_speed=2.5"], "rc_car": []}
ROBOTS = sorted(TASKS)


def make_twin(robot, folder):
    return LiveTwin(robot, folder, [f"task={TASKS[robot]}"])


def record(twin, *words):
    line = [f"task={TASKS[twin.robot]}", *HASTE[twin.robot], "dataset=data", "episodes=1"]
    return running(twin.folder, "record", *twin.words, *line, *words)


def get_sentences(text):
    """What the command said of itself, without its progress."""
    return [line.strip() for line in text.splitlines() if "robolearn: " in line]


def describe_stop(twin, record_property):
    """Puts the figures of a stop into the test's record, times since the last set-point."""
    diary = twin.diary
    last_s = diary.set_points_s[-1]
    speeds = [(now_s - last_s, speed) for now_s, speed in diary.speeds]
    fastest = max(speed for now_s, speed in speeds if -0.05 <= now_s <= 0.05)
    slow_s = max(now_s for now_s, speed in speeds if speed > 0.1 * fastest)
    figures = {
        "fastest_radps": fastest,
        "below_a_tenth_ms": 1e3 * slow_s,
        "still_ms": 1e3 * (diary.find_still_s(last_s) - last_s),
        "speed_at_200_ms_radps": next(speed for now_s, speed in speeds if now_s >= 0.2),
    }
    later = [(now_s - last_s, drive) for now_s, _, drive, _ in diary.drives if now_s > last_s]
    for drive in Drive:
        times_s = [now_s for now_s, told in later if told is drive]
        if times_s:
            figures[f"{drive.value}_ms"] = 1e3 * times_s[0], 1e3 * times_s[-1]
    print(twin.robot, figures)
    for name, value in figures.items():
        record_property(name, value)
    return figures


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_pulled_cable_stops_the_robot_and_keeps_the_episode(robot, tmp_path, record_property):
    with make_twin(robot, tmp_path) as twin, record(twin) as command:
        twin.wait_until_it_drives(command)
        twin.post_faults(unplug=True)
        status, errors = command.wait()
        time.sleep(0.5)
        describe_stop(twin, record_property)
    print(errors)
    (episode,) = EpisodeStore(tmp_path / "data").iterate_episodes()
    print(episode.attributes.abort_reason, episode.num_steps)
    assert status == 2
    assert "Traceback" not in errors
    assert episode.attributes.aborted
    assert episode.num_steps >= 10
    assert len(episode.read(keys.STATE)) == episode.num_steps


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_command_that_is_killed_leaves_a_robot_that_stops(robot, tmp_path, record_property):
    with make_twin(robot, tmp_path) as twin, record(twin) as command:
        twin.wait_until_it_drives(command)
        command.send_signal(signal.SIGKILL)
        status, _ = command.wait()
        last_s = twin.diary.set_points_s[-1]
        time.sleep(1.5)
        describe_stop(twin, record_property)
        still_s = twin.diary.find_still_s(last_s)
        drives = twin.diary.get_drives()
    assert status == -signal.SIGKILL
    assert still_s - last_s < 1.0
    if robot == "rc_car":
        assert drives["motor"] is Drive.BRAKE
    else:
        assert set(drives.values()) == {Drive.POSITION}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("robot", ["so101", "koch"])
def test_an_arm_that_is_interrupted_is_laid_down(robot, number, tmp_path, record_property):
    with make_twin(robot, tmp_path) as twin, record(twin) as command:
        twin.wait_until_it_drives(command)
        command.send_signal(number)
        status, errors = command.wait()
        drives = twin.diary.get_drives()
        seen = [twin.plant.measure(name).position_rad for name in twin.plant.actuators]
    print(robot, number, status, errors, seen)
    assert status == {signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    assert "Traceback" not in errors
    assert set(drives.values()) == {Drive.OFF}


STORM = [f"emulator.faults.{name}=0.02" for name in ("lost", "corrupt", "late")]


@pytest.mark.parametrize(("robot", "episodes"), [("so101", 3), ("koch", 1), ("rc_car", 1)])
def test_a_faulty_line_costs_tries_but_no_success(robot, episodes, tmp_path, record_property):
    words = [f"robot={robot}", "port=twin", f"task={TASKS[robot]}", *HASTE[robot], *STORM]
    words += ["expert", f"episodes={episodes}", "output=out", "compare=false", "filmed=0"]
    started_s = time.monotonic()
    with running(tmp_path, "evaluate", *words) as command:
        status, errors = command.wait(200)
    print(robot, status, errors, time.monotonic() - started_s)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    print({k: v for k, v in report.items() if k not in ("provenance", "config")})
    assert status == 0
    assert report["success_rate"] == 1.0
