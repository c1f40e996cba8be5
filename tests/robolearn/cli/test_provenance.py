from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from importlib import metadata

import pytest

from robolearn.cli.provenance import (
    collect_provenance,
    describe_command,
    get_commit,
    get_versions,
)
from robolearn.worker_process import count_cores

NO_COMMIT = {"commit": None, "commit_dirty": None}


def _git(folder, *arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


@pytest.fixture(name="repository")
def _repository(tmp_path):
    _git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    _git(tmp_path, "add", "a.txt")
    _git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_commit_is_clean_until_a_tracked_file_changes(repository):
    clean = get_commit(repository)
    assert re.fullmatch("[0-9a-f]{40}", clean["commit"])
    assert clean["commit_dirty"] is False
    (repository / "untracked.txt").write_text("x")
    assert get_commit(repository) == clean
    (repository / "a.txt").write_text("b")
    assert get_commit(repository) == {"commit": clean["commit"], "commit_dirty": True}


def test_a_package_inside_anothers_repository_does_not_borrow_its_commit(repository):
    site_packages = repository / ".venv" / "site-packages"
    site_packages.mkdir(parents=True)
    (site_packages / "robolearn.py").write_text("")
    assert get_commit(site_packages) == NO_COMMIT


def test_without_repository_or_git_there_is_no_commit(repository, tmp_path_factory, monkeypatch):
    assert get_commit(tmp_path_factory.mktemp("plain")) == NO_COMMIT
    monkeypatch.setenv("PATH", "")
    assert get_commit(repository) == NO_COMMIT


def test_versions_are_those_installed_and_leave_out_what_is_missing(monkeypatch):
    assert get_versions()["numpy"] == metadata.version("numpy")
    monkeypatch.setattr("robolearn.cli.provenance.PACKAGES", ("no-such-package",))
    assert list(get_versions()) == ["python"]


def test_a_shell_takes_the_command_back():
    argv = ["/opt/x/bin/robolearn", "train", "task=pick_place", "name=a b", "f={x: 1}"]
    assert shlex.split(describe_command(argv)) == ["robolearn", *argv[1:]]


def test_provenance_is_plain_json_with_the_machine():
    data = collect_provenance(["robolearn", "doctor"])
    assert json.loads(json.dumps(data)) == data
    assert data["command"] == "robolearn doctor"
    assert 1 <= data["machine"]["cores"] == count_cores() <= (os.cpu_count() or 1)
    assert data["machine"]["cpu"]
