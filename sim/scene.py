"""Building blocks of scenes: the table with its light and camera, blocks, markers."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np

from robolearn.sim.body_model import BodyModel
from robolearn.sim.physics import Physics
from robolearn.specs import Array

SceneBuilder = Callable[[mujoco.MjSpec], None]
Rgba = tuple[float, float, float, float]

# Contact of whatever is grasped or stacked (trials: softer settings let a grasped block creep).
CONTACT_SOLREF = (0.01, 1.0)
CONTACT_SOLIMP = (0.95, 0.99, 0.001, 0.5, 2.0)
FRICTION = (1.0, 0.01, 0.0005)

# The front camera looks back at the arm from across the table. Position and point looked at, world.
FRONT_CAMERA_W = (0.54, 0.04, 0.42)
FRONT_LOOKS_AT_W = (0.14, 0.04, 0.07)
FRONT_FIELD_OF_VIEW_DEG = 44.0
# The overview is for people: the arm and its workspace, as from a chair beside the table.
OVERVIEW_CAMERA_W = (0.66, -0.34, 0.44)
OVERVIEW_LOOKS_AT_W = (0.13, 0.02, 0.09)
OVERVIEW_FIELD_OF_VIEW_DEG = 33.0
# Largest picture that can be rendered: the off-screen buffer's size [px].
MAX_IMAGE_HEIGHT_PX, MAX_IMAGE_WIDTH_PX = 720, 960


def compose(body: BodyModel, add_scene: SceneBuilder, physics: Physics) -> mujoco.MjSpec:
    """Builds the world: physics, the body with what surrounds it, then the scene.

    The scene has the last word on everything, the physics too.
    """
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.compiler.autolimits = True
    physics.apply_to(spec)
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    _set_visuals(spec)
    body.add_surroundings(spec)
    body.add_to(spec)
    add_scene(spec)
    return spec


def add_block(
    spec: mujoco.MjSpec,
    name: str,
    half_size_m: tuple[float, float, float],
    rgba: Rgba,
    mass_kg: float,
) -> None:
    """Adds a free box. Place it with `World.free_body(name).place(...)`."""
    body = spec.worldbody.add_body(name=name, pos=(0.0, 0.0, half_size_m[2]))
    body.add_freejoint(name=name)
    body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=half_size_m,
        rgba=rgba,
        mass=mass_kg,
        condim=4,
        friction=FRICTION,
        solref=CONTACT_SOLREF,
        solimp=CONTACT_SOLIMP,
    )


def add_disc_marker(spec: mujoco.MjSpec, name: str, radius_m: float, rgba: Rgba) -> None:
    """Adds a flat disc on the table that touches nothing. Move it with `World.marker(name)`."""
    _add_marker(spec, name, mujoco.mjtGeom.mjGEOM_CYLINDER, (radius_m, 0.0005, 0.0), rgba)


def make_camera_quaternion(position: Array, looks_at: Array, up: Array) -> Array:
    """Returns the orientation (w, x, y, z) of a camera that looks at a point, `up` upright."""
    backwards = (position - looks_at) / np.linalg.norm(position - looks_at)
    right = np.cross(up, backwards)
    right /= np.linalg.norm(right)
    return make_quaternion(np.column_stack([right, np.cross(backwards, right), backwards]))


def make_quaternion(rotation: Array) -> Array:
    """Returns a rotation of shape (3, 3) as (w, x, y, z)."""
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, rotation.flatten())
    return quaternion


def _add_marker(
    spec: mujoco.MjSpec, name: str, shape: mujoco.mjtGeom, size: tuple[float, ...], rgba: Rgba
) -> None:
    """Adds a body moved by its pose in the data (mocap), so that a reset needs no new model."""
    body = spec.worldbody.add_body(name=name, mocap=True, pos=(0.0, 0.0, 0.0005))
    body.add_geom(type=shape, size=size, rgba=rgba, contype=0, conaffinity=0)


def _set_visuals(spec: mujoco.MjSpec) -> None:
    """Sets what rendering costs: no multisampling and no shadows (2 ms a frame instead of 6)."""
    visual = spec.visual
    visual.quality.offsamples = 0
    visual.quality.shadowsize = 0
    visual.global_.offheight, visual.global_.offwidth = MAX_IMAGE_HEIGHT_PX, MAX_IMAGE_WIDTH_PX
    visual.map.znear, visual.map.zfar = 0.01, 20.0
    visual.headlight.ambient = (0.45, 0.45, 0.45)
    visual.headlight.diffuse = (0.25, 0.25, 0.25)
    visual.headlight.specular = (0.0, 0.0, 0.0)
    spec.stat.extent, spec.stat.center = 1.0, (0.15, 0.0, 0.1)


def add_tabletop(spec: mujoco.MjSpec) -> None:
    """Adds the surroundings of an arm: a table, a light, cameras `front` and `overview`."""
    world = spec.worldbody
    world.add_geom(
        name="table",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=(3.0, 3.0, 6.0),  # the third is the render grid: one cell is cheapest
        pos=(0.15, 0.0, 0.0),
        rgba=(0.83, 0.82, 0.78, 1.0),
        condim=4,
        friction=FRICTION,
        solref=CONTACT_SOLREF,
        solimp=CONTACT_SOLIMP,
    )
    world.add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=(0.3, -0.4, 1.0),
        dir=(-0.3, 0.4, -1.0),
        diffuse=(0.5, 0.5, 0.5),
        specular=(0.1, 0.1, 0.1),
        castshadow=False,
    )
    add_camera(spec, "front", FRONT_CAMERA_W, FRONT_LOOKS_AT_W, FRONT_FIELD_OF_VIEW_DEG)
    add_camera(spec, "overview", OVERVIEW_CAMERA_W, OVERVIEW_LOOKS_AT_W, OVERVIEW_FIELD_OF_VIEW_DEG)


def add_camera(
    spec: mujoco.MjSpec,
    name: str,
    position_w: tuple[float, float, float],
    looks_at_w: tuple[float, float, float],
    field_of_view_deg: float,
) -> None:
    """Adds a camera that stands still."""
    position, looks_at = np.array(position_w), np.array(looks_at_w)
    spec.worldbody.add_camera(
        name=name,
        pos=position,
        quat=make_camera_quaternion(position, looks_at, up=np.array([0.0, 0.0, 1.0])),
        fovy=field_of_view_deg,
    )
