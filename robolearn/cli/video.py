"""Films episodes into H.264 videos that browsers play."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from robolearn.cli.frames import FrameSource
from robolearn.errors import MissingDependencyError, SpecError
from robolearn.rollout import EpisodeResult, EpisodeStart, Step
from robolearn.specs import Array

_SUCCESS_RGB, _FAILURE_RGB, _RUNNING_RGB = (46, 160, 110), (214, 90, 70), (150, 158, 170)
_LABEL_MIN_HEIGHT_PX = 240  # below this a label is hard to read; smaller frames are enlarged


class VideoWriter:
    """Writes frames as H.264 in MP4 (yuv420p, index first), which every browser plays.

    A side of odd length is repeated by one pixel, as the format wants even ones. The file appears
    under its name only when it is closed without an error.
    """

    def __init__(self, path: Path, rate_hz: float, quality: int = 24) -> None:
        """Opens nothing yet: the size comes with the first frame.

        Args:
            path: where to write; should end in `.mp4`.
            rate_hz: frames per second; the control rate plays in real time.
            quality: x264's constant rate factor: 18 hardly loses anything, 30 is small.
        """
        self._path, self._rate, self._quality = (
            path,
            Fraction(rate_hz).limit_denominator(1000),
            quality,
        )
        self._partial = path.with_name(path.name + ".partial")
        self._container: Any = None
        self.num_frames = 0

    def write(self, frame: Array) -> None:
        """Appends a frame.

        Raises:
            SpecError: if it is not uint8 HWC RGB, or of another size than the first.
            MissingDependencyError: if PyAV is missing or was built without x264.
        """
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise SpecError(f"a frame is uint8 (height, width, 3), got {frame.dtype} {frame.shape}")
        if self._container is None:
            self._open(frame.shape[0], frame.shape[1])
        if frame.shape[:2] != self._shape:
            raise SpecError(f"{self._path}: frames are {self._shape}, got {frame.shape[:2]}")
        height, width = self._shape
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace="ITU709")
        picture.pts = self.num_frames
        self._container.mux(self._stream.encode(picture))
        self.num_frames += 1

    def close(self) -> None:
        """Completes the file; without a frame there is none."""
        if self._container is None:
            return
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._container = None
        self._partial.replace(self._path)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        elif self._container is not None:
            self._container.close()
            self._container = None
            self._partial.unlink(missing_ok=True)

    def _open(self, height: int, width: int) -> None:
        try:
            import av
        except ImportError as error:
            raise MissingDependencyError(
                "video needs PyAV: pip install 'robolearn[report]'"
            ) from error
        if "libx264" not in av.codecs_available:
            raise MissingDependencyError("this PyAV was built without x264: reinstall `av`")
        self._av: Any = av
        self._shape = (height, width)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(
            str(self._partial), "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._stream: Any = self._container.add_stream("libx264", rate=self._rate)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": str(self._quality), "preset": "veryfast"}
        context = self._stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709


class VideoObserver:
    """An episode observer that films episodes, one after the other, into one video.

    Each frame carries a line with task, seed and time; at the end the verdict stays on for a
    moment.
    """

    def __init__(
        self,
        writer: VideoWriter,
        source: FrameSource,
        control_period_s: float,
        hold_s: float = 0.7,
    ) -> None:
        """Films what `source` shows; `hold_s` is how long the verdict stays [s]."""
        self._writer, self._source = writer, source
        self._control_period_s, self._hold_s = control_period_s, hold_s

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Films the start."""
        self._label = f"{start.task}  seed {start.seed}"
        self._last: Array | None = None
        frame = self._source.at_start(start.observation)
        if frame is not None:
            self._film(frame, 0)

    def on_step(self, step: Step) -> None:
        """Films the step."""
        self._film(self._source.at_step(step.observation), step.index + 1)

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Holds the last frame with the verdict."""
        if self._last is None:
            return
        verdict, colour = ("success", _SUCCESS_RGB) if result.success else ("failure", _FAILURE_RGB)
        text = f"{self._label}  {result.num_steps * self._control_period_s:.1f} s  {verdict}"
        frame = draw_label(self._last, text, colour)
        for _ in range(round(self._hold_s / self._control_period_s)):
            self._writer.write(frame)

    def on_episode_abort(self, error: BaseException) -> None:
        """Nothing to do: what was filmed stays."""

    def _film(self, frame: Array, num_steps: int) -> None:
        self._last = frame
        text = f"{self._label}  {num_steps * self._control_period_s:.1f} s"
        self._writer.write(draw_label(frame, text, _RUNNING_RGB))


def draw_label(frame: Array, text: str, bar_rgb: tuple[int, int, int]) -> Array:
    """Returns a copy of the frame with a line of text on top: a dark band under a coloured bar.

    On top, as a player's controls lie at the bottom. Frames under 240 pixels high are enlarged by
    a whole factor first, so that the text is legible.
    """
    from PIL import Image, ImageDraw, ImageFont

    factor = max(1, -(-_LABEL_MIN_HEIGHT_PX // frame.shape[0]))
    frame = frame.repeat(factor, axis=0).repeat(factor, axis=1)
    image = Image.fromarray(frame)
    width, height = image.size
    size = max(10, round(height / 24))
    band = round(1.7 * size)
    draw = ImageDraw.Draw(image, "RGBA")
    draw.rectangle((0, 0, width, band), fill=(16, 20, 26, 170))
    draw.rectangle((0, 0, width, 3), fill=bar_rgb)
    font = ImageFont.load_default(size)
    draw.text((size // 2, 2 + size * 0.2), text, fill=(255, 255, 255), font=font)
    return np.asarray(image)
