"""`CameraReader`: a thread that keeps the newest frame of one camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from robolearn.embodiments.embodiment import CameraSpec
from robolearn.errors import RobotError
from robolearn.hardware.camera_sources import Capture
from robolearn.specs import Array

FIRST_FRAME_TIMEOUT_S = 5.0
REOPEN_PAUSE_S = 0.25
JOIN_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class Frame:
    """A picture as it is given to the robot.

    Attributes:
        image: uint8 HWC RGB at the spec's size.
        captured_s: when it was received, on `time.monotonic` [s].
        changed_s: since when the camera has given this very picture, bit for bit [s].
    """

    image: Array
    captured_s: float
    changed_s: float


def fit_image(image: Array, height_px: int, width_px: int) -> Array:
    """Crops a picture about its centre to the wanted proportions and scales it.

    Args:
        image: uint8 HWC BGR.
        height_px: wanted height [px].
        width_px: wanted width [px].

    Returns:
        A new array, uint8 HWC RGB.
    """
    height, width = image.shape[:2]
    scale = min(height / height_px, width / width_px)
    rows, columns = round(height_px * scale), round(width_px * scale)
    top, left = (height - rows) // 2, (width - columns) // 2
    cropped = image[top : top + rows, left : left + columns]
    if (rows, columns) != (height_px, width_px):
        # Averages where it shrinks, so that nothing flickers as it moves from pixel to pixel.
        method = cv2.INTER_AREA if scale > 1.0 else cv2.INTER_LINEAR
        cropped = cv2.resize(cropped, (width_px, height_px), interpolation=method)
    return np.asarray(cv2.cvtColor(cropped, cv2.COLOR_BGR2RGB))


class CameraReader:
    """Reads a camera as fast as it gives frames, so that none grows old in a queue.

    A camera that fails is closed and opened again until it works: OpenCV never recovers by itself.

    Attributes:
        spec: which camera, and the size its pictures are given in.
        num_frames: frames received.
        num_reconnects: how often the camera was lost and came back.
    """

    def __init__(self, spec: CameraSpec, open_capture: Callable[[], Capture]) -> None:
        """Prepares; nothing runs before `open`.

        Args:
            spec: which camera.
            open_capture: opens it; raises RobotError if it cannot.
        """
        self.spec = spec
        self.num_frames = self.num_reconnects = 0
        self._open_capture = open_capture
        self._frame: Frame | None = None
        self._raw: Array | None = None
        self._problem = ""
        self._first = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def newest(self) -> Frame | None:
        """The newest frame, however old it is; None before the first."""
        return self._frame

    @property
    def problem(self) -> str:
        """Why there are no new frames, if that is known; else empty."""
        return self._problem

    def open(self) -> None:
        """Opens the camera and waits for its first frame.

        Raises:
            RobotError: if it cannot be opened or sends nothing.
        """
        capture = self._open_capture()
        self._thread = threading.Thread(
            target=self._run, args=(capture,), name=f"camera-{self.spec.name}", daemon=True
        )
        self._thread.start()
        if not self._first.wait(FIRST_FRAME_TIMEOUT_S):
            raise RobotError(
                f"no picture came within {FIRST_FRAME_TIMEOUT_S:g} s: replug it, or see whether"
                " another program uses it"
            )

    def close(self) -> None:
        """Stops reading and closes the camera. Allowed in every state, any number of times."""
        self._stopping.set()
        if self._thread is not None:
            # A driver may hang for longer than anybody wants to wait: the thread ends after it.
            self._thread.join(JOIN_TIMEOUT_S)
            self._thread = None

    def _run(self, capture: Capture) -> None:
        opened: Capture | None = capture
        while not self._stopping.is_set():
            if opened is None:
                opened = self._reopen()
            elif not self._read(opened):
                opened.release()
                opened = None
        if opened is not None:
            opened.release()

    def _read(self, capture: Capture) -> bool:
        """Takes one frame; says whether one came."""
        try:
            if not capture.grab():
                return False
            received_s = time.monotonic()  # before decoding, which belongs to the frame's age
            is_whole, raw = capture.retrieve()
        except cv2.error as error:
            self._problem = str(error)
            return False
        if not is_whole or raw is None:
            return False
        changed_s = received_s
        if self._frame is not None and self._raw is not None and np.array_equal(raw, self._raw):
            changed_s = self._frame.changed_s
        self._raw = raw
        image = fit_image(raw, self.spec.height_px, self.spec.width_px)
        self._frame = Frame(image, received_s, changed_s)
        self.num_frames += 1
        self._problem = ""
        self._first.set()
        return True

    def _reopen(self) -> Capture | None:
        """Tries to open the camera once more, after a pause."""
        if self._stopping.wait(REOPEN_PAUSE_S):
            return None
        try:
            capture = self._open_capture()
        except (RobotError, cv2.error) as error:
            self._problem = str(error)
            return None
        self.num_reconnects += 1
        return capture
