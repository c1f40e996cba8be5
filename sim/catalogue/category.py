"""`Category`: a kind of thing, with all that a task, a judge and an expert must know of it.

A thing's own frame (suffix `_t`) has its origin in the middle of the underside of the thing as it
stands upright, z up; what has a front, has it on the side of -y (as in LIBERO). Lengths are those
of household things, the full size; a scene for a small arm is built smaller as a whole, by the
scale that `Parts` applies.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from robolearn.kinematics import Vector3
from robolearn.sim.physics import Physics

if TYPE_CHECKING:
    from robolearn.sim.catalogue.parts import Parts

DOWN: Vector3 = (0.0, 0.0, -1.0)
ANY_ANGLE_RAD = 0.0


@dataclass(frozen=True)
class Grasp:
    """A way to take a thing between two fingers.

    Attributes:
        position_t: the point between the finger pads [m].
        opening_t: direction from one finger to the other, a unit vector.
        approach_t: where the hand points, a unit vector.
        width_m: of what is between the fingers.
        symmetry_rad: turned by this about the thing's z axis the grasp is as good; `ANY_ANGLE_RAD`
            for a round thing, 2 pi for one without symmetry.
        tip_floor_m: the lowest that the fingertips may get, as where one of them is inside a bowl.
    """

    position_t: Vector3
    opening_t: Vector3
    approach_t: Vector3 = DOWN
    width_m: float = 0.03
    symmetry_rad: float = 2 * math.pi
    tip_floor_m: float = 0.0


@dataclass(frozen=True)
class NamedRegion:
    """A place on or in a thing, by name, as the inside of a drawer.

    Attributes:
        floor_t: the middle of its floor, in the frame of its part [m].
        size_m: its extent along x, y and z; z is the height that is free above the floor.
        is_inside: whether things are `in` it rather than `on` it.
        part: the moving part that carries it; empty for the thing itself.
        approach_t: the direction in which things are brought in, a unit vector.
    """

    floor_t: Vector3
    size_m: Vector3
    is_inside: bool
    part: str = ""
    approach_t: Vector3 = DOWN


@dataclass(frozen=True)
class Handle:
    """Where a moving part is taken, in the part's own frame.

    Attributes:
        position_t: the point between the finger pads [m].
        opening_t: direction from one finger to the other, a unit vector.
        approach_t: where the hand points, a unit vector.
        width_m: of what is between the fingers.
    """

    position_t: Vector3
    opening_t: Vector3
    approach_t: Vector3 = DOWN
    width_m: float = 0.012


@dataclass(frozen=True)
class MovingPart:
    """A part on a slide or a hinge; its position is 0 when closed, off or up, and grows from there.

    Ranges are [m] for slides, at full size, and [rad] for hinges.

    Attributes:
        name: unique within the thing; body and joint are called `<thing>_<name>`.
        limit: the largest position.
        open_from: from here on it counts as open, or on.
        closed_to: up to here it counts as closed, or off.
        handle: where to take it, or where to press it.
        regions: names of the regions by which `open` and `close` speak of it; empty if it is spoken
            of by the thing's own name.
        loose_open_from: LIBERO's own bound for open or on.
        loose_closed_to: LIBERO's own bound for closed or off.
    """

    name: str
    limit: float
    open_from: float
    closed_to: float
    handle: Handle
    regions: tuple[str, ...] = ()
    loose_open_from: float | None = None
    loose_closed_to: float | None = None


@dataclass(frozen=True)
class Lamp:
    """A lamp that is lit from when a part was open on, until the thing is set down anew.

    Attributes:
        position_t: its middle [m].
        radius_m: of the ball that it is.
    """

    position_t: Vector3
    radius_m: float


class Category(ABC):
    """A kind of thing.

    Attributes:
        name: as BDDL files call it.
        size_m: the box around the upright thing: length x, width y, height z.
        is_fixture: whether it stands fast where it is put.
        support_height_m: height over its underside at which something put on it comes to rest.
        yaw_range_rad: how an instance is turned where the file does not say [rad].
        grasps: ways to take it, the best first.
        regions: places by name.
        moving_parts: by name.
        physics: how a world with it must be integrated; None leaves that to the robot's body.
        lamp: which shows that it was pressed; None if it has none.
        height_range_m: how high over its place it hovers, if it does.
        room_m: radius of the circle around it that stays free of others at a start; by default
            half its longer side.
    """

    name: str
    size_m: Vector3
    is_fixture: bool = False
    support_height_m: float | None = None
    yaw_range_rad: tuple[float, float] = (0.0, 0.0)
    grasps: tuple[Grasp, ...] = ()
    regions: Mapping[str, NamedRegion] = MappingProxyType({})
    moving_parts: Mapping[str, MovingPart] = MappingProxyType({})
    physics: Physics | None = None
    lamp: Lamp | None = None
    height_range_m: tuple[float, float] | None = None
    room_m: float | None = None

    @property
    def radius_m(self) -> float:
        """Of the upright cylinder around it, for keeping things apart."""
        return math.hypot(self.size_m[0], self.size_m[1]) / 2

    @property
    def top_m(self) -> float:
        """Height over its underside at which something put on it rests."""
        return self.size_m[2] if self.support_height_m is None else self.support_height_m

    @abstractmethod
    def build(self, parts: Parts) -> None:
        """Adds its shapes and moving parts to its body."""
