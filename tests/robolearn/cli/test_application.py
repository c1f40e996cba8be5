from pathlib import Path

from robolearn.cli.application import shorten


def test_a_folder_below_this_one_is_shown_as_a_person_would_type_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shorten(tmp_path / "runs" / "a") == Path("runs/a")
    assert shorten(tmp_path) == Path()
    assert shorten(Path("/elsewhere")) == Path("/elsewhere")
