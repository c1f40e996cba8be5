"""A workbench in a room: what an arm of human size stands at."""

from __future__ import annotations

import mujoco
import numpy as np

from robolearn.kinematics import Vector3
from robolearn.sim.scene import CONTACT_SOLIMP, CONTACT_SOLREF, FRICTION, Rgba, add_camera

# The table top is at z = 0 and begins in front of the arm's base, as with LIBERO.
TABLE_LOW_W, TABLE_HIGH_W = (0.16, -0.60, -0.04), (1.16, 0.60, 0.0)
LEG_M = 0.03  # half its width
FLOOR_W = -0.9
PEDESTAL_HALF_M = (0.11, 0.11)
TABLE_RGBA, LEG_RGBA = (0.78, 0.68, 0.55, 1.0), (0.30, 0.28, 0.27, 1.0)
WALL_LOW_W, WALL_HIGH_W = (-1.3, -8.0, FLOOR_W), (-1.2, 8.0, 4.0)
WALL_RGBA = (0.80, 0.81, 0.80, 1.0)
FLOOR_RGBA, PEDESTAL_RGBA = (0.62, 0.63, 0.65, 1.0), (0.28, 0.29, 0.31, 1.0)

# The front camera is LIBERO's `agentview` of a table top: 0.659 m beyond the middle of the table
# and 0.70 m above it, with MuJoCo's default field of view.
FRONT_CAMERA_W, FRONT_LOOKS_AT_W, FRONT_FIELD_OF_VIEW_DEG = (
    (1.32, 0.0, 0.70),
    (0.45, 0.0, 0.0),
    45.0,
)
# The overview is for people: arm, table and pedestal.
OVERVIEW_CAMERA_W, OVERVIEW_LOOKS_AT_W = (1.65, -0.72, 1.20), (0.34, 0.02, 0.20)
OVERVIEW_FIELD_OF_VIEW_DEG = 38.0


def add_workbench(spec: mujoco.MjSpec) -> None:
    """Adds floor, wall, pedestal, table and light, and the cameras `front` and `overview`."""
    world = spec.worldbody
    world.add_geom(
        name="floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=(8.0, 8.0, 16.0),  # the third is the render grid: one cell is cheapest
        pos=(0.0, 0.0, FLOOR_W),
        rgba=FLOOR_RGBA,
    )
    _add_block(spec, "table", TABLE_LOW_W, TABLE_HIGH_W, TABLE_RGBA, is_solid=True)
    _add_block(spec, "wall", WALL_LOW_W, WALL_HIGH_W, WALL_RGBA)
    x, y = PEDESTAL_HALF_M
    _add_block(spec, "pedestal", (-x - 0.04, -y, FLOOR_W), (x - 0.04, y, 0.0), PEDESTAL_RGBA)
    (low_x, low_y, bottom_z), (high_x, high_y, _) = TABLE_LOW_W, TABLE_HIGH_W
    corners = [(x, y) for x in (low_x, high_x - 2 * LEG_M) for y in (low_y, high_y - 2 * LEG_M)]
    for index, (x, y) in enumerate(corners):
        high = (x + 2 * LEG_M, y + 2 * LEG_M, bottom_z)
        _add_block(spec, f"leg_{index}", (x, y, FLOOR_W), high, LEG_RGBA)
    world.add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=(0.8, -0.6, 2.0),
        dir=(-0.4, 0.4, -1.0),
        diffuse=(0.5, 0.5, 0.5),
        specular=(0.1, 0.1, 0.1),
        castshadow=False,
    )
    add_camera(spec, "front", FRONT_CAMERA_W, FRONT_LOOKS_AT_W, FRONT_FIELD_OF_VIEW_DEG)
    add_camera(spec, "overview", OVERVIEW_CAMERA_W, OVERVIEW_LOOKS_AT_W, OVERVIEW_FIELD_OF_VIEW_DEG)


def _add_block(
    spec: mujoco.MjSpec,
    name: str,
    low: Vector3,
    high: Vector3,
    rgba: Rgba,
    *,
    is_solid: bool = False,
) -> None:
    corners = np.array([low, high])
    spec.worldbody.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=corners.mean(axis=0),
        size=np.ptp(corners, axis=0) / 2,
        rgba=rgba,
        contype=int(is_solid),
        conaffinity=int(is_solid),
        condim=4,
        friction=FRICTION,
        solref=CONTACT_SOLREF,
        solimp=CONTACT_SOLIMP,
    )
