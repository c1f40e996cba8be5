import os
import threading
import time

import pytest
import serial

from robolearn.errors import RobolearnError
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.plant import LagPlant
from tests.hardware.line_device import EchoDevice

PATIENT_S = 5.0


@pytest.fixture
def port(tmp_path):
    port = EmulatedPort(EchoDevice(), tmp_path / "tty")
    yield port
    port.close()


def open_host(port, baud_rate=115200):
    return serial.Serial(str(port.path), baud_rate, timeout=PATIENT_S)


def ask(port, baud_rate=115200):
    with open_host(port, baud_rate) as host:
        host.write(b"a\n")
        return host.read(3)


def test_bytes_pass_unchanged_both_ways(port):
    data = bytes(range(256)).replace(b"\n", b"")
    with Emulation(LagPlant(("a",)), [port]), open_host(port) as host:
        host.write(data + b"\n")
        assert host.read(257) == b">" + data + b"\n"


def test_several_ports_answer(tmp_path):
    ports = [EmulatedPort(EchoDevice(), tmp_path / name) for name in ("one", "two")]
    with Emulation(LagPlant(("a",)), ports):
        assert [ask(port) for port in ports] == [b">a\n"] * 2


def test_a_host_may_come_back(port):
    with Emulation(LagPlant(("a",)), [port]):
        assert [ask(port) for _ in range(3)] == [b">a\n"] * 3


def test_the_link_vanishes_and_returns_with_the_cable(port):
    port.unplug()
    assert not port.path.is_symlink()
    assert not port.is_plugged
    port.plug()
    with Emulation(LagPlant(("a",)), [port]):
        assert ask(port) == b">a\n"


def test_what_was_on_its_way_is_lost_with_the_cable(port):
    port.faults.change(late=1.0, late_s=0.05)
    with Emulation(LagPlant(("a",)), [port]) as emulation:
        with open_host(port) as host:
            host.write(b"old\n")
            while not emulation.call(lambda: port.device.lines):
                time.sleep(0.001)
        emulation.call(port.unplug)
        emulation.call(lambda: port.faults.change(late=0.0))
        emulation.call(port.plug)
        assert ask(port) == b">a\n"


def test_pulling_and_plugging_all_the_time_does_not_end_the_emulation(port):
    with Emulation(LagPlant(("a",)), [port]) as emulation:
        for _ in range(200):
            emulation.call(port.unplug)
            emulation.call(port.plug)
        assert ask(port) == b">a\n"


@pytest.mark.parametrize("baud_rate", [1_000_000, 128_000])  # the second is no standard one
def test_the_device_hears_only_a_host_with_its_baud_rate(tmp_path, baud_rate):
    port = EmulatedPort(EchoDevice(), tmp_path / "tty", baud_rate=baud_rate)
    with Emulation(LagPlant(("a",)), [port]) as emulation:
        with open_host(port, 115200) as host:
            host.write(b"unheard\n")
            host.timeout = 0.1
            assert host.read(3) == b""
        assert ask(port, baud_rate) == b">a\n"
        assert emulation.call(lambda: port.device.lines) == [b"a"]


def test_a_host_that_does_not_read_loses_bytes_and_blocks_nobody(port):
    with Emulation(LagPlant(("a",)), [port]) as emulation, open_host(port) as host:
        for _ in range(64):
            host.write(b"x" * 1000 + b"\n")
        while emulation.call(lambda: len(port.device.lines)) < 64:
            time.sleep(0.001)
        assert 0 < host.in_waiting < 64_000


def test_a_file_in_the_way_is_kept(tmp_path):
    path = tmp_path / "tty"
    path.write_text("precious")
    with pytest.raises(RobolearnError, match="in the way"):
        EmulatedPort(EchoDevice(), path)
    assert path.read_text() == "precious"


def test_no_descriptor_is_left_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    port = EmulatedPort(EchoDevice(), tmp_path / "tty")
    port.close()
    port.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_plant_and_timers_run_in_real_time_while_the_host_is_silent(port):
    plant = LagPlant(("a",))
    ticks_s = []
    with Emulation(plant, [port], on_tick=ticks_s.append) as emulation:
        begin_s, plant_begin_s = time.monotonic(), emulation.call(lambda: plant.now_s)
        time.sleep(0.3)
        passed_s = emulation.call(lambda: plant.now_s) - plant_begin_s
        most_s = time.monotonic() - begin_s
    assert 0.2 < passed_s < most_s + 0.1
    assert ticks_s == sorted(ticks_s)
    assert port.device.updates_s == ticks_s


def test_what_ends_the_thread_is_raised_on_closing(port):
    def fail(now_s):
        raise ZeroDivisionError("in the thread")

    emulation = Emulation(LagPlant(("a",)), [port], on_tick=fail)
    emulation.start()
    while emulation._thread.is_alive():
        time.sleep(0.001)
    with pytest.raises(ZeroDivisionError, match="in the thread"):
        emulation.close()
    emulation.close()


def test_calls_get_in_while_a_host_never_rests(port):
    stop = threading.Event()

    def chatter():
        with open_host(port) as host:
            while not stop.is_set():
                host.write(b"a\n")
                host.read(3)

    with Emulation(LagPlant(("a",)), [port]) as emulation:
        thread = threading.Thread(target=chatter)
        thread.start()
        begin_s = time.monotonic()
        for _ in range(50):
            emulation.call(lambda: None)
        took_s = time.monotonic() - begin_s
        stop.set()
        thread.join()
    assert took_s < 10.0
