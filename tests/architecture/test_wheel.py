"""What `pip install robolearn` brings."""

import zipfile

from tests.architecture.conftest import SOURCE_FOLDERS, find_shipped_files


def test_every_module_configuration_and_template_is_in_the_wheel(wheel):
    expected = {
        path.as_posix() if path.parts[0] == "robolearn" else f"robolearn/{path.as_posix()}"
        for path in find_shipped_files()
    }
    assert {f"robolearn/{name}/__init__.py" for name in SOURCE_FOLDERS[1:]} <= expected
    assert "robolearn/py.typed" in expected
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert expected - held == set()


def test_nothing_else_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        strangers = [
            name
            for name in archive.namelist()
            if not name.startswith(("robolearn/", "robolearn-")) or "/tests/" in name
        ]
    assert strangers == []
