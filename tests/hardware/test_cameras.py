import threading
import time
from pathlib import Path

import numpy as np
import pytest

from robolearn.embodiments.embodiment import CameraSpec
from robolearn.errors import RobotError
from robolearn.hardware import camera_reader, diagnostics
from robolearn.hardware.camera_reader import fit_image
from robolearn.hardware.camera_sources import (
    CaptureFormat,
    find_device,
    request_format,
    split_format,
)
from robolearn.hardware.cameras import Cameras
from tests.hardware.fakes.waiting import wait_until

FRONT = CameraSpec("front", 48, 64)
KEY = "observation.images.front"
SOURCE = "/dev/v4l/by-id/usb-Acme_Cam_1234-video-index0"


class FakeCapture:
    """A camera whose frames are handed out by the test."""

    def __init__(self):
        self.is_open = True
        self.is_gone = False
        self.still = None
        self.number = 0

    def grab(self):
        time.sleep(0.002)
        self.number += 1
        return not self.is_gone

    def retrieve(self):
        if self.still is not None:
            return True, self.still.copy()
        return True, np.full((48, 64, 3), self.number % 251, np.uint8)

    def release(self):
        self.is_open = False


class Desk:
    """Opens fake captures; the test unplugs them."""

    def __init__(self):
        self.captures = []
        self.is_unplugged = False

    def open(self, source):
        if self.is_unplugged:
            raise RobotError("is not plugged in")
        self.captures.append(FakeCapture())
        return self.captures[-1]


@pytest.fixture(name="desk")
def _desk():
    return Desk()


@pytest.fixture(name="opened")
def _opened(desk):
    cameras = Cameras([FRONT], {"front": SOURCE}, 0.3, frozen_after_s=0.2, open_capture=desk.open)
    cameras.open()
    yield cameras
    cameras.close()


def read_until_error(cameras):
    wait_until(lambda: not is_readable(cameras))
    with pytest.raises(RobotError) as caught:
        cameras.read()
    return str(caught.value)


def is_readable(cameras):
    try:
        cameras.read()
    except RobotError:
        return False
    return True


def test_read_gives_the_newest_frame_and_when_it_came(opened, desk):
    before_s = time.monotonic()
    wait_until(lambda: opened.read()[KEY][1] > before_s)
    image, captured_s = opened.read()[KEY]
    assert image.shape == (48, 64, 3)
    assert image.dtype == np.uint8
    assert before_s < captured_s <= time.monotonic()


def test_pictures_belong_to_the_caller(opened, desk):
    desk.captures[0].still = np.full((48, 64, 3), 7, np.uint8)
    wait_until(lambda: opened.read()[KEY][0][0, 0, 0] == 7)
    opened.read()[KEY][0][:] = 0
    assert opened.read()[KEY][0].min() == 7


def test_opening_twice_opens_once_and_closing_twice_is_allowed(opened, desk):
    opened.open()
    opened.close()
    opened.close()
    assert [capture.is_open for capture in desk.captures] == [False]
    with pytest.raises(RobotError, match="open\\(\\) first"):
        opened.read()


def test_they_can_be_opened_again_after_closing(opened, desk):
    opened.close()
    opened.open()
    assert len(desk.captures) == 2
    assert KEY in opened.read()


def test_a_camera_that_vanishes_is_named_with_the_age_of_its_last_picture(opened, desk):
    desk.is_unplugged = desk.captures[0].is_gone = True
    message = read_until_error(opened)
    assert "'front'" in message
    assert SOURCE in message
    assert "is stale" in message
    assert "s ago" in message


def test_a_camera_that_comes_back_is_read_again_and_counted(opened, desk):
    desk.is_unplugged = desk.captures[0].is_gone = True
    assert "not plugged in" in read_until_error(opened) or not is_readable(opened)
    assert opened.counters == {"front_reconnects": 0}
    desk.is_unplugged = False
    wait_until(lambda: is_readable(opened))
    assert opened.counters == {"front_reconnects": 1}
    assert not desk.captures[0].is_open
    opened.close()
    assert opened.counters == {"front_reconnects": 1}


def test_a_frozen_picture_is_an_error_though_frames_still_arrive(opened, desk):
    desk.captures[0].still = np.full((48, 64, 3), 9, np.uint8)
    message = read_until_error(opened)
    assert "is frozen" in message
    assert "'front'" in message


@pytest.mark.parametrize(
    ("source", "frozen_after_s"), [("http://127.0.0.1:1/cameras/front", 0.1), (SOURCE, None)]
)
def test_a_still_picture_of_a_stream_or_with_the_check_off_is_allowed(desk, source, frozen_after_s):
    cameras = Cameras(
        [FRONT], {"front": source}, frozen_after_s=frozen_after_s, open_capture=desk.open
    )
    cameras.open()
    try:
        desk.captures[0].still = np.full((48, 64, 3), 9, np.uint8)
        wait_until(lambda: cameras.read()[KEY][0][0, 0, 0] == 9)
        time.sleep(0.3)
        assert cameras.read()[KEY][0][0, 0, 0] == 9
    finally:
        cameras.close()


def test_a_camera_that_sends_nothing_is_an_error_and_all_are_closed(desk, monkeypatch):
    monkeypatch.setattr(camera_reader, "FIRST_FRAME_TIMEOUT_S", 0.1)

    def open_silent(source):
        capture = desk.open(source)
        capture.is_gone = source.startswith("silent")
        desk.is_unplugged = capture.is_gone
        return capture

    wrist = CameraSpec("wrist", 48, 64)
    sources = {"front": SOURCE, "wrist": "silent/camera"}
    cameras = Cameras([FRONT, wrist], sources, open_capture=open_silent)
    with pytest.raises(RobotError, match=r"'wrist' \(silent/camera\).*no picture came within"):
        cameras.open()
    wait_until(lambda: not any(capture.is_open for capture in desk.captures))
    assert not [t for t in threading.enumerate() if t.name.startswith("camera-")]


@pytest.fixture(name="plugged")
def _plugged(tmp_path, monkeypatch):
    """Two cameras as udev would name them."""
    by_id, by_path = tmp_path / "by-id", tmp_path / "by-path"
    names = ["usb-Acme_Cam_1234-video-index0", "usb-Acme_Cam_5678-video-index0"]
    for number, name in enumerate(names):
        device = tmp_path / f"video{number}"
        device.touch()
        by_id.mkdir(exist_ok=True)
        (by_id / name).symlink_to(device)
    monkeypatch.setattr(diagnostics, "VIDEO_BY_ID", by_id)
    monkeypatch.setattr(diagnostics, "VIDEO_BY_PATH", by_path)
    return [by_id / name for name in names]


@pytest.mark.parametrize("source", ["0", "12", "/dev/video0", "/dev/video0@640x480@30"])
def test_an_index_is_refused_with_the_names_that_last(plugged, source):
    with pytest.raises(RobotError, match="index") as caught:
        Cameras([FRONT], {"front": source})
    assert all(str(path) in str(caught.value) for path in plugged)


@pytest.mark.parametrize("sources", [{}, {"front": None}, {"wrist": SOURCE}])
def test_a_camera_without_a_source_is_refused_with_the_names_there_are(plugged, sources):
    with pytest.raises(RobotError, match=r"'front' is switched on but has no source") as caught:
        Cameras([FRONT], sources)
    assert str(plugged[0]) in str(caught.value)


def test_a_serial_number_finds_its_camera_and_an_unclear_one_names_the_candidates(plugged):
    assert find_device("5678") == plugged[1]
    assert find_device(str(plugged[0])) == plugged[0]
    with pytest.raises(RobotError, match="names several cameras"):
        find_device("Acme")
    with pytest.raises(RobotError, match="is not plugged in") as caught:
        find_device("9999")
    assert str(plugged[0]) in str(caught.value)


def test_a_camera_that_is_not_plugged_in_is_one_sentence(plugged):
    cameras = Cameras([FRONT], {"front": "9999"})
    with pytest.raises(RobotError, match=r"'front' \(9999\) cannot be used: 9999 is not plugged"):
        cameras.open()


class FakeDevice:
    """Keeps what is set, unless it cannot do it."""

    def __init__(self, **fixed):
        self.calls = []
        self.values = {}
        self.fixed = fixed

    def set(self, name, value):
        self.calls.append(name)
        self.values[name] = value
        return True

    def get(self, name):
        return self.fixed.get(str(name), self.values[name])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1234", ("1234", CaptureFormat(480, 640, 30.0))),
        (f"{SOURCE}@1280x720@15", (SOURCE, CaptureFormat(720, 1280, 15.0))),
        ("http://me@there/a@1x2@3", ("http://me@there/a@1x2@3", CaptureFormat())),
    ],
)
def test_a_format_may_follow_the_name_of_a_camera(source, expected):
    assert split_format(source) == expected


def test_the_size_is_asked_before_the_rate_and_after_the_pixel_format():
    device = FakeDevice()
    request_format(device, Path(SOURCE), CaptureFormat(480, 640, 30.0))
    import cv2

    order = [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT]
    assert device.calls[:4] == [*order, cv2.CAP_PROP_FPS]
    assert device.values[cv2.CAP_PROP_BUFFERSIZE] == 1


def test_a_camera_that_does_another_size_or_rate_is_refused():
    import cv2

    for name, value in ((cv2.CAP_PROP_FRAME_WIDTH, 320), (cv2.CAP_PROP_FPS, 15.0)):
        with pytest.raises(RobotError, match=r"instead of 640 x 480 at 30 Hz"):
            request_format(FakeDevice(**{str(name): value}), Path(SOURCE), CaptureFormat())


def test_a_picture_is_cropped_about_its_centre_scaled_and_turned_to_rgb():
    image = np.zeros((40, 100, 3), np.uint8)
    image[:, 30:70] = (255, 0, 0)  # blue, in OpenCV's order
    fitted = fit_image(image, 20, 20)
    assert fitted.shape == (20, 20, 3)
    assert (fitted == (0, 0, 255)).all()
    np.testing.assert_array_equal(fit_image(image, 40, 100), image[..., ::-1])
    assert fit_image(image, 80, 200).shape == (80, 200, 3)
