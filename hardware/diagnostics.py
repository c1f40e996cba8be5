"""Which devices are plugged in, by names that survive replugging."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from robolearn.diagnostics import Finding, Status, find_version

SERIAL_BY_ID = Path("/dev/serial/by-id")
VIDEO_BY_ID = Path("/dev/v4l/by-id")
VIDEO_BY_PATH = Path("/dev/v4l/by-path")
# A camera offers several nodes; udev names the one that gives pictures so.
PICTURES = "-video-index0"


def diagnose() -> list[Finding]:
    """Looks for serial ports, cameras, and the packages that talk to them."""
    return [find_serial_ports(), find_cameras(), _find_opencv()]


def find_serial_ports() -> Finding:
    """Lists serial ports by their stable name where they have one."""
    name = "serial ports"
    try:
        list_ports = importlib.import_module("serial.tools.list_ports")
    except ImportError as error:
        return Finding(name, Status.MISSING, str(error), "pip install 'robolearn[hardware]'")
    # A port without a USB description is a socket on the main board, nearly always empty.
    devices = [Path(port.device) for port in list_ports.comports() if port.vid is not None]
    if not devices:
        return Finding(name, Status.WARNING, "none", "plug in an arm or a car to drive one")
    listed = ", ".join(str(find_stable_name(device, SERIAL_BY_ID)) for device in devices)
    closed = [device for device in devices if not os.access(device, os.R_OK | os.W_OK)]
    if closed:
        remedy = "sudo usermod -aG dialout $USER, then log in again"
        return Finding(name, Status.WARNING, f"{listed} (may not be opened by you)", remedy)
    return Finding(name, Status.OK, listed)


def find_cameras() -> Finding:
    """Lists cameras by their stable path, without opening them."""
    paths = find_camera_paths()
    if not paths:
        return Finding("cameras", Status.WARNING, "none", "plug in a camera to record images")
    listed = ", ".join(str(path) for path in paths)
    closed = [path for path in paths if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        remedy = "sudo usermod -aG video $USER, then log in again"
        return Finding("cameras", Status.WARNING, f"{listed} (may not be opened by you)", remedy)
    return Finding("cameras", Status.OK, listed)


def find_camera_paths() -> list[Path]:
    """Returns one path per camera: by serial number, else by socket, else the bare device."""
    paths: dict[Path, Path] = {}
    for folder in (VIDEO_BY_ID, VIDEO_BY_PATH):
        for link in sorted(folder.glob(f"*{PICTURES}")) if folder.is_dir() else ():
            paths.setdefault(link.resolve(), link)
    if not paths:
        return sorted(Path("/dev").glob("video[0-9]*"))
    return list(paths.values())


def find_stable_name(device: Path, folder: Path) -> Path:
    """Returns the link in `folder` that leads to the device, or the device itself."""
    for link in sorted(folder.iterdir()) if folder.is_dir() else ():
        if link.resolve() == device.resolve():
            return link
    return device


def _find_opencv() -> Finding:
    for package in ("opencv-python", "opencv-python-headless"):
        version = find_version(package)
        if version is not None:
            return Finding("OpenCV", Status.OK, version)
    return Finding("OpenCV", Status.MISSING, "none", "pip install 'robolearn[hardware]'")
