import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robolearn.cli.twin import expand_twin, make_words
from robolearn.errors import RobolearnError, UnknownNameError

DESCRIPTION = {
    "port": "/tmp/port",
    "scene": "http://127.0.0.1:1",
    "cameras": {"front": "http://127.0.0.1:1/cameras/front"},
    "calibration": "/tmp/calibration.json",
    "is_leader": False,
    "hand": "",
}


def find_value(words, key):
    (value,) = [word.partition("=")[2] for word in words if word.partition("=")[0] == key]
    return value


def test_a_line_without_a_twin_stays_as_it_is():
    with expand_twin(["robot=so101_sim", "port=/dev/null"], "evaluate") as words:
        assert words == ["robot=so101_sim", "port=/dev/null"]


def test_a_twin_is_named_by_port_scene_cameras_and_calibration():
    assert make_words(DESCRIPTION) == [
        "port=/tmp/port",
        "scene=twin",
        "scene.address=http://127.0.0.1:1",
        "robot.camera_sources.front=http://127.0.0.1:1/cameras/front",
        "robot.calibration=/tmp/calibration.json",
    ]


def test_a_command_that_plays_no_task_is_told_of_no_scene():
    with expand_twin(["robot=so101", "port=twin"], "calibrate") as words:
        assert [word.partition("=")[0] for word in words][:1] == ["port"]
        assert not any(word.startswith("scene") for word in words)


def test_devices_without_a_calibration_name_none():
    words = make_words({**DESCRIPTION, "calibration": None})
    assert not any(word.startswith("robot.calibration") for word in words)


def test_a_twin_of_no_robot_in_particular_is_refused():
    with (
        pytest.raises(RobolearnError, match="say which, as robot=so101"),
        expand_twin(["port=twin"], "evaluate"),
    ):
        pass


def test_a_simulated_robot_has_no_devices_to_emulate():
    line = ["robot=so101_sim", "port=twin"]
    with pytest.raises(UnknownNameError, match=r"known: .*so101"), expand_twin(line, "evaluate"):
        pass


def test_a_twin_lives_as_long_as_its_command():
    line = ["robot=so101", "port=twin", "emulator.faults.lost=0.0", "episodes=3"]
    with expand_twin(line, "evaluate") as words:
        port = Path(find_value(words, "port"))
        assert port.is_symlink()
        assert Path(find_value(words, "robot.calibration")).is_file()
        assert words[-2:] == ["robot=so101", "episodes=3"]
    assert not port.is_symlink()


def test_a_twin_that_cannot_be_built_says_why():
    line = ["robot=so101", "port=twin", "emulator.faults.lost=7"]
    with (
        pytest.raises(RobolearnError, match="lost is a probability, got 7"),
        expand_twin(line, "evaluate"),
    ):
        pass


PROGRAM = """
import time
from robolearn.cli.twin import expand_twin

if __name__ == "__main__":
    with expand_twin(["robot=so101", "port=twin"], "evaluate") as words:
        print(words[0].partition("=")[2], flush=True)
        time.sleep(60)
"""


def test_a_twin_does_not_outlive_a_command_that_was_killed(tmp_path):
    script = tmp_path / "command.py"
    script.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as command:
        port = Path(command.stdout.readline().strip())
        assert port.is_symlink()
        os.kill(command.pid, signal.SIGKILL)
    deadline_s = time.monotonic() + 20
    while port.is_symlink() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not port.is_symlink()


def test_a_leader_is_named_by_its_port_and_calibration_and_by_nothing_of_the_robot():
    assert make_words({**DESCRIPTION, "cameras": {}, "is_leader": True}) == [
        "teleop=leader_arm",
        "teleop.bus.port=/tmp/port",
        "teleop.calibration=/tmp/calibration.json",
    ]


def test_a_command_without_a_scene_is_told_of_none():
    with expand_twin(["robot=rc_car", "port=twin"], "doctor") as words:
        assert [word.partition("=")[0] for word in words] == [
            "port",
            "robot.camera_sources.front",
            "robot",
        ]
