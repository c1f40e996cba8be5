"""Cameras through real HTTP: what a stream can do to its reader."""

import time

import numpy as np
import pytest

from robolearn.embodiments.embodiment import CameraSpec
from robolearn.errors import RobotError
from robolearn.hardware.camera_sources import READ_TIMEOUT_MS
from robolearn.hardware.cameras import Cameras
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.twin_server import TwinServer
from tests.hardware.fakes.filmed_plant import FilmedPlant, read_age_s
from tests.hardware.fakes.waiting import wait_until

FRONT, WRIST = CameraSpec("front", 96, 96), CameraSpec("wrist", 72, 96)
KEY = FRONT.key


@pytest.fixture(name="plant")
def _plant():
    return FilmedPlant()


@pytest.fixture(name="server")
def _server(plant):
    server = TwinServer(plant)
    with server, Emulation(plant, [], on_tick=server.on_tick):
        yield server


@pytest.fixture(name="cameras")
def _cameras(server):
    cameras = Cameras([FRONT, WRIST], server.camera_urls)
    cameras.open()
    yield cameras
    cameras.close()


def is_readable(cameras):
    try:
        cameras.read()
    except RobotError:
        return False
    return True


def test_pictures_come_at_their_size_and_are_as_old_as_they_say(cameras):
    true_ages_s, told_ages_s = [], []
    for _ in range(20):
        time.sleep(0.05)
        pictures = cameras.read()
        now_s = time.monotonic()
        image, captured_s = pictures[KEY]
        true_ages_s.append(read_age_s(image, now_s))
        told_ages_s.append(now_s - captured_s)
        assert pictures[WRIST.key][0].shape == (72, 96, 3)
    assert np.median(true_ages_s) < 0.1
    # What lies between the rendering and the time stamp is not known to the reader.
    assert np.median(np.subtract(true_ages_s, told_ages_s)) < 0.05


def test_a_slow_reader_still_gets_new_pictures(cameras):
    cameras.read()
    time.sleep(1.0)
    now_s = time.monotonic()
    assert read_age_s(cameras.read()[KEY][0], now_s) < 0.5


def test_a_stalled_camera_is_an_error_and_its_end_brings_the_pictures_back(cameras, server):
    server.change_faults({"stall": ["front"]})
    wait_until(lambda: not is_readable(cameras))
    with pytest.raises(RobotError, match=r"'front'.*is stale"):
        cameras.read()
    server.change_faults({"stall": []})
    wait_until(lambda: is_readable(cameras))


def test_a_stall_longer_than_the_read_timeout_ends_in_a_new_connection(cameras, server):
    server.change_faults({"stall": ["front"]})
    time.sleep(1e-3 * READ_TIMEOUT_MS + 0.5)
    server.change_faults({"stall": []})
    wait_until(lambda: is_readable(cameras))
    assert cameras.counters == {"front_reconnects": 1, "wrist_reconnects": 0}


def test_a_camera_that_vanishes_is_an_error_until_it_is_back(cameras, server):
    server.change_faults({"vanish": ["wrist"]})
    wait_until(lambda: not is_readable(cameras))
    with pytest.raises(RobotError, match=r"'wrist'.*is stale"):
        cameras.read()
    server.change_faults({"vanish": []})
    wait_until(lambda: is_readable(cameras))
    assert cameras.counters["wrist_reconnects"] == 1


def test_a_stream_that_changes_its_size_is_still_given_at_the_specs(cameras, plant):
    plant.block_px = 40
    num_rendered = plant.num_rendered["front"]
    wait_until(lambda: plant.num_rendered["front"] > num_rendered + 10)
    wait_until(lambda: is_readable(cameras))
    now_s = time.monotonic()
    image, _ = cameras.read()[KEY]
    assert image.shape == (96, 96, 3)
    assert read_age_s(image, now_s) < 0.5


def test_a_server_that_starts_again_is_found_again(plant):
    first = TwinServer(plant)
    port = int(first.url.rpartition(":")[2])
    cameras = Cameras([FRONT], first.camera_urls)
    with first, Emulation(plant, [], on_tick=first.on_tick):
        cameras.open()
    try:
        wait_until(lambda: not is_readable(cameras))
        second = TwinServer(plant, http_port=port)
        with second, Emulation(plant, [], on_tick=second.on_tick):
            wait_until(lambda: is_readable(cameras))
            assert cameras.counters == {"front_reconnects": 1}
            cameras.close()
    finally:
        cameras.close()


def test_a_still_scene_is_no_frozen_camera(server, plant):
    plant.is_still = True
    cameras = Cameras([FRONT], server.camera_urls, frozen_after_s=0.1)
    cameras.open()
    try:
        time.sleep(0.5)
        assert cameras.read()[KEY][0].shape == (96, 96, 3)
    finally:
        cameras.close()


def test_nobody_there_is_one_sentence():
    cameras = Cameras([FRONT], {"front": "http://127.0.0.1:9/cameras/front"})
    with pytest.raises(RobotError, match=r"'front' \(http://127.*does not answer"):
        cameras.open()


def test_a_camera_the_twin_lacks_does_not_open(server):
    cameras = Cameras([FRONT], {"front": f"{server.url}/cameras/rear"})
    with pytest.raises(RobotError, match=r"'front'.*cannot be used"):
        cameras.open()
