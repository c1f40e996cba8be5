from omegaconf import OmegaConf

from robolearn.cli import doctor
from robolearn.cli.main import main
from robolearn.diagnostics import Finding, Status


def test_every_room_reports(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert all(room in printed for room in ("machine", "sim", "hardware", "policies"))


def test_a_room_that_cannot_be_imported_is_a_finding(tmp_path, capsys):
    config = OmegaConf.create({"checks": {"sim": "no_such_room.diagnostics.diagnose"}})
    doctor.run(config, tmp_path)
    printed = capsys.readouterr().out
    assert "missing" in printed
    assert "robolearn[sim]" in printed


class SickRobot:
    """A robot whose devices have something to say."""

    def diagnose(self):
        return [Finding("arm", Status.WARNING, "6 servos", "elbow_flex has 80 °C")]


def test_a_robot_that_is_named_is_looked_at(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(doctor, "build", lambda node: SickRobot())
    doctor.run(OmegaConf.create({"checks": {}, "robot": {"_target_": "x"}}), tmp_path)
    printed = capsys.readouterr().out
    assert "6 servos" in printed
    assert "80 °C" in printed


def test_an_arm_that_is_not_there_is_a_line_and_no_crash(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["doctor", "robot=so101", f"port={tmp_path / 'none'}"]) == 0
    assert "no calibration" in capsys.readouterr().out
