"""Where a result came from: commit, versions, machine, command line. Plain data for a report."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from robolearn.worker_process import count_cores

PACKAGES = (
    "robolearn",
    "numpy",
    "mujoco",
    "torch",
    "zarr",
    "numcodecs",
    "gymnasium",
    "hydra-core",
    "robosuite",
    "metaworld",
)


def collect_provenance(argv: list[str] | None = None) -> dict[str, Any]:
    """Gathers everything below into one dictionary of plain data.

    Args:
        argv: the command line; None takes this process's.
    """
    return {
        "command": describe_command(sys.argv if argv is None else argv),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **get_commit(),
        "versions": get_versions(),
        "machine": describe_machine(),
    }


def describe_command(argv: list[str]) -> str:
    """Returns a command line that a shell takes back; the program is shown without its folder."""
    program = Path(argv[0]).name if argv else ""
    return f"{program} {shlex.join(argv[1:])}".rstrip()


def get_commit(folder: Path | None = None) -> dict[str, Any]:
    """Returns `commit` and `commit_dirty` (tracked files changed since) of the source.

    Both are None where the package was installed from elsewhere or git is missing.

    Args:
        folder: where to ask; None takes the folder of the package's source.
    """
    folder = Path(__file__).resolve().parents[2] if folder is None else folder
    commit = _run_git(folder, "rev-parse", "HEAD")
    # A package installed inside somebody else's repository must not borrow its commit.
    if commit is None or _run_git(folder, "ls-files", "--error-unmatch", ".") is None:
        return {"commit": None, "commit_dirty": None}
    status = _run_git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "commit_dirty": bool(status)}


def get_versions() -> dict[str, str]:
    """Returns the versions of Python and of the main packages that are installed."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def describe_machine() -> dict[str, Any]:
    """Returns `cores` this process may use, `memory_gib`, `cpu` and `system`."""
    return {
        "cpu": _read_cpu_model(),
        "cores": count_cores(),
        "memory_gib": _read_memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _run_git(folder: Path, *arguments: str) -> str | None:
    """Returns what git prints, or None if it fails or is missing."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _read_cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Returns the processor's name as the system gives it."""
    if cpuinfo.exists():
        match = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        if match:
            return match.group(1).strip()
    return platform.processor() or platform.machine()


def _read_memory_gib() -> float | None:
    """Returns the machine's memory [GiB], or None where the system does not say."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return round(total / 2**30, 1)
