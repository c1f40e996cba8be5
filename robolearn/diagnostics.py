"""What a machine can do: findings, and those about the machine itself.

Each room has a `diagnostics.py` with `diagnose() -> list[Finding]`. It never raises because
something is absent: that is what it is there to say.
"""

from __future__ import annotations

import enum
import importlib.metadata
import os
import platform
import shutil
import sys
from dataclasses import dataclass

# Ten episodes of two cameras take about 30 MB, a checkpoint 50 MB, PyTorch itself 1 GB.
LOW_DISK_BYTES = 5e9
# Training from images holds the network, the decoded batches and the loader: about 2 GB.
LOW_MEMORY_BYTES = 4e9
LOW_NUM_CORES = 2


class Status(enum.Enum):
    """How it stands with what was looked for."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for.

    Attributes:
        name: what was looked for, e.g. `serial ports`.
        status: how it stands.
        detail: what was found, in a few words.
        remedy: what to install or do; empty where nothing needs doing.
    """

    name: str
    status: Status
    detail: str
    remedy: str = ""


def find_version(package: str) -> str | None:
    """Returns the version of an installed package without importing it, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def diagnose() -> list[Finding]:
    """Looks at the machine: Python, cores, memory and disk."""
    return [_find_python(), _find_cores(), _find_memory(), _find_disk()]


def _find_python() -> Finding:
    version = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info >= (3, 13):
        remedy = "use Python 3.11 or 3.12 to compare with robosuite, which has no build for this"
        return Finding("Python", Status.WARNING, version, remedy)
    return Finding("Python", Status.OK, version)


def _find_cores() -> Finding:
    # Those this process may use, fewer than the machine's in a container.
    num_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if num_cores is None or num_cores < LOW_NUM_CORES:
        remedy = "recording and training share what there is; expect both to be slow"
        return Finding("cores", Status.WARNING, str(num_cores or "unknown"), remedy)
    return Finding("cores", Status.OK, str(num_cores))


def _find_memory() -> Finding:
    try:
        total_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return Finding("memory", Status.WARNING, "unknown: this system does not say")
    detail = f"{total_bytes / 1e9:.1f} GB"
    if total_bytes < LOW_MEMORY_BYTES:
        return Finding("memory", Status.WARNING, detail, "use a smaller batch_size")
    return Finding("memory", Status.OK, detail)


def _find_disk() -> Finding:
    folder = os.getcwd()
    free_bytes = shutil.disk_usage(folder).free
    detail = f"{free_bytes / 1e9:.1f} GB free in {folder}"
    if free_bytes < LOW_DISK_BYTES:
        return Finding("disk", Status.WARNING, detail, "free some before recording images")
    return Finding("disk", Status.OK, detail)
