"""Which camera is meant by a name, and opening it with OpenCV."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2

from robolearn.errors import RobotError
from robolearn.hardware import diagnostics
from robolearn.specs import Array

OPEN_TIMEOUT_MS = 3000
READ_TIMEOUT_MS = 1000
# A camera of this machine with the format it is to have: NAME@WIDTHxHEIGHT@RATE.
WITH_FORMAT = re.compile(r"(?P<name>.+)@(?P<width>\d+)x(?P<height>\d+)@(?P<rate>\d+)")
# Numbers are given in the order of plugging in: tomorrow another camera may have this one.
BARE_INDEX = re.compile(r"\d{1,2}|/dev/video\d+")


class Capture(Protocol):
    """An opened camera; the part of `cv2.VideoCapture` that is used."""

    def grab(self) -> bool:
        """Waits for the next frame and takes it; False if none came."""
        ...

    def retrieve(self) -> tuple[bool, Array]:
        """Decodes the frame that was grabbed: whether it could, and the image, uint8 HWC BGR."""
        ...

    def release(self) -> None:
        """Closes the camera."""
        ...


@dataclass(frozen=True)
class CaptureFormat:
    """What is asked of a camera on this machine; a stream comes as its server sends it.

    Attributes:
        height_px: height of its pictures [px].
        width_px: width of its pictures [px].
        rate_hz: pictures per second [Hz].
    """

    height_px: int = 480
    width_px: int = 640
    rate_hz: float = 30.0


def is_url(source: str) -> bool:
    """Says whether a source is a stream rather than a camera of this machine."""
    return "://" in source


def check_source(camera: str, source: str | None) -> str:
    """Returns the source, if it will name the same camera after a restart.

    Raises:
        RobotError: if there is none, or it is an index alone.
    """
    names = ", ".join(str(path) for path in _list_stable_names()) or "none is plugged in"
    if source is None or source == "":  # 0 is a source, though a bad one
        raise RobotError(
            f"camera {camera!r} is switched on but has no source: give"
            f" robot.camera_sources.{camera}= a stable path, a serial number or a URL"
            f" (cameras here: {names})"
        )
    name, _ = split_format(str(source))
    if BARE_INDEX.fullmatch(name):
        raise RobotError(
            f"camera {camera!r} is named {name!r}, an index that may mean another camera after"
            f" the next start: name it by its path, serial number or URL (cameras here: {names})"
        )
    return str(source)


def split_format(source: str) -> tuple[str, CaptureFormat]:
    """Splits a source into the camera's name and the format that is asked of it."""
    match = WITH_FORMAT.fullmatch(source)
    if match is None or is_url(source):
        return source, CaptureFormat()
    size_px = int(match["height"]), int(match["width"])
    return match["name"], CaptureFormat(*size_px, float(match["rate"]))


def find_device(source: str) -> Path:
    """Returns the path of a camera of this machine, named by path or by its serial number.

    Raises:
        RobotError: if it is not there, or several have this in their name.
    """
    if "/" in source:
        path = Path(source)
        found = [path] if path.exists() else []
    else:
        found = [path for path in _list_stable_names() if source in path.name]
    if len(found) == 1:
        return found[0]
    here = ", ".join(str(path) for path in found or _list_stable_names()) or "no camera at all"
    what = "names several cameras" if found else "is not plugged in"
    raise RobotError(f"{source} {what}; here: {here}")


def open_capture(source: str) -> Capture:
    """Opens a camera or a stream.

    Args:
        source: URL of a stream; or path or serial number of a camera of this machine, with the
            format it is to have if that is not `CaptureFormat()`, e.g. `…-index0@1280x720@30`.

    Raises:
        RobotError: if it cannot be opened, or does not give the wanted format.
    """
    if is_url(source):
        timeouts = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS),
        ]
        stream = cv2.VideoCapture(source, cv2.CAP_FFMPEG, timeouts)
        if not stream.isOpened():
            raise RobotError(f"{source} does not answer: is its server running?")
        return stream
    # Else OpenCV waits 10 s for a frame that does not come.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
    name, wanted = split_format(source)
    path = find_device(name)
    device = cv2.VideoCapture(str(path.resolve()), cv2.CAP_V4L2)
    if not device.isOpened():
        raise RobotError(f"{path} cannot be opened: does another program use it?")
    try:
        request_format(device, path, wanted)
    except RobotError:
        device.release()
        raise
    return device


def request_format(device: cv2.VideoCapture, path: Path, wanted: CaptureFormat) -> None:
    """Sets format and buffering and reads them back.

    Raises:
        RobotError: if the camera does something else.
    """
    # The order matters: the pixel format decides which sizes there are, the size which rates.
    device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    device.set(cv2.CAP_PROP_FRAME_WIDTH, wanted.width_px)
    device.set(cv2.CAP_PROP_FRAME_HEIGHT, wanted.height_px)
    device.set(cv2.CAP_PROP_FPS, wanted.rate_hz)
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    width_px = int(device.get(cv2.CAP_PROP_FRAME_WIDTH))
    height_px = int(device.get(cv2.CAP_PROP_FRAME_HEIGHT))
    rate_hz = device.get(cv2.CAP_PROP_FPS)
    if (width_px, height_px) != (wanted.width_px, wanted.height_px) or (
        abs(rate_hz - wanted.rate_hz) > 1.0
    ):
        raise RobotError(
            f"{path} gives {width_px} x {height_px} at {rate_hz:g} Hz instead of {wanted.width_px}"
            f" x {wanted.height_px} at {wanted.rate_hz:g} Hz: name a format it has behind its name,"
            f" as in {path.name}@{width_px}x{height_px}@{rate_hz:g} (v4l2-ctl --list-formats-ext)"
        )


def _list_stable_names() -> list[Path]:
    """Returns the cameras of this machine by names that survive replugging."""
    return [path for path in diagnostics.find_camera_paths() if path.is_symlink()]
