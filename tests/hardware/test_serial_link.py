import os
import threading
import time

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.serial_link import LinkLostError, SerialLink
from robolearn.plant import LagPlant
from tests.hardware.line_device import EchoDevice, LineDecoder

PATIENT_S = 5.0


@pytest.fixture
def port(tmp_path):
    return EmulatedPort(EchoDevice(), tmp_path / "tty")


@pytest.fixture
def emulation(port):
    with Emulation(LagPlant(("a",)), [port]) as emulation:
        yield emulation


@pytest.fixture
def link(port, emulation):
    link = SerialLink(str(port.path), 115200, LineDecoder(), timeout_s=PATIENT_S)
    link.open()
    yield link
    link.close()


def is_any(frame):
    return True


def test_a_request_returns_its_answer(link):
    assert link.request(b"hello\n", is_any) == [b">hello"]
    assert link.counters.to_json() == {
        "requests": 1,
        "timeouts": 0,
        "bad_frames": 0,
        "strays": 0,
        "failures": 0,
    }


def test_several_frames_make_one_answer(link):
    assert link.request(b"a\nb\nc\n", is_any, num_frames=3) == [b">a", b">b", b">c"]


def test_what_is_sent_without_question_arrives(link, port, emulation):
    link.send(b"quiet\n")
    link.request(b"loud\n", lambda frame: frame == b">loud")
    assert emulation.call(lambda: list(port.device.lines)) == [b"quiet", b"loud"]


def test_silence_is_a_timeout_and_what_came_is_returned(link, port, emulation):
    assert link.request(b"a\n", is_any, num_frames=2, timeout_s=0.1) == [b">a"]
    assert link.request(b"no newline", is_any, timeout_s=0.05) == []
    assert (link.counters.requests, link.counters.timeouts) == (2, 2)


def test_frames_that_answer_no_question_are_counted_and_dropped(link):
    answers = link.request(b"x\ny\n", lambda frame: frame == b">y")
    assert answers == [b">y"]
    assert link.counters.strays == 1


def test_a_late_reply_is_dropped_before_the_next_request(link, port, emulation):
    emulation.call(lambda: port.faults.change(late=1.0, late_s=0.05))
    assert link.request(b"old\n", is_any, timeout_s=0.01) == []
    emulation.call(lambda: port.faults.change(late=0.0))
    while emulation.call(lambda: port.next_due_s) < time.monotonic() + PATIENT_S:
        time.sleep(0.01)
    assert link.request(b"new\n", is_any) == [b">new"]
    assert link.counters.strays == 1


def test_damage_is_counted(link, port, emulation):
    emulation.call(lambda: os.write(port.fileno(), b"!damage\n"))
    assert link.request(b"a\n", is_any) == [b">a"]
    assert link.counters.bad_frames == 1


def test_noise_without_end_does_not_hold_a_request_up(link, port, emulation):
    emulation.call(lambda: setattr(port.device, "babbles", True))
    assert link.request(b"a\n", lambda frame: frame == b"b", timeout_s=0.1) == []
    assert link.counters.strays > 10


def test_an_unplugged_port_is_a_lost_link_and_closes(link, port, emulation):
    emulation.call(port.unplug)
    with pytest.raises(LinkLostError, match=r"tty is gone .* plug it in again"):
        link.request(b"a\n", is_any)
    assert not link.is_open
    with pytest.raises(RobotError, match="not open"):
        link.send(b"a\n")


def test_unplugging_in_the_middle_of_a_wait_is_noticed_long_before_the_deadline(
    link, port, emulation
):
    unplug = threading.Timer(0.1, emulation.call, (port.unplug,))
    unplug.start()
    begin_s = time.monotonic()
    with pytest.raises(LinkLostError):
        link.request(b"no newline", is_any, timeout_s=60.0)
    assert time.monotonic() - begin_s < 10.0
    unplug.join()


def test_the_same_path_works_after_replugging(link, port, emulation):
    emulation.call(port.unplug)
    with pytest.raises(LinkLostError):
        link.request(b"a\n", is_any)
    emulation.call(port.plug)
    link.open()
    assert link.request(b"b\n", is_any) == [b">b"]
    assert link.counters.requests == 1


def test_closing_is_allowed_in_every_state(link, port, emulation):
    emulation.call(port.unplug)
    link.close()
    link.close()


def test_opening_an_open_link_does_nothing(link):
    link.request(b"a\n", is_any)
    link.open()
    assert link.counters.requests == 1


def test_a_second_opening_of_a_port_is_refused(link):
    second = SerialLink(link.port, 115200, LineDecoder())
    with pytest.raises(RobotError, match="in use by another program"):
        second.open()
    assert not second.is_open


@pytest.mark.parametrize("kind", ["missing", "directory", "file"])
def test_what_is_no_port_is_refused_in_one_sentence(tmp_path, kind):
    path = tmp_path / "port"
    if kind == "directory":
        path.mkdir()
    elif kind == "file":
        path.write_text("")
    with pytest.raises(RobotError, match=r"port cannot be opened .*serial ports found: "):
        SerialLink(str(path), 115200, LineDecoder()).open()


def test_no_port_at_all_is_refused_in_one_sentence():
    with pytest.raises(RobotError, match=r"no serial port is named; serial ports found: "):
        SerialLink("", 115200, LineDecoder()).open()


def test_a_baud_rate_that_cannot_be_is_refused(port, emulation):
    with pytest.raises(RobotError, match="cannot be opened"):
        SerialLink(str(port.path), -1, LineDecoder()).open()


def test_a_host_that_was_kept_from_looking_still_takes_what_came_in_time(link, port, emulation):
    def is_second(frame):
        time.sleep(0.2)  # the deadline passes while the first frame is looked at
        return frame == b">b"

    emulation.call(lambda: port.faults.change(split=1.0))
    assert link.request(b"a\nb\n", is_second, timeout_s=0.1) == [b">b"]
    assert link.counters.timeouts == 0
