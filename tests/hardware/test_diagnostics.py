import os
import sys
from types import SimpleNamespace

import pytest

from robolearn.diagnostics import Status
from robolearn.hardware import diagnostics


@pytest.fixture
def devices(tmp_path, monkeypatch):
    """A /dev of our own: empty folders where udev would put its links."""
    for name in ("SERIAL_BY_ID", "VIDEO_BY_ID", "VIDEO_BY_PATH"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setattr(diagnostics, name, folder)
    return tmp_path


def plug_in(devices, folder, name, device):
    (devices / device).touch()
    link = devices / folder / name
    link.symlink_to(devices / device)
    return link


def list_ports(monkeypatch, *ports):
    from serial.tools import list_ports

    monkeypatch.setattr(list_ports, "comports", lambda: ports)


def make_port(path, vid=0x1A86):
    return SimpleNamespace(device=str(path), vid=vid)


def test_an_arm_is_listed_by_its_stable_name(devices, monkeypatch):
    link = plug_in(devices, "serial_by_id", "usb-1a86_USB_Serial_5A7C-if00", "ttyACM0")
    list_ports(monkeypatch, make_port(devices / "ttyACM0"))
    finding = diagnostics.find_serial_ports()
    assert (finding.status, finding.detail) == (Status.OK, str(link))


def test_a_port_without_a_stable_name_is_listed_as_it_is(devices, monkeypatch):
    (devices / "ttyUSB7").touch()
    list_ports(monkeypatch, make_port(devices / "ttyUSB7"))
    assert diagnostics.find_serial_ports().detail == str(devices / "ttyUSB7")


def test_sockets_on_the_main_board_are_no_arms(devices, monkeypatch):
    list_ports(monkeypatch, make_port("/dev/ttyS0", vid=None))
    assert diagnostics.find_serial_ports().detail == "none"


def test_a_port_that_may_not_be_opened_names_the_group_to_join(devices, monkeypatch):
    list_ports(monkeypatch, make_port(devices / "ttyACM0"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    finding = diagnostics.find_serial_ports()
    assert finding.status is Status.WARNING
    assert "dialout" in finding.remedy


def test_without_pyserial_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "serial.tools.list_ports", None)
    finding = diagnostics.find_serial_ports()
    assert finding.status is Status.MISSING
    assert "robolearn[hardware]" in finding.remedy


def test_each_camera_is_listed_once_by_serial_number_before_socket(devices):
    first = plug_in(devices, "video_by_id", "usb-Cam_123-video-index0", "video0")
    plug_in(devices, "video_by_id", "usb-Cam_123-video-index1", "video1")
    plug_in(devices, "video_by_path", "pci-0-usb-1-video-index0", "video0")
    second = plug_in(devices, "video_by_path", "pci-0-usb-2-video-index0", "video2")
    finding = diagnostics.find_cameras()
    assert (finding.status, finding.detail) == (Status.OK, f"{first}, {second}")


def test_nothing_plugged_in_is_a_warning_and_no_crash(devices, monkeypatch):
    list_ports(monkeypatch)
    for name in ("SERIAL_BY_ID", "VIDEO_BY_ID", "VIDEO_BY_PATH"):
        monkeypatch.setattr(diagnostics, name, devices / "absent")
    found = {finding.name: finding for finding in diagnostics.diagnose()}
    assert found["serial ports"].status is Status.WARNING
    assert set(found) == {"serial ports", "cameras", "OpenCV"}


def test_a_missing_opencv_names_the_extra(monkeypatch):
    monkeypatch.setattr(diagnostics, "find_version", lambda package: None)
    (finding,) = [f for f in diagnostics.diagnose() if f.name == "OpenCV"]
    assert finding.status is Status.MISSING
    assert "robolearn[hardware]" in finding.remedy
