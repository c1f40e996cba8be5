"""Shapes of a body's links: boxes, beams and servos' outlines, mostly to look at."""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

from robolearn.kinematics import Vector3
from robolearn.sim.scene import Rgba

# Settings of grasp trials: a 3 cm, 30 g block held and shaken for 8 s creeps less than 0.1 mm.
PAD_CONTACT = {"friction": (1.0, 0.01, 0.0005), "condim": 4}

YELLOW, BLACK, GREY = (0.95, 0.72, 0.1, 1.0), (0.12, 0.12, 0.13, 1.0), (0.45, 0.46, 0.5, 1.0)
WHITE = (0.93, 0.93, 0.91, 1.0)


def add_box(
    body: Any, low: Vector3, high: Vector3, rgba: Rgba, mass_kg: float = 0.0, *, pad: bool = False
) -> Any:
    """Adds a box between two corners, and returns it.

    Only pads collide: an arm's links never touch anything in a task that goes well.
    """
    corners = np.array([low, high])
    geom = body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=corners.mean(axis=0),
        size=np.ptp(corners, axis=0) / 2,
        rgba=rgba,
        mass=mass_kg,
        contype=int(pad),
        conaffinity=int(pad),
    )
    if pad:
        geom.friction, geom.condim = PAD_CONTACT["friction"], PAD_CONTACT["condim"]
    return geom


def add_beam(
    body: Any, end: Vector3, half_section: tuple[float, float], rgba: Rgba, mass_kg: float = 0.0
) -> None:
    """Adds a box from the body's origin to `end`, both in the plane of the arm."""
    length, angle_rad = math.hypot(end[0], end[2]), math.atan2(-end[2], end[0])
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=np.array(end) / 2,
        quat=(math.cos(angle_rad / 2), 0.0, math.sin(angle_rad / 2), 0.0),
        size=(length / 2, *half_section[::-1]),
        rgba=rgba,
        mass=mass_kg,
        contype=0,
        conaffinity=0,
    )


def add_cylinder(body: Any, start: Vector3, end: Vector3, radius_m: float, rgba: Rgba) -> None:
    """Adds a round outline: to look at only."""
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        fromto=(*start, *end),
        size=(radius_m, 0.0, 0.0),
        rgba=rgba,
        mass=0.0,
        contype=0,
        conaffinity=0,
    )


def add_capsule(body: Any, start: Vector3, end: Vector3, radius_m: float, rgba: Rgba) -> None:
    """Adds a round outline with round ends: to look at only."""
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=(*start, *end),
        size=(radius_m, 0.0, 0.0),
        rgba=rgba,
        mass=0.0,
        contype=0,
        conaffinity=0,
    )


def across(point: Vector3, half_width_m: float) -> tuple[Vector3, Vector3]:
    """Returns both ends of an axle through `point`, across the arm."""
    x, _, z = point
    return (x, -half_width_m, z), (x, half_width_m, z)
