"""`FilmedPlant`: a plant whose cameras show the time, so that the age of a picture can be read."""

from __future__ import annotations

import time

import numpy as np

from robolearn.errors import UnknownNameError
from robolearn.plant import LagPlant
from robolearn.specs import Array

SIDE = 5  # blocks, one bit each: 2^25 ms are 9 hours
BLOCK_PX = 20


def draw_time(now_s: float, block_px: int = BLOCK_PX) -> Array:
    """Returns a picture of black and white blocks, the bits of a time in milliseconds.

    Args:
        now_s: the time [s].
        block_px: side of a block [px].
    """
    places = np.arange(SIDE * SIDE)
    bits = int(1e3 * now_s) >> places & 1
    blocks = (255 * bits).astype(np.uint8).reshape(SIDE, SIDE)
    image = np.kron(blocks, np.ones((block_px, block_px), np.uint8))
    return np.stack([image, image, image], axis=-1)


def read_age_s(image: Array, now_s: float) -> float:
    """Returns how long ago a picture of `draw_time` was drawn, whatever its size is now [s]."""
    height_px, width_px = image.shape[:2]
    middles = (np.arange(SIDE) + 0.5) / SIDE
    rows, columns = (middles * height_px).astype(int), (middles * width_px).astype(int)
    bits = image[rows][:, columns, 1].reshape(-1) > 127
    drawn_ms = int(np.sum(bits.astype(np.int64) << np.arange(SIDE * SIDE)))
    return float((int(1e3 * now_s) - drawn_ms) % (1 << SIDE * SIDE)) / 1e3


class FilmedPlant(LagPlant):
    """A `LagPlant` with cameras.

    Attributes:
        episodes: the seeds of the episodes that were set out.
        num_rendered: pictures rendered, by camera.
        block_px: side of a block in its pictures; may be changed [px].
        is_still: its pictures do not change any more.
    """

    def __init__(
        self, cameras: tuple[str, ...] = ("front", "wrist"), actuators: tuple[str, ...] = ("motor",)
    ) -> None:
        super().__init__(actuators)
        self.cameras = cameras
        self.episodes: list[int] = []
        self.num_rendered = dict.fromkeys(cameras, 0)
        self.block_px = BLOCK_PX
        self.is_still = False

    def render(self, camera: str) -> Array:
        """Draws the time now, on `time.monotonic`."""
        if camera not in self.num_rendered:
            raise UnknownNameError("camera", camera, self.cameras)
        self.num_rendered[camera] += 1
        return draw_time(0.0 if self.is_still else time.monotonic(), self.block_px)

    def begin_episode(self, seed: int) -> None:
        """Remembers the seed."""
        self.episodes.append(seed)

    def get_state(self) -> dict[str, list[float]]:
        """Returns the time and where the actuators are."""
        positions = [self.measure(name).position_rad for name in self.actuators]
        return {"time_s": [self.now_s], "qpos": positions}
