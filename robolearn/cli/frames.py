"""Pictures of an episode: where frames come from, and film strips of a few of them.

Frames are uint8 RGB, HWC, as everywhere outside a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from robolearn import keys
from robolearn.errors import UnknownNameError
from robolearn.robot import Robot
from robolearn.rollout import EpisodeResult, EpisodeStart, Step
from robolearn.specs import Array


class FrameSource(Protocol):
    """Where the pictures of an episode come from."""

    def at_start(self, observation: Mapping[str, Array]) -> Array | None:
        """Returns the frame before the first step, or None if the first step brings it."""
        ...

    def at_step(self, observation: Mapping[str, Array]) -> Array:
        """Returns the frame of a step; `observation` is what was seen before acting."""
        ...


class RenderSource:
    """Frames from a renderer: the start, then the world after every step.

    Several observers may share one source: the world is drawn once for each step.
    """

    def __init__(self, render: Callable[[], Array]) -> None:
        """`render()` returns the world as it is now."""
        self._render = render
        self._drawn: tuple[str, Mapping[str, Array] | None] = ("", None)

    def at_start(self, observation: Mapping[str, Array]) -> Array:
        """Renders the start."""
        return self._draw_once("start", observation)

    def at_step(self, observation: Mapping[str, Array]) -> Array:
        """Renders the world after the step."""
        return self._draw_once("step", observation)

    def _draw_once(self, moment: str, observation: Mapping[str, Array]) -> Array:
        # An observation is made anew at every step, and held here: its identity names the moment.
        drawn_moment, drawn_observation = self._drawn
        if drawn_moment != moment or drawn_observation is not observation:
            self._frame, self._drawn = self._render(), (moment, observation)
        return self._frame


class CameraSource:
    """Frames from a camera of the observation: what the policy saw before every step."""

    def __init__(self, camera: str) -> None:
        """Takes the camera's name, e.g. `front`."""
        self._key = keys.image_key(camera)

    def at_start(self, observation: Mapping[str, Array]) -> None:
        """Says whether the camera is there; its first frame comes with the first step.

        Raises:
            UnknownNameError: if the observation has no such camera.
        """
        if self._key not in observation:
            cameras = [keys.camera_of(key) for key in observation if keys.is_image_key(key)]
            raise UnknownNameError("camera", keys.camera_of(self._key), cameras, "to film with")

    def at_step(self, observation: Mapping[str, Array]) -> Array:
        """Returns what the policy saw before the step."""
        return observation[self._key]


def find_frame_source(robot: Robot) -> FrameSource | None:
    """Returns what a robot can be filmed with: its own view, else its first camera; or None."""
    if type(robot).render is not Robot.render:
        return RenderSource(robot.render)
    return CameraSource(robot.cameras[0]) if robot.cameras else None


class FilmStrip:
    """An episode observer that keeps a few frames, evenly spread over the episode.

    How long an episode will be is not known beforehand: when twice `num_frames` are held, every
    second one is dropped and from then on only every second step is looked at. So a long episode
    costs few renderings and little memory.

    Attributes:
        indices: the step each kept frame belongs to (0 is the start).
    """

    def __init__(self, source: FrameSource, num_frames: int = 8) -> None:
        self._source, self._num_frames = source, num_frames

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Forgets the episode before and takes the first frame."""
        self._frames: list[Array] = []
        self.indices: list[int] = []
        self._stride = 1
        self._last_index = 0
        frame = self._source.at_start(start.observation)
        self._shift = 0 if frame is None else 1
        if frame is not None:
            self._keep(0, frame)

    def on_step(self, step: Step) -> None:
        """Takes every `stride`-th frame, and the one that shows success or the end."""
        index = step.index + self._shift
        is_last = step.terminated or step.truncated
        if index % self._stride and not is_last:
            return
        self._keep(index, self._source.at_step(step.observation))
        if len(self._frames) >= 2 * self._num_frames and not is_last:
            self._frames, self.indices = self._frames[::2], self.indices[::2]
            self._stride *= 2

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Nothing to do."""

    def on_episode_abort(self, error: BaseException) -> None:
        """Nothing to do: the frames until then stay."""

    def get_frames(self) -> list[Array]:
        """Returns `num_frames` frames (all, if there are fewer), the first and the last with it."""
        chosen = self._choose()
        self.indices = [self.indices[i] for i in chosen]
        self._frames = [self._frames[i] for i in chosen]
        return self._frames

    def _choose(self) -> list[int]:
        """Picks the kept frames nearest to an even spacing."""
        if len(self._frames) <= self._num_frames:
            return list(range(len(self._frames)))
        wanted = np.linspace(self.indices[0], self.indices[-1], self._num_frames)
        return [int(np.argmin(np.abs(np.asarray(self.indices) - step))) for step in wanted]

    def _keep(self, index: int, frame: Array) -> None:
        self._frames.append(frame.copy())
        self.indices.append(index)


def write_strip(frames: Sequence[Array], path: Path, frame_width_px: int = 200) -> None:
    """Writes frames side by side as a PNG, each `frame_width_px` wide."""
    from PIL import Image

    strip = Image.fromarray(np.concatenate(list(frames), axis=1))
    width = frame_width_px * len(frames)
    height = round(strip.height * width / strip.width)
    path.parent.mkdir(parents=True, exist_ok=True)
    strip.resize((width, height), Image.Resampling.LANCZOS).save(path, optimize=True)
