"""The package as it ships, built once per test run from a copy of the source."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE_FOLDERS = ("robolearn", "sim", "hardware", "datasets", "policies", "configs")
SHIPPED_SUFFIXES = (".py", ".yaml", ".j2")


def find_shipped_files() -> list[Path]:
    """Every file of the source that must be in the wheel, relative to the repository."""
    return sorted(
        path.relative_to(ROOT)
        for folder in SOURCE_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SHIPPED_SUFFIXES or path.name == "py.typed"
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built offline; from a copy, so that an older build leaves nothing in it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in SOURCE_FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--no-index", "-w", folder, source],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def tree(wheel, tmp_path):
    """The unpacked wheel, to be changed at will: the folder that holds `robolearn/`."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "tree")
    return tmp_path / "tree"
