"""`robolearn calibrate`, with a hand that does what a person is asked."""

import io
import sys

import pytest
from rich.console import Console

from robolearn.cli import calibrate as command
from robolearn.cli.main import main
from robolearn.errors import RobotError
from robolearn.hardware.calibration_procedure import CalibrationProcedure
from tests.hardware.conftest import ArmBench
from tests.hardware.fakes.hand import Hand


@pytest.fixture(name="bench")
def _bench(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "READ_PERIOD_S", 0.0)
    return ArmBench(tmp_path)


def play(bench, hand):
    asked, sweep = [], hand.sweep()
    turn = iter([False])

    def ask(text):
        asked.append(text)
        hand.obey(text)

    def is_done():
        if next(turn, None) is None:
            return next(sweep)
        hand.obey("turn every joint in its positive direction")
        return True

    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    procedure = CalibrationProcedure(bench.make())
    try:
        command.calibrate(procedure, ask, is_done, console)
    finally:
        printed = console.file.getvalue()
    return asked, printed


def test_a_person_is_led_through_it_and_told_where_the_file_is(bench):
    bench.path.unlink()
    asked, printed = play(bench, Hand(bench.bus, zeros=(2048, 10, 4090, 1200, 3000, 2500)))
    assert [text.split()[0] for text in asked] == ["take", "put"]
    assert "upper arm upright" in asked[1]
    assert "upper arm forwards" in printed.replace("\n", " ")
    assert bench.path.exists()
    assert str(bench.path) in printed.replace("\n", "")
    assert "sha256" in printed
    for column in ("lowest", "now", "highest", "moved [rad]", "shoulder_pan"):
        assert column in printed
    with bench.make():
        pass


def test_a_failure_closes_the_bus_and_leaves_no_file(bench):
    bench.path.unlink()
    with pytest.raises(RobotError, match="turned the other way"):
        play(bench, Hand(bench.bus, directions=(-1, 1, 1, 1, 1, 1)))
    assert not bench.bus.is_open
    assert not bench.path.exists()


def test_without_a_terminal_it_says_what_it_needs(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["calibrate", "port=/dev/null"]) == 2
    assert "calibrate needs a terminal" in capsys.readouterr().err
