"""What surrounds a body that drives: the floor of a room, daylight, a camera under the ceiling."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from robolearn.sim.scene import add_camera
from robolearn.specs import Array

# Whatever drives and whatever bars its way collide, each with the other kind alone: tyres roll on
# the floor, hulls run into obstacles. A tyre inside its hull would otherwise be pushed out of it.
TYRE, HULL = 1, 2

FLOOR = "floor"  # names its geom, its material and its texture
FLOOR_HALF_SIZE_M = 12.0
TILE_M = 0.5
FLOOR_FRICTION = (1.0, 0.005, 0.0)  # a rubber tyre on a clean floor
SOLREF = (0.01, 1.0)

# The overview is for people: the middle 8 x 6 m of the floor, as from a ladder beside it.
OVERVIEW_CAMERA_W = (0.0, -4.4, 5.2)
OVERVIEW_LOOKS_AT_W = (0.0, -0.15, 0.0)
OVERVIEW_FIELD_OF_VIEW_DEG = 47.0
OVERVIEW_ASPECT, OVERVIEW_MARGIN = 4 / 3, 1.03


def add_floor(spec: mujoco.MjSpec) -> None:
    """Adds a tiled floor, the sky, a light, and the camera `overview`."""
    _add_floor_material(spec)
    spec.worldbody.add_geom(
        name=FLOOR,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        # The third is the spacing of the render grid: one cell is cheapest by far.
        size=(FLOOR_HALF_SIZE_M, FLOOR_HALF_SIZE_M, 2 * FLOOR_HALF_SIZE_M),
        material=FLOOR,
        contype=0,
        conaffinity=TYRE | HULL,
        condim=3,
        # Its friction holds for whatever touches it; without, the larger of the two would.
        priority=1,
        friction=FLOOR_FRICTION,
        solref=SOLREF,
    )
    spec.worldbody.add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=(0.0, 0.0, 4.0),
        dir=(0.3, 0.4, -1.0),
        diffuse=(0.5, 0.5, 0.5),
        specular=(0.1, 0.1, 0.1),
        castshadow=False,
    )
    add_camera(spec, "overview", OVERVIEW_CAMERA_W, OVERVIEW_LOOKS_AT_W, OVERVIEW_FIELD_OF_VIEW_DEG)


def aim_overview(spec: mujoco.MjSpec, low_w: Array, high_w: Array) -> None:
    """Moves the camera `overview` back until a rectangle of the floor fills its picture.

    Args:
        spec: a scene with a floor.
        low_w: the rectangle's lowest x and y, shape (2,) [m].
        high_w: its highest.
    """
    backwards = np.subtract(OVERVIEW_CAMERA_W, OVERVIEW_LOOKS_AT_W)
    backwards /= np.linalg.norm(backwards)
    right = np.array([1.0, 0.0, 0.0])
    upwards = np.cross(backwards, right)
    half = math.tan(math.radians(OVERVIEW_FIELD_OF_VIEW_DEG) / 2)
    middle_w = np.append((low_w + high_w) / 2, 0.0)
    x, y = ((high_w - low_w) / 2).tolist()
    corners = np.array([(i * x, j * y, 0.0) for i in (-1, 1) for j in (-1, 1)])
    # A point at this height or width in the picture is seen from so far behind it, or further.
    behind_m = np.maximum(abs(corners @ right) / OVERVIEW_ASPECT, abs(corners @ upwards)) / half
    distance_m = OVERVIEW_MARGIN * float((behind_m + corners @ backwards).max())
    spec.camera("overview").pos = middle_w + distance_m * backwards
    spec.visual.map.zfar = distance_m + 2 * FLOOR_HALF_SIZE_M  # the floor's edge is seen


def _add_floor_material(spec: mujoco.MjSpec) -> None:
    """Tiles give a camera something to judge its motion by."""
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=(0.78, 0.86, 0.95),
        rgb2=(0.55, 0.60, 0.66),
        width=64,
        height=64,
    )
    spec.add_texture(
        name=FLOOR,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=(0.47, 0.48, 0.50),
        rgb2=(0.42, 0.43, 0.45),
        width=256,
        height=256,
    )
    material = spec.add_material(name=FLOOR, texuniform=True, reflectance=0.0)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = FLOOR
    material.texrepeat = (0.5 / TILE_M, 0.5 / TILE_M)  # a texture is two tiles wide
