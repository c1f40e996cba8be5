"""`Thing`: an instance of a category in a world, and its moving parts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import mujoco
import numpy as np

from robolearn.errors import UnknownNameError
from robolearn.sim.catalogue.category import Category, Lamp, MovingPart
from robolearn.sim.catalogue.markers import Marker
from robolearn.sim.catalogue.parts import Parts
from robolearn.sim.predicates import MAX_STILL_JOINT_SPEED_RADPS, is_settled
from robolearn.sim.world import World
from robolearn.specs import Array

MAX_STILL_SLIDE_SPEED_MPS = 0.01
LIT_RGBA, LIT_GROWTH = (0.2, 1.0, 0.3, 1.0), 1.12  # the lit lamp covers the dark one


def add_thing(spec: mujoco.MjSpec, name: str, category: Category, scale: float) -> None:
    """Adds an instance to a scene. Get hold of it with `Thing(world, ...)`."""
    body = spec.worldbody.add_body(name=name, mocap=category.is_fixture)
    if not category.is_fixture:
        body.add_freejoint(name=name)
    category.build(Parts(spec, body, name, scale))
    if category.lamp is not None:
        lit = spec.worldbody.add_body(name=_name_lamp(name), mocap=True)
        radii = (LIT_GROWTH * category.lamp.radius_m,) * 3
        Parts(spec, lit, name, scale).add_ellipsoid((0.0,) * 3, radii, LIT_RGBA, solid=False)


@dataclass(frozen=True)
class HandlePose:
    """Where a hand takes a handle, or anything else: world frame.

    Attributes:
        position_w: the point between the finger pads [m], shape (3,).
        opening_w: direction from one finger to the other, a unit vector.
        approach_w: where the hand points, a unit vector.
        width_m: of what is between the fingers.
    """

    position_w: Array
    opening_w: Array
    approach_w: Array
    width_m: float


class Thing:
    """A thing in a world. Lengths it returns are those of the world, not of the full size.

    Attributes:
        name: its name in the scene.
        category: what it is.
        scale: of the scene.
        geoms: mask of its geoms, moving parts included.
        parts: handles on its moving parts, by their names.
        qpos_indices: where its state lies in `world.data.qpos`: pose and joints.
    """

    def __init__(self, world: World, name: str, category: Category, scale: float) -> None:
        """Takes hold of what `add_thing` added.

        Raises:
            UnknownNameError: if there is no such thing in the world.
        """
        self.name, self.category, self.scale = name, category, scale
        self._world = world
        self._bodies = {"": _Frame(world, name)}
        self._bodies |= {part: _Frame(world, f"{name}_{part}") for part in category.moving_parts}
        part_bodies = [f"{name}_{part}" for part in category.moving_parts]
        self.geoms = world.geoms_of([name, *part_bodies])
        self.parts = {
            part.name: ThingPart(world, self, part) for part in category.moving_parts.values()
        }
        self._free = None if category.is_fixture else world.free_body(name)
        self._fixture = world.fixture(name) if category.is_fixture else None
        self._lamp = world.marker(_name_lamp(name)) if category.lamp is not None else None
        joints = [index for part in self.parts.values() for index in part.joint.qpos_indices]
        self.qpos_indices = [*(self._free.qpos_indices if self._free else ()), *joints]

    @property
    def position_w(self) -> Array:
        """The middle of its underside [m], shape (3,); a copy."""
        return self._bodies[""].position_w.copy()

    @property
    def center_w(self) -> Array:
        """The middle of the box around it [m], shape (3,)."""
        return self.to_world((0.0, 0.0, self.category.size_m[2] / 2))

    @property
    def yaw_rad(self) -> float:
        """Rotation of its x axis about the vertical [rad]."""
        rotation = self._bodies[""].rotation
        return math.atan2(float(rotation[1, 0]), float(rotation[0, 0]))

    @property
    def upright_cosine(self) -> float:
        """Cosine between its z axis and the vertical."""
        return float(self._bodies[""].rotation[2, 2])

    @property
    def is_settled(self) -> bool:
        """Whether it is at rest; what stands fast always is."""
        return self._free is None or is_settled(self._free)

    def place(self, position_w: Iterable[float], yaw_rad: float) -> None:
        """Sets it down upright, by the middle of its underside."""
        if self._free is not None:
            self._free.place(position_w, yaw_rad)
        elif self._fixture is not None:
            self._fixture.place(position_w, yaw_rad)
        self.set_lamp(is_lit=False)

    def set_lamp(self, *, is_lit: bool) -> None:
        """Switches its lamp, if it has one: the lit one is moved over the dark one, or away."""
        if self._lamp is not None and self._fixture is not None:
            hidden_t = (0.0, 0.0, self.category.size_m[2] / 4)
            lamp_t = self._get_lamp().position_t if is_lit else hidden_t
            self._lamp.place(self._fixture.to_world(x * self.scale for x in lamp_t))

    @property
    def is_lit(self) -> bool:
        """Whether its lamp is on, read from the scene itself: a mirror of it shall know, too.

        Raises:
            KeyError: if it has no lamp.
        """
        lamp = self._get_lamp()
        assert self._lamp is not None
        place_w = self.to_world(lamp.position_t)
        return math.dist(self._lamp.position_w, place_w) < lamp.radius_m * self.scale

    def _get_lamp(self) -> Lamp:
        if self.category.lamp is None:
            raise KeyError(f"{self.name}, which has no lamp")
        return self.category.lamp

    def get_fixed_state(self) -> list[float]:
        """Returns where something that stands fast is, and whether its lamp is lit.

        That is x, y, then z where it may hover, yaw unless it is a marker, and the lamp.
        """
        x, y, z = self.position_w.tolist()
        state = [x, y]
        if self.category.height_range_m is not None:
            state.append(z)
        if not isinstance(self.category, Marker):
            state.append(self.yaw_rad)
        if self.category.lamp is not None:
            state.append(float(self.is_lit))
        return state

    def to_world(self, point_t: Iterable[float], part: str = "") -> Array:
        """Turns a point of its frame, or of a part's, at full size, into world coordinates [m]."""
        frame = self._bodies[part]
        point = np.asarray(tuple(point_t), float) * self.scale
        return np.asarray(frame.position_w + frame.rotation @ point)

    def direction_to_world(self, direction_t: Iterable[float], part: str = "") -> Array:
        """Turns a direction of its frame, or of a part's, into the world's."""
        return np.asarray(self._bodies[part].rotation @ np.asarray(tuple(direction_t), float))

    def from_world(self, point_w: Array, part: str = "") -> Array:
        """Turns a world point into its frame, or a part's, at full size [m]."""
        frame = self._bodies[part]
        return np.asarray(frame.rotation.T @ (point_w - frame.position_w) / self.scale)

    def find_parts(self, region: str) -> list[ThingPart]:
        """Returns the moving parts that a region stands for; all of them for an empty name.

        Raises:
            UnknownNameError: if the region stands for none.
        """
        found = [p for p in self.parts.values() if not region or region in p.part.regions]
        if not found:
            known = [name for part in self.parts.values() for name in part.part.regions]
            raise UnknownNameError("moving part", region or self.name, known, f"of {self.name}")
        return found


class ThingPart:
    """A moving part of a thing in a world.

    Attributes:
        thing: whose it is.
        part: what the catalogue says of it.
        joint: its slide or hinge, in the world's own lengths.
    """

    def __init__(self, world: World, thing: Thing, part: MovingPart) -> None:
        self.thing, self.part = thing, part
        self.joint = world.joint(f"{thing.name}_{part.name}")
        index = world.model.joint(f"{thing.name}_{part.name}").id
        self.is_hinge = world.model.jnt_type[index] == mujoco.mjtJoint.mjJNT_HINGE
        self._unit = 1.0 if self.is_hinge else thing.scale
        self._axis_w, self._anchor_w = world.data.xaxis[index], world.data.xanchor[index]

    @property
    def position(self) -> float:
        """Where it stands, from 0 (closed, off, up) to its limit: rad, or m at full size."""
        return self.joint.position / self._unit

    def place(self, position: float) -> None:
        """Sets it there at rest: rad, or m at full size."""
        self.joint.place(position * self._unit)

    @property
    def is_still(self) -> bool:
        """Whether it is at rest."""
        limit = MAX_STILL_JOINT_SPEED_RADPS if self.is_hinge else MAX_STILL_SLIDE_SPEED_MPS
        return abs(self.joint.velocity) < limit

    @property
    def is_open(self) -> bool:
        """Whether it is open, or on."""
        return self.position >= self.part.open_from

    @property
    def is_closed(self) -> bool:
        """Whether it is closed, or off."""
        return self.position <= self.part.closed_to

    def find_handle(self, position: float | None = None) -> HandlePose:
        """Returns where its handle is, or would be with the part at another position.

        Args:
            position: rad, or m at full size; None for where it stands.
        """
        handle, name = self.part.handle, self.part.name
        point_w = self.thing.to_world(handle.position_t, name)
        directions_w = [
            self.thing.direction_to_world(direction, name)
            for direction in (handle.opening_t, handle.approach_t)
        ]
        if position is not None:
            way = position * self._unit - self.joint.position
            if self.is_hinge:
                turn = _make_turn(self._axis_w, way)
                point_w = self._anchor_w + turn @ (point_w - self._anchor_w)
                directions_w = [turn @ direction for direction in directions_w]
            else:
                point_w = point_w + way * self._axis_w
        opening_w, approach_w = directions_w
        return HandlePose(point_w, opening_w, approach_w, handle.width_m * self.thing.scale)


class _Frame:
    """A body's frame: views into the data, one physics step old after a step."""

    def __init__(self, world: World, name: str) -> None:
        index = world.model.body(name).id
        self.position_w: Array = world.data.xpos[index]
        self.rotation: Array = world.data.xmat[index].reshape(3, 3)


def _name_lamp(name: str) -> str:
    return f"{name}_lamp"


def _make_turn(axis_w: Array, angle_rad: float) -> Array:
    """Returns the rotation by an angle about an axis, shape (3, 3)."""
    quaternion, rotation = np.empty(4), np.empty(9)
    mujoco.mju_axisAngle2Quat(quaternion, np.asarray(axis_w, float), angle_rad)
    mujoco.mju_quat2Mat(rotation, quaternion)
    return rotation.reshape(3, 3)
