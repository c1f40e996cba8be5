"""Whole commands on emulated robots, real driver and bytes, when something goes wrong midway."""

import time

import pytest

from robolearn import keys
from robolearn.datasets.store import EpisodeStore
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


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_pulled_cable_stops_the_robot_and_keeps_the_episode(robot, tmp_path, record_property):
    with make_twin(robot, tmp_path) as twin, record(twin) as command:
        twin.wait_until_it_drives(command)
        twin.post_faults(unplug=True)
        status, errors = command.wait()
        time.sleep(0.5)
        last_s = twin.diary.set_points_s[-1]
        still_ms = 1e3 * (twin.diary.find_still_s(last_s) - last_s)
        later = [(1e3 * (t - last_s), *entry) for t, *entry in twin.diary.drives if t > last_s]
    print(robot, f"still after {still_ms:.0f} ms;", later[:4], errors)
    (episode,) = EpisodeStore(tmp_path / "data").iterate_episodes()
    print(episode.attributes.abort_reason, episode.num_steps)
    assert status == 2
    assert "Traceback" not in errors
    assert episode.attributes.aborted
    assert episode.num_steps >= 10
    assert len(episode.read(keys.STATE)) == episode.num_steps
