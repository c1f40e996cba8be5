"""What a track is made of: how well a tyre grips it, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robolearn.errors import UnknownNameError
from robolearn.sim.floor import FLOOR, FLOOR_FRICTION
from robolearn.sim.world import World
from robolearn.specs import Array

TEXTURE_M, TEXTURE_PX = 2.0, 256  # edge of the square that is repeated over the floor
TEXTURE_SEED = 0
BLOTCH_M = 0.12  # size of a puddle or a stain


@dataclass(frozen=True)
class Surface:
    """A kind of floor. The contrasts are shares of the colour's brightness.

    Attributes:
        words: what an instruction calls it.
        friction: of a rubber tyre on it.
        rgb: its colour, each in [0, 1].
        tile_m: length and width of a plank or slab, whole parts of `TEXTURE_M`; 0 for none [m].
        tile_contrast: how much one tile differs from the next.
        joint_contrast: how much darker the joints are.
        grain: of single pixels.
        blotches: of patches as large as `BLOTCH_M`.
    """

    words: str
    friction: float
    rgb: tuple[float, float, float]
    tile_m: tuple[float, float] = (0.0, 0.0)
    tile_contrast: float = 0.0
    joint_contrast: float = 0.0
    grain: float = 0.0
    blotches: float = 0.0

    def lay_on(self, spec: mujoco.MjSpec) -> None:
        """Makes the floor of a scene out of it; see `add_floor`."""
        spec.geom(FLOOR).friction = (self.friction, *FLOOR_FRICTION[1:])
        texture = spec.texture(FLOOR)
        texture.builtin = mujoco.mjtBuiltin.mjBUILTIN_NONE
        texture.width = texture.height = TEXTURE_PX
        texture.nchannel = 3
        texture.data = draw_texture(self).tobytes()
        spec.material(FLOOR).texrepeat = (1 / TEXTURE_M, 1 / TEXTURE_M)


# A single number stands for what varies with rubber, dust and temperature. Where from:
# - carpet: as much as the car of this project was tried with; F1TENTH's gym takes 1.0489.
# - asphalt: collections of physics tables give 0.68 to 0.72 for rubber on a dry road.
# - concrete: F1TENTH's simulator takes 0.523 for a 1/10 car, which fits smooth floors indoors.
# - wet concrete: D. Boal's lecture notes (PHYS 101, Simon Fraser University) give 0.25 sliding and
#   0.30 sticking for smooth surfaces; others up to 0.75 for rough ones.
# - wood: an estimate between dry asphalt and polished concrete, for varnished boards.
SURFACES: dict[str, Surface] = {
    "asphalt": Surface("asphalt", 0.7, (0.33, 0.33, 0.34), grain=0.7, blotches=0.12),
    "carpet": Surface(
        "carpet", 1.0, (0.16, 0.42, 0.24), (0.25, 0.25), tile_contrast=0.22, grain=0.15
    ),
    "wood": Surface(
        "wooden",
        0.6,
        (0.70, 0.56, 0.38),
        (1.0, 0.125),
        tile_contrast=0.15,
        joint_contrast=0.55,
        grain=0.05,
    ),
    "concrete": Surface(
        "polished concrete",
        0.52,
        (0.74, 0.74, 0.71),
        (1.0, 1.0),
        tile_contrast=0.03,
        joint_contrast=0.45,
        grain=0.02,
        blotches=0.05,
    ),
    "wet_concrete": Surface(
        "wet concrete",
        0.3,
        (0.20, 0.26, 0.36),
        (1.0, 1.0),
        joint_contrast=0.45,
        grain=0.1,
        blotches=0.35,
    ),
}


def get_surface(name: str) -> Surface:
    """Returns the surface of that name.

    Raises:
        UnknownNameError: if there is none.
    """
    if name not in SURFACES:
        raise UnknownNameError("surface", name, SURFACES)
    return SURFACES[name]


def find_floor_friction(world: World) -> float:
    """Returns the friction of a tyre on the floor of a world, as it is at this moment."""
    return float(world.model.geom(FLOOR).friction[0])


def draw_texture(surface: Surface) -> Array:
    """Returns a picture of it whose edges fit each other, uint8 HWC RGB; always the same one."""
    rng = np.random.default_rng(TEXTURE_SEED)
    brightness = np.ones((TEXTURE_PX, TEXTURE_PX))
    brightness += surface.grain * rng.uniform(-0.5, 0.5, brightness.shape)
    brightness += surface.blotches * _draw_blotches(rng)
    if all(surface.tile_m):
        _lay_tiles(brightness, surface, rng)
    rgb = 255 * np.asarray(surface.rgb) * brightness[:, :, None]
    return np.asarray(rgb.round().clip(0, 255), np.uint8)


def _draw_blotches(rng: np.random.Generator) -> Array:
    """Noise without what is smaller than a blotch, between -1 and 1."""
    noise = rng.standard_normal((TEXTURE_PX, TEXTURE_PX))
    waves_per_m = np.fft.fftfreq(TEXTURE_PX, TEXTURE_M / TEXTURE_PX)
    passed = np.exp(-((waves_per_m * BLOTCH_M * 2) ** 2))
    smooth = np.fft.ifft2(np.fft.fft2(noise) * passed[:, None] * passed).real
    return np.asarray(np.tanh(smooth / smooth.std()))


def _lay_tiles(brightness: Array, surface: Surface, rng: np.random.Generator) -> None:
    """Gives every tile its own brightness, and darkens the joints; every other row is shifted."""
    length_px, width_px = (round(edge / TEXTURE_M * TEXTURE_PX) for edge in surface.tile_m)
    for row, top in enumerate(range(0, TEXTURE_PX, width_px)):
        rows = slice(top, top + width_px)
        for column, left in enumerate(range(0, TEXTURE_PX, length_px)):
            shift_px = length_px // 2 if row % 2 and length_px != width_px else 0
            columns = (np.arange(left, left + length_px) + shift_px) % TEXTURE_PX
            sign = 1.0 if (row + column) % 2 else -1.0
            brightness[rows, columns] += surface.tile_contrast * sign * rng.uniform(0.5, 1.0)
            brightness[rows, columns[:2]] *= 1 - surface.joint_contrast
        brightness[top : top + 2] *= 1 - surface.joint_contrast
