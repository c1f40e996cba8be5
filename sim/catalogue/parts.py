"""`Parts`: adds primitives to a body, at the scale of the scene."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import mujoco
import numpy as np

from robolearn.kinematics import Vector3
from robolearn.sim.catalogue.cable_shape import CableShape, add_link
from robolearn.sim.scene import CONTACT_SOLIMP, CONTACT_SOLREF, FRICTION, Rgba
from robolearn.specs import Array

# Stops and dry friction of moving parts need settings of their own, stiffer than MuJoCo's defaults,
# with which a drawer overshoots its stop by 11 mm and creeps under half of its friction (trials).
# A stop is as stiff as the timestep allows, critically damped: pushed into it at 2 m/s a drawer is
# back at it within 0.1 s, without bouncing.
STOP_SOLREF, STOP_SOLIMP = (0.005, 1.0), (0.95, 0.99, 0.001, 0.5, 2.0)
DRY_SOLREF, DRY_SOLIMP = (0.01, 1.0), (0.999, 0.9999, 0.001, 0.5, 2.0)


class Parts:
    """A body that is being built; lengths and masses are given at full size.

    Masses shrink with the volume, and what resists a joint with them: a small drawer slides as
    easily for a small arm as a large one for a large arm.
    """

    def __init__(self, spec: mujoco.MjSpec, body: Any, name: str, scale: float) -> None:
        """Takes the body that shapes are added to; `name` is the thing's."""
        self._spec, self._body, self._name, self._scale = spec, body, name, scale

    def shrink(self, factor: float) -> Parts:
        """Returns the same body, for shapes that are built smaller still."""
        return Parts(self._spec, self._body, self._name, self._scale * factor)

    def add_box(
        self,
        low: Vector3,
        high: Vector3,
        rgba: Rgba,
        mass_kg: float = 0.0,
        *,
        solid: bool = True,
        quat: Sequence[float] = (1.0, 0.0, 0.0, 0.0),
        contact: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Adds a box between two corners; `quat` then turns it about its middle.

        `contact` replaces settings of the geom's contacts.
        """
        corners = np.array([low, high])
        middle, half = corners.mean(axis=0), np.ptp(corners, axis=0) / 2
        shape = mujoco.mjtGeom.mjGEOM_BOX
        self._add(shape, half, rgba, mass_kg, solid, pos=middle, quat=quat, **contact)

    def add_cylinder(
        self,
        start: Vector3,
        end: Vector3,
        radius_m: float,
        rgba: Rgba,
        mass_kg: float = 0.0,
        *,
        solid: bool = True,
    ) -> None:
        """Adds a cylinder between the middles of its two ends."""
        self._add_along(mujoco.mjtGeom.mjGEOM_CYLINDER, start, end, radius_m, rgba, mass_kg, solid)

    def add_capsule(
        self,
        start: Vector3,
        end: Vector3,
        radius_m: float,
        rgba: Rgba,
        mass_kg: float = 0.0,
        *,
        solid: bool = True,
    ) -> None:
        """Adds a cylinder with round ends beyond `start` and `end`."""
        self._add_along(mujoco.mjtGeom.mjGEOM_CAPSULE, start, end, radius_m, rgba, mass_kg, solid)

    def add_ellipsoid(
        self,
        middle: Vector3,
        half_size: Vector3,
        rgba: Rgba,
        mass_kg: float = 0.0,
        *,
        solid: bool = True,
    ) -> None:
        """Adds an ellipsoid, or a ball."""
        shape = mujoco.mjtGeom.mjGEOM_ELLIPSOID
        self._add(shape, np.array(half_size), rgba, mass_kg, solid, pos=np.array(middle))

    def add_ring(
        self,
        low_m: float,
        high_m: float,
        radius_low_m: float,
        radius_high_m: float,
        thickness_m: float,
        rgba: Rgba,
        mass_kg: float = 0.0,
        *,
        num_sides: int = 10,
        solid: bool = True,
    ) -> None:
        """Adds a round wall, as of a bowl or a cup: boxes side by side, leaning outwards.

        Args:
            low_m: height of its lower edge.
            high_m: height of its upper edge.
            radius_low_m: to the middle of the wall at the lower edge.
            radius_high_m: likewise at the upper edge.
            thickness_m: of the wall.
            rgba: colour.
            mass_kg: of the whole ring.
            num_sides: how many boxes make it.
            solid: whether it touches things.
        """
        rise, run = high_m - low_m, radius_high_m - radius_low_m
        lean_rad = math.atan2(run, rise)
        outer_m = max(radius_low_m, radius_high_m) + thickness_m / 2
        half_width = outer_m * math.tan(math.pi / num_sides)
        half = np.array([thickness_m / 2, half_width, math.hypot(rise, run) / 2])
        middle_radius = (radius_low_m + radius_high_m) / 2
        for index in range(num_sides):
            angle_rad = 2 * math.pi * index / num_sides
            cos, sin = math.cos(angle_rad), math.sin(angle_rad)
            position = np.array([cos * middle_radius, sin * middle_radius, (low_m + high_m) / 2])
            quat = np.empty(4)
            about_z = (math.cos(angle_rad / 2), 0.0, 0.0, math.sin(angle_rad / 2))
            about_y = (math.cos(lean_rad / 2), 0.0, math.sin(lean_rad / 2), 0.0)
            mujoco.mju_mulQuat(quat, np.array(about_z), np.array(about_y))
            shape = mujoco.mjtGeom.mjGEOM_BOX
            self._add(shape, half, rgba, mass_kg / num_sides, solid, pos=position, quat=quat)

    def add_cone(
        self,
        low_m: float,
        high_m: float,
        radius_low_m: float,
        radius_high_m: float,
        rgba: Rgba,
        *,
        num_steps: int = 8,
    ) -> None:
        """Adds an upright cone, or a stump of one, from discs: to look at only.

        Args:
            low_m: height of its lower end.
            high_m: height of its upper end.
            radius_low_m: at the lower end.
            radius_high_m: at the upper end.
            rgba: colour.
            num_steps: how many discs make it.
        """
        heights = np.linspace(low_m, high_m, num_steps + 1).tolist()
        edges = np.linspace(radius_low_m, radius_high_m, num_steps + 1)
        radii = ((edges[:-1] + edges[1:]) / 2).tolist()
        for low, high, radius in zip(heights[:-1], heights[1:], radii, strict=True):
            self.add_cylinder((0, 0, low), (0, 0, high), radius, rgba, solid=False)

    def add_bent_rod(
        self,
        points: Sequence[Vector3],
        radius_m: float,
        rgba: Rgba,
        mass_kg: float = 0.0,
        *,
        solid: bool = True,
    ) -> None:
        """Adds a round rod through these points, as a handle; the mass is of the whole."""
        each_kg = mass_kg / (len(points) - 1)
        for start, end in itertools.pairwise(points):
            self.add_capsule(start, end, radius_m, rgba, each_kg, solid=solid)

    def add_slide(
        self,
        part: str,
        origin_t: Vector3,
        axis: Vector3,
        limit_m: float,
        *,
        damping_nspm: float = 8.0,
        friction_n: float = 1.5,
        armature_kg: float = 0.05,
        stiffness_npm: float = 0.0,
        preload_m: float = 0.0,
    ) -> Parts:
        """Adds a part that slides from 0 to `limit_m`; returns it, to be given its shapes.

        The default resistance is that of a 1 kg drawer (trials). A spring brings it back to 0.
        """
        scale = self._scale
        child = self._add_part(part, origin_t)
        child._body.add_joint(
            name=f"{self._name}_{part}",
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=axis,
            range=(0.0, limit_m * scale),
            damping=damping_nspm * scale**2,
            frictionloss=friction_n * scale**3,
            armature=armature_kg * scale**2,
            stiffness=stiffness_npm * scale**2,
            springref=-preload_m * scale,
            **_JOINT_SOLVER,
        )
        return child

    def add_hinge(
        self,
        part: str,
        origin_t: Vector3,
        axis: Vector3,
        limit_rad: float,
        *,
        damping_nms: float = 0.3,
        friction_nm: float = 0.15,
        armature_kgm2: float = 0.01,
    ) -> Parts:
        """Adds a part that turns about its origin from 0 to `limit_rad`; returns it.

        The default resistance is that of a microwave's door (trials).
        """
        scale = self._scale
        child = self._add_part(part, origin_t)
        child._body.add_joint(
            name=f"{self._name}_{part}",
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=axis,
            range=(0.0, limit_rad),
            damping=damping_nms * scale**4,
            frictionloss=friction_nm * scale**4,
            armature=armature_kgm2 * scale**4,
            **_JOINT_SOLVER,
        )
        return child

    def add_cable(self, start_t: Vector3, cable: CableShape, rgba: Rgba) -> Parts:
        """Adds a cable that leaves a point along x; returns its last link, to be given its end.

        Links are called `<thing>_<index>`. Each touches the table with one ball and all else with
        its capsule: a capsule would lie on two contacts, which doubles the cost of a step. A cable
        does not touch itself.
        """
        scale, length = self._scale, cable.link_length_m * self._scale
        link: Any = self._body
        position = np.array(start_t) * scale
        for index in range(cable.num_links):
            name = f"{self._name}_{index}"
            link = link.add_body(name=name, pos=position)
            position = np.array([length, 0.0, 0.0])
            add_link(self._spec, link, name, cable, scale, rgba)
            # What is hinged to a thing that stands fast would touch it.
            self._spec.add_exclude(bodyname1=name, bodyname2=self._name)
            self._spec.add_exclude(bodyname1=name, bodyname2="world")
        return Parts(self._spec, link, self._name, scale)

    def _add_part(self, part: str, origin_t: Vector3) -> Parts:
        """Adds a child body; it hangs on its joint and touches neither thing nor table."""
        name = f"{self._name}_{part}"
        body = self._body.add_body(name=name, pos=np.array(origin_t) * self._scale)
        self._spec.add_exclude(bodyname1=name, bodyname2=self._name)
        self._spec.add_exclude(bodyname1=name, bodyname2="world")
        return Parts(self._spec, body, self._name, self._scale)

    def _add_along(
        self,
        shape: mujoco.mjtGeom,
        start: Vector3,
        end: Vector3,
        radius_m: float,
        rgba: Rgba,
        mass_kg: float,
        solid: bool,
    ) -> None:
        fromto = np.array([*start, *end]) * self._scale
        self._add(shape, np.array([radius_m, 0.0, 0.0]), rgba, mass_kg, solid, fromto=fromto)

    def _add(
        self,
        shape: mujoco.mjtGeom,
        size: Array,
        rgba: Rgba,
        mass_kg: float,
        solid: bool,
        **settings: Any,
    ) -> None:
        if "pos" in settings:
            settings["pos"] = settings["pos"] * self._scale
        self._body.add_geom(
            type=shape,
            size=size * self._scale,
            rgba=rgba,
            mass=mass_kg * self._scale**3,
            contype=int(solid),
            conaffinity=int(solid),
            **{**_CONTACT, **settings},
        )


_CONTACT = {
    "condim": 4,
    "friction": FRICTION,
    "solref": CONTACT_SOLREF,
    "solimp": CONTACT_SOLIMP,
}
_JOINT_SOLVER = {
    "solref_limit": STOP_SOLREF,
    "solimp_limit": STOP_SOLIMP,
    "solref_friction": DRY_SOLREF,
    "solimp_friction": DRY_SOLIMP,
}
