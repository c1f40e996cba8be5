import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from robolearn.cli.find_port import find_port
from robolearn.cli.main import main
from robolearn.hardware import diagnostics
from robolearn.hardware.ports import PortFinder


def make_port(device, vid=0x1A86, **words):
    words = {"manufacturer": None, "product": None, "serial_number": None, **words}
    return SimpleNamespace(device=str(device), vid=vid, pid=0x55D3, **words)


@pytest.fixture(name="ports")
def _ports(monkeypatch, tmp_path):
    """The serial ports there are; change the list to plug and unplug."""
    from serial.tools import list_ports

    folder = tmp_path / "by-id"
    folder.mkdir()
    (tmp_path / "ttyACM0").touch()
    (folder / "usb-1a86_Arm_5A7C-if00").symlink_to(tmp_path / "ttyACM0")
    monkeypatch.setattr(diagnostics, "SERIAL_BY_ID", folder)
    ports = [
        make_port(tmp_path / "ttyACM0", product="USB Single Serial", serial_number="5A7C"),
        make_port("/dev/ttyUSB7", manufacturer="FTDI"),
        make_port("/dev/ttyS0", vid=None),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: list(ports))
    return ports


def show(ask):
    console = Console(file=io.StringIO(), width=160)
    find_port(PortFinder(), ask, console)
    return console.file.getvalue()


def test_ports_are_listed_by_stable_name_with_what_they_are(ports):
    printed = show(None)
    assert "usb-1a86_Arm_5A7C-if00" in printed
    assert "USB Single Serial 5A7C (1a86:55d3)" in printed
    assert "/dev/ttyUSB7" in printed
    assert "ttyS0" not in printed


def test_the_one_that_vanishes_is_named_as_it_is_to_be_written(ports):
    printed = show(lambda text: ports.pop(0))
    assert "it is port=" in printed
    assert printed.rstrip().endswith("usb-1a86_Arm_5A7C-if00")


def test_nothing_unplugged_is_said(ports):
    assert "all ports are still there" in show(lambda text: None)


def test_no_port_at_all_says_what_to_plug_in(ports):
    ports.clear()
    assert "no serial port: plug in" in show(None)


def test_the_command_lists_without_a_terminal(ports, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["find-port"]) == 0
    assert "ttyUSB7" in capsys.readouterr().out
