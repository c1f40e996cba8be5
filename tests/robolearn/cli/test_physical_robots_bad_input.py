"""Whole commands on emulated robots with something wrong: one sentence, and nothing moves."""

import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from robolearn.cli import evaluate
from robolearn.cli.choices import compose_config
from robolearn.cli.main import main
from robolearn.datasets.store import EpisodeStore
from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobolearnError
from robolearn.hardware.calibration import Calibration, load_calibration
from robolearn.hardware.feetech import registers
from robolearn.plant import Drive
from tests.robolearn.cli.live_twin import MODULES, LiveTwin, running

pytestmark = pytest.mark.slow

HASTE = "robot.slow_speed=2.5"


@pytest.fixture(scope="module", name="twin")
def _twin(tmp_path_factory):
    with LiveTwin("so101", tmp_path_factory.mktemp("so101"), ["task=pick_place"]) as twin:
        yield twin


@pytest.fixture(name="refuse")
def _refuse(tmp_path):
    """Runs a recording that must be refused; returns its one sentence."""

    def refuse(*words):
        with running(tmp_path, "record", "dataset=data", "episodes=1", *words) as command:
            return get_sentence(*command.wait())

    return refuse


def get_sentence(status, errors):
    """Returns the one sentence in which a command says what is wrong."""
    assert status == 2, errors
    assert "Traceback" not in errors
    (sentence,) = [line for line in errors.splitlines() if line.startswith("robolearn: ")]
    return sentence


def is_limp(twin):
    return set(twin.diary.get_drives().values()) == {Drive.OFF}


def test_a_port_that_does_not_exist(twin, refuse):
    sentence = refuse(*twin.words, "port=/dev/ttyACM77")
    assert "/dev/ttyACM77 cannot be opened" in sentence
    assert "robolearn find-port" in sentence


def test_no_port_at_all(twin, refuse):
    assert "robolearn find-port" in refuse(*twin.words, "port=null")


def test_a_port_that_is_no_terminal(twin, refuse, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a port")
    sentence = refuse(*twin.words, f"port={path}")
    assert f"{path} cannot be opened" in sentence
    assert path.read_text() == "not a port"


def test_a_wrong_baud_rate(twin, refuse):
    sentence = refuse(*twin.words, "robot.bus.baud_rate=500000")
    assert "no servo answers on" in sentence
    assert "at 500000 baud" in sentence
    assert "1000000" in sentence
    assert is_limp(twin)


def test_a_motor_that_is_missing(twin, refuse):
    servo = twin.device.servos[4]
    servo.dead = True
    sentence = refuse(*twin.words)
    servo.dead = False
    assert "servo 4" in sentence
    assert "is missing; found: 1 (STS3215)" in sentence
    assert is_limp(twin)


def test_two_motors_with_one_id(twin, refuse):
    servo = twin.device.servos[5]
    servo._set(registers.ID, 2)
    sentence = refuse(*twin.words)
    servo._set(registers.ID, 5)
    assert "answer to id 2 and none to 5" in sentence
    assert is_limp(twin)


def test_the_calibration_of_an_arm_with_another_name(twin, refuse, tmp_path):
    found = twin.description.calibration
    held = load_calibration(Path(found), "so101", "default", SO101.action_spec.channels)
    path = tmp_path / "other.json"
    Calibration("so101", "other", held.joints).save(path)
    sentence = refuse(*twin.words, f"robot.calibration={path}")
    assert "is of so101 'other', not of so101 'default'" in sentence
    assert is_limp(twin)


def test_the_calibration_of_another_arm_under_this_ones_name(twin, refuse, tmp_path):
    with LiveTwin("so101", tmp_path, ["emulator.make_body.robot_id=other"]) as other:
        swapped = other.description.calibration
        held = load_calibration(Path(swapped), "so101", "other", SO101.action_spec.channels)
    path = tmp_path / "swapped.json"
    Calibration("so101", "default", held.joints).save(path)
    sentence = refuse(*twin.words, f"robot.calibration={path}")
    assert str(path) in sentence
    assert "instead of" in sentence
    assert is_limp(twin)


def test_a_calibration_that_is_damaged(twin, refuse, tmp_path):
    path = tmp_path / "damaged.json"
    text = Path(twin.description.calibration).read_text()
    path.write_text(text.replace('"zero_steps": 20', '"zero_steps": 19', 1))
    assert path.read_text() != text
    sentence = refuse(*twin.words, f"robot.calibration={path}")
    assert f"the calibration {path} is damaged" in sentence
    assert "robolearn calibrate" in sentence
    path.write_text(text[: len(text) // 2])
    assert f"the calibration {path} is damaged" in refuse(*twin.words, f"robot.calibration={path}")
    assert is_limp(twin)


def test_a_calibration_that_is_missing(twin, refuse, tmp_path):
    sentence = refuse(*twin.words, f"robot.calibration={tmp_path / 'none.json'}")
    assert f"there is no calibration {tmp_path / 'none.json'}" in sentence
    assert "robolearn calibrate" in sentence
    assert is_limp(twin)


def test_a_limit_that_does_not_exist(twin, refuse):
    sentence = refuse(*twin.words, "robot.limits_off=[workspce]")
    assert "'workspce'" in sentence
    assert "workspace" in sentence
    assert is_limp(twin)


def test_a_camera_that_is_named_by_a_number(twin, refuse):
    sentence = refuse(*twin.words, "cameras=[front]", "robot.camera_sources.front=0")
    assert "'0', an index that may mean another camera" in sentence
    assert is_limp(twin)


@pytest.mark.gl
def test_a_camera_that_vanishes_midway(tmp_path):
    words = [HASTE, "cameras=[front]", "dataset=data", "episodes=1"]
    with LiveTwin("so101", tmp_path, ["task=pick_place"]) as twin:
        with running(tmp_path, "record", *twin.words, *words) as command:
            twin.wait_until_it_drives(command)
            twin.post_faults(vanish=["front"])
            sentence = get_sentence(*command.wait())
        assert is_limp(twin)
    assert "camera 'front'" in sentence
    assert "is stale" in sentence
    (episode,) = EpisodeStore(tmp_path / "data").iterate_episodes()
    assert episode.attributes.aborted


@pytest.mark.parametrize(
    ("policy", "words"),
    [("NanPolicy", "shoulder_pan = nan"), ("BeyondPolicy", "shoulder_pan = 40")],
)
def test_a_policy_whose_actions_cannot_be(policy, words, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*MODULES, *sys.path])
    with LiveTwin("so101", tmp_path, ["task=pick_place"]) as twin:
        line = [*twin.words, HASTE, "episodes=1", "compare=false", f"checkpoint={tmp_path}"]
        config = compose_config("evaluate", line)
        OmegaConf.set_struct(config, False)
        config.policy = {"_target_": f"bad_policies.{policy}"}
        with pytest.raises(RobolearnError) as info:
            evaluate.run(config, tmp_path / "out")
        assert twin.diary.episodes == 1
        assert is_limp(twin)
        assert all(abs(target) < 3.0 for _, _, _, target in twin.diary.drives)
    print("\n>>>", info.value)
    assert words in str(info.value)


def test_a_policy_that_was_made_for_another_robot(tmp_path):
    store, run = tmp_path / "store", tmp_path / "run"
    words = ["robot=so101_sim", "task=pick_place", "episodes=1", "keep=all"]
    assert main(["record", f"dataset={store}", *words]) == 0
    words = ["updates=2", "batch_size=2", "validate_every=1", "policy=bc_state"]
    assert main(["train", f"dataset={store}", f"output={run}", *words]) == 0
    with LiveTwin("koch", tmp_path, ["task=pick_place"]) as twin:
        with running(tmp_path, "evaluate", str(run), *twin.words, "output=out") as command:
            sentence = get_sentence(*command.wait())
        assert is_limp(twin)
    assert "the policy, trained on 'so101', does not fit this robot: action.minimum" in sentence


@pytest.mark.parametrize(
    ("setting", "words"),
    [("timeout_s=0", "has no timeout"), ("servo_output=false", "would not steer")],
)
def test_a_vesc_that_is_not_safe_to_drive(setting, words, refuse, tmp_path):
    line = ["task=drive_laps", f"emulator.make_body.make_vesc.{setting}"]
    with LiveTwin("rc_car", tmp_path, line) as twin:
        sentence = refuse(*twin.words, "task=drive_laps")
        assert Drive.VELOCITY not in {drive for _, _, drive, _ in twin.diary.drives}
    assert words in sentence
    assert "VESC Tool" in sentence
