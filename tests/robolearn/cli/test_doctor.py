from omegaconf import OmegaConf

from robolearn.cli import doctor
from robolearn.cli.main import main


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
