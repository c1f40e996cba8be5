"""Whole commands on emulated robots, real driver and bytes, when something goes wrong midway."""

import json
import re
import signal
import time
from pathlib import Path

import pytest

from robolearn import keys
from robolearn.datasets.store import EpisodeStore
from robolearn.embodiments.so101 import SO101
from robolearn.plant import Drive
from tests.robolearn.cli.live_twin import LiveTwin, running, wait_for

pytestmark = pytest.mark.slow

TASKS = {"so101": "pick_place", "koch": "pick_place", "rc_car": "drive_laps"}
HASTE = {"so101": ["robot.slow_speed=2.5"], "koch": ["robot.slow_speed=2.5"], "rc_car": []}
ROBOTS = sorted(TASKS)


def make_twin(robot, folder):
    return LiveTwin(robot, folder, [f"task={TASKS[robot]}"])


def record(twin, *words):
    line = [f"task={TASKS[twin.robot]}", *HASTE[twin.robot], "dataset=data", "episodes=1"]
    return running(twin.folder, "record", *twin.words, *line, *words)


def describe_stop(twin):
    """Returns and prints the figures of a stop, times since the last set-point."""
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
            figures[f"{drive.value}_ms"] = 1e3 * times_s[-1]
    print(twin.robot, {name: round(value, 2) for name, value in figures.items()})
    return figures


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_pulled_cable_stops_the_robot_and_keeps_the_episode(robot, tmp_path):
    with make_twin(robot, tmp_path) as twin, record(twin) as command:
        twin.wait_until_it_drives(command)
        twin.post_faults(unplug=True)
        status, errors = command.wait()
        time.sleep(0.5)
        figures = describe_stop(twin)
    (episode,) = EpisodeStore(tmp_path / "data").iterate_episodes()
    assert status == 2
    assert "Traceback" not in errors
    (sentence,) = [line for line in errors.splitlines() if "seed 0 failed" in line]
    assert re.search(
        r"robolearn: .*/twin/port is gone .*plug it in again and connect anew", sentence
    )
    assert figures["still_ms"] < 1000
    check_last_command(twin, figures)
    assert "is gone" in episode.attributes.abort_reason
    assert episode.attributes.aborted
    assert episode.num_steps >= 10
    assert len(episode.read(keys.STATE)) == episode.num_steps


def check_last_command(twin, figures):
    """Demands that no motor was driven on without a command; bounds are wide, figures recorded."""
    if twin.robot == "rc_car":
        assert figures["brake_ms"] < 300
    elif twin.robot == "koch":
        assert figures["position_ms"] < 500  # the watchdog sets the last goals: where it stands
    else:
        # Every servo goes to the last goal it was sent, at the pace of its own registers.
        assert figures["still_ms"] < 500


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_command_that_is_killed_leaves_a_robot_that_stops(robot, tmp_path):
    with make_twin(robot, tmp_path) as twin, record(twin) as command:
        twin.wait_until_it_drives(command)
        command.send_signal(signal.SIGKILL)
        status, _ = command.wait()
        time.sleep(1.0)
        figures = describe_stop(twin)
        drives = twin.diary.get_drives()
    assert status == -signal.SIGKILL
    assert figures["still_ms"] < 1000
    check_last_command(twin, figures)
    if robot == "rc_car":
        assert drives["motor"] is Drive.BRAKE
    else:
        assert set(drives.values()) == {Drive.POSITION}


def test_an_arm_that_is_terminated_is_laid_down(tmp_path):
    with make_twin("so101", tmp_path) as twin, record(twin) as command:
        twin.wait_until_it_drives(command)
        command.send_signal(signal.SIGTERM)
        status, errors = command.wait()
        check_laid_down(twin, SO101)
    assert status == 128 + signal.SIGTERM
    assert "Traceback" not in errors


def test_ctrl_c_lays_an_arm_down_and_ends_its_twin(tmp_path):
    """The twin is of the command's own process group, which a terminal sends Ctrl-C to."""
    words = ["robot=koch", "port=twin", "task=pick_place", *HASTE["koch"], "dataset=data"]
    with running(tmp_path, "record", *words, "episodes=20") as command:
        incomplete = tmp_path / "data" / "incomplete"
        wait_for(lambda: list(incomplete.glob("*")) or command.has_ended, 60)
        time.sleep(0.5)
        children = command.list_children()
        command.interrupt_group()
        status, errors = command.wait()
        wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 10)
    assert len(children) >= 1
    assert status == 0  # a recording may be ended so at any time; it keeps what there is
    assert "Traceback" not in errors
    assert "let down where it is" not in errors
    assert "torque" not in errors


def check_laid_down(twin, embodiment):
    """Demands that an arm lies at its rest position without torque."""
    assert set(twin.diary.get_drives().values()) == {Drive.OFF}
    seen = [twin.plant.measure(name).position_rad for name in twin.plant.actuators]
    # The gripper's actuator turns its jaw, whose channel goes from 0 to 1.
    assert seen[:-1] == pytest.approx(embodiment.rest_position[:-1], abs=0.3)


STORM = [f"emulator.faults.{name}=0.02" for name in ("lost", "corrupt", "late")]


@pytest.mark.parametrize(("robot", "episodes"), [("so101", 3), ("koch", 1), ("rc_car", 1)])
def test_a_faulty_line_costs_tries_but_no_success(robot, episodes, tmp_path):
    words = [f"robot={robot}", "port=twin", f"task={TASKS[robot]}", *HASTE[robot], *STORM]
    words += ["expert", f"episodes={episodes}", "output=out", "compare=false", "filmed=0"]
    with running(tmp_path, "evaluate", *words) as command:
        status, errors = command.wait(200)
    assert status == 0, errors
    assert "torque" not in errors
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    print(robot, report["steps_median"], report["overruns"], report["health"])
    assert report["success_rate"] == 1.0
    assert report["bus_errors"] == report["limit_violations"] == 0
    assert report["health"]["timeouts"] > 0
    assert report["health"]["bad_frames"] > 0
