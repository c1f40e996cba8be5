"""A person records on an arm: keys, real driver, bytes, emulated servos, cameras over HTTP."""

import itertools

import numpy as np
import pytest

from robolearn import keys
from robolearn.cli.main import main
from robolearn.datasets.info import summarize_store
from robolearn.datasets.store import EpisodeStore
from robolearn.embodiments.so101 import SO101
from robolearn.hardware.arms.so101 import SO101_ASSEMBLY
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.feetech import FeetechServos
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.emulators.twin_server import TwinServer
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.hardware.teleop.terminal_keys import TerminalKeys
from robolearn.rollout import Actor
from robolearn.supervised_task import SupervisedTask
from tests.hardware.conftest import make_calibration
from tests.hardware.fakes.filmed_plant import FilmedPlant

FRONT = keys.image_key("front")


@pytest.fixture(name="twin")
def _twin(tmp_path):
    """An emulated arm with its calibration in place, filmed by two cameras."""
    plant = FilmedPlant(("front", "wrist"), SO101.action_spec.channels)
    setups = {j.servo_id: ServoSetup(j.channel, j.direction) for j in SO101_ASSEMBLY.joints}
    port = EmulatedPort(FeetechServos(plant, setups), tmp_path / "arm")
    calibration = make_calibration(homing_offset_steps=0)
    calibration.save(tmp_path / "calibration.json")
    server = TwinServer(plant, [port])
    with server, Emulation(plant, [port], on_tick=server.on_tick) as emulation:
        bus = FeetechBus(str(port.path))
        bus.open(SO101_ASSEMBLY.servo_ids)
        bus.write_memory({j.servo_id: j.memory for j in calibration.joints.values()})
        bus.close()
        rest = zip(SO101.action_spec.channels, SO101.rest_position, strict=True)
        for channel, position in rest:
            emulation.call(lambda c=channel, p=position: plant.place(c, p))
        yield port, server, calibration


@pytest.fixture(name="type_keys")
def _type_keys(monkeypatch):
    """`type_keys(steps)`: keys by the number of the reading since the scene was set out."""

    def type_keys(steps):
        readings = itertools.count()
        is_set_out = []

        def read_keys(self):
            # Before that the arm asks at every step whether to stop.
            return steps.get(next(readings), []) if is_set_out else []

        def set_out(self, seed):
            self._robot.prepare()
            is_set_out.append(seed)

        monkeypatch.setattr(TerminalKeys, "connect", lambda self, robot: None)
        monkeypatch.setattr(TerminalKeys, "read_keys", read_keys)
        monkeypatch.setattr(SupervisedTask, "reset", set_out)

    return type_keys


def test_an_episode_keeps_who_acted_how_old_the_pictures_were_and_how_the_arm_was_set_up(
    twin, tmp_path, type_keys, capsys
):
    port, server, calibration = twin
    type_keys({5: ["w", "w"], 12: ["y"]})
    folder = tmp_path / "data"
    words = [f"dataset={folder}", "episodes=1", "teleop=terminal", "task=own"]
    words += ["task.instruction='Wave.'", "robot=so101", f"port={port.path}", "cameras=[front]"]
    words += [f"robot.calibration={tmp_path / 'calibration.json'}", "robot.slow_speed=3.0"]
    words += ["robot.limits_off=[temperature]", "robot.release_s=0.2"]
    words += [f"robot.camera_sources.front={server.camera_urls['front']}"]
    assert main(["record", *words]) == 0, capsys.readouterr().err
    assert "devices: bus_errors 0" in capsys.readouterr().err
    store = EpisodeStore(folder)
    episode = store.open_episode("episode_000000")
    assert episode.attributes.success
    assert episode.attributes.clock == "monotonic"
    assert episode.attributes.settings["calibration"] == calibration.digest
    assert "temperature" in episode.attributes.settings["limits_off"]
    assert set(episode.read(keys.ACTOR).tolist()) == {int(Actor.PERSON)}
    assert summarize_store(folder).settings["calibration"] == {calibration.digest: 1}
    place = list(store.schema.observation_specs).index(FRONT)
    ages_s = episode.read(keys.SENT_S) - episode.read(keys.CAPTURED_S)[:, place]
    assert 0.0 < np.median(ages_s) < 0.2
    assert np.ptp(episode.read(FRONT).reshape(episode.num_steps, -1), axis=0).any()
