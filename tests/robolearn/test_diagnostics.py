import os
import shutil
import sys
from types import SimpleNamespace

import pytest

from robolearn import diagnostics
from robolearn.diagnostics import Status, diagnose, find_version


def get(name):
    (finding,) = [finding for finding in diagnose() if finding.name == name]
    return finding


def test_the_machine_is_described_in_full():
    findings = diagnose()
    assert [finding.name for finding in findings] == ["Python", "cores", "memory", "disk"]
    assert all(finding.detail for finding in findings)


@pytest.mark.parametrize(("num_cores", "status"), [(1, Status.WARNING), (8, Status.OK)])
def test_cores_are_those_this_process_may_use(monkeypatch, num_cores, status):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(num_cores)), raising=False)
    assert (get("cores").status, get("cores").detail) == (status, str(num_cores))


@pytest.mark.parametrize(("free_bytes", "status"), [(1e9, Status.WARNING), (9e9, Status.OK)])
def test_a_disk_that_is_nearly_full_is_a_warning(monkeypatch, free_bytes, status):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free_bytes))
    assert get("disk").status is status


def test_a_system_that_does_not_tell_its_memory_is_no_reason_to_crash(monkeypatch):
    def refuse(name):
        raise ValueError(f"unrecognized configuration name: {name}")

    monkeypatch.setattr(os, "sysconf", refuse)
    assert get("memory").status is Status.WARNING


def test_little_memory_is_a_warning_with_a_remedy(monkeypatch):
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 500_000}
    monkeypatch.setattr(os, "sysconf", sizes.get)
    assert (get("memory").status, get("memory").detail) == (Status.WARNING, "2.0 GB")
    assert "batch_size" in get("memory").remedy


def test_a_python_too_new_for_robosuite_is_a_warning(monkeypatch):
    monkeypatch.setattr(diagnostics.sys, "version_info", (3, 13, 0, "final", 0))
    assert get("Python").status is Status.WARNING
    monkeypatch.setattr(diagnostics.sys, "version_info", (3, 12, 0, "final", 0))
    assert get("Python").status is Status.OK


def test_versions_are_found_without_importing():
    assert find_version("no-such-package") is None
    assert find_version("numpy") == sys.modules["numpy"].__version__
