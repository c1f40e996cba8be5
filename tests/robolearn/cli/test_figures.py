import json

from robolearn.cli.figures import print_figures, write_figures


def test_figures_are_written_as_they_are(tmp_path):
    figures = {"rate": 0.5, "nested": {"count": 3}}
    write_figures(tmp_path / "deep" / "a.json", figures)
    assert json.loads((tmp_path / "deep" / "a.json").read_text()) == figures
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_figures(None, {"rate": 0.5})
    assert list(tmp_path.iterdir()) == []


def test_nested_figures_are_printed_by_their_dotted_name(capsys):
    print_figures("Title", {"rate": 0.123456, "nested": {"count": 3}})
    printed = capsys.readouterr().out
    assert "Title" in printed
    assert "0.1235" in printed
    assert "nested.count" in printed
