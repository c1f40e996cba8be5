"""What must not be in a tracked file."""

import re
import subprocess

import pytest

from tests.architecture.conftest import ROOT

MAXIMUM_SIZE_BYTES = 1_000_000
# A path on somebody's own machine.
HOME_PATH = re.compile(rb"(?<![\w.])/(?:home|root|work|Users)/[\w.]")


def list_files():
    """Files that git tracks, or would track if they were added now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_file_names_a_path_of_one_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in list_files()
        if (match := HOME_PATH.search(path.read_bytes()))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (b"cd /" + b"home/anna", True),
        (b"'/" + b"root/.cache'", True),
        (b"./work/x", False),
        (b"https://example.org/home/x", False),
    ],
)
def test_the_search_finds_such_paths_and_leaves_others_alone(text, is_one):
    assert bool(HOME_PATH.search(text)) is is_one


def test_no_file_is_larger_than_a_megabyte():
    sizes = {path.relative_to(ROOT): path.stat().st_size for path in list_files()}
    assert len(sizes) > 30
    assert {path: size for path, size in sizes.items() if size > MAXIMUM_SIZE_BYTES} == {}
