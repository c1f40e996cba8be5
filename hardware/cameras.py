"""`Cameras`: the newest pictures of a robot's cameras, each with the time it was taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from robolearn.embodiments.embodiment import CameraSpec
from robolearn.errors import RobotError
from robolearn.hardware.camera_reader import CameraReader, Frame
from robolearn.hardware.camera_sources import (
    Capture,
    check_source,
    is_url,
    open_capture,
)
from robolearn.specs import Array


class Cameras:
    """The cameras of a robot that are switched on, each read by a thread of its own.

    Pictures are cropped about their centre and scaled to the size the body's spec asks for.
    """

    def __init__(
        self,
        specs: Sequence[CameraSpec],
        sources: Mapping[str, str | None],
        max_age_s: float = 0.5,
        *,
        frozen_after_s: float | None = 2.0,
        open_capture: Callable[[str], Capture] = open_capture,
    ) -> None:
        """Checks the names; opens nothing yet.

        Args:
            specs: the cameras that are switched on.
            sources: where each is found, by its name: a stable path (`/dev/v4l/by-id/…`), a serial
                number, or a URL; a format may follow, see `open_capture`.
            max_age_s: an older picture is an error [s].
            frozen_after_s: a camera of this machine that gives the same picture, bit for bit, for
                so long is an error: a sensor's noise makes that impossible [s]. None turns it off.
                Never asked of a URL: a rendered picture may well be still.
            open_capture: opens a source; tests give their own.

        Raises:
            RobotError: if a camera has no source, or one that may mean another camera tomorrow.
        """
        self._max_age_s, self._frozen_after_s = max_age_s, frozen_after_s
        self._specs = tuple(specs)
        self._sources = {s.name: check_source(s.name, sources.get(s.name)) for s in specs}
        self._open_capture = open_capture
        self._readers: list[CameraReader] = []
        self._counters = {f"{spec.name}_reconnects": 0 for spec in specs}

    @property
    def counters(self) -> dict[str, int]:
        """How often each camera was lost and came back, as `<camera>_reconnects`."""
        for reader in self._readers:
            self._counters[f"{reader.spec.name}_reconnects"] = reader.num_reconnects
        return dict(self._counters)

    def open(self) -> None:
        """Opens every camera and waits for a first picture. Does nothing if they are open.

        Raises:
            RobotError: if one of them gives none; all are closed again.
        """
        if self._readers:
            return
        for spec in self._specs:
            reader = CameraReader(spec, self._make_opener(self._sources[spec.name]))
            self._readers.append(reader)
            try:
                reader.open()
            except RobotError as error:
                self.close()
                raise RobotError(
                    f"camera {spec.name!r} ({self._sources[spec.name]}) cannot be used: {error}"
                ) from error

    def read(self) -> dict[str, tuple[Array, float]]:
        """Returns, by observation key, the newest picture and when it was received.

        Each picture is uint8 HWC RGB of the spec's size and belongs to the caller; its time is on
        `time.monotonic` [s]. Waits for nothing.

        Raises:
            RobotError: if they are not open, a picture is too old, or a camera is frozen.
        """
        if not self._readers and self._specs:
            raise RobotError("the cameras are not open: call open() first")
        now_s = time.monotonic()
        pictures = {}
        for reader in self._readers:
            frame = self._get_good_frame(reader, now_s)
            pictures[reader.spec.key] = (frame.image.copy(), frame.captured_s)
        return pictures

    def close(self) -> None:
        """Closes every camera. Allowed in every state, any number of times."""
        self._counters = self.counters
        readers, self._readers = self._readers, []
        for reader in readers:
            reader.close()

    def _make_opener(self, source: str) -> Callable[[], Capture]:
        return lambda: self._open_capture(source)

    def _get_good_frame(self, reader: CameraReader, now_s: float) -> Frame:
        name = reader.spec.name
        source = self._sources[name]
        frame = reader.newest
        assert frame is not None  # `open` has waited for it
        age_s = now_s - frame.captured_s
        if age_s > self._max_age_s:
            reason = f" ({reader.problem})" if reader.problem else ""
            raise RobotError(
                f"camera {name!r} ({source}) is stale: its last picture came {age_s:.1f} s ago,"
                f" allowed are {self._max_age_s:g} s{reason}; see to its cable or its server, then"
                " start again"
            )
        still_s = frame.captured_s - frame.changed_s
        limit_s = None if is_url(source) else self._frozen_after_s
        if limit_s is not None and still_s > limit_s:
            raise RobotError(
                f"camera {name!r} ({source}) is frozen: it has sent the very same picture for"
                f" {still_s:.1f} s; replug it, and see whether its lens is covered"
            )
        return frame
