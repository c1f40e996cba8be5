"""`Problem`: what a BDDL file says of a task, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from robolearn.errors import RobolearnError

# Predicates and how many arguments each takes. The first eight are LIBERO's, the others our own.
ARITY: Mapping[str, int] = MappingProxyType(
    {
        "on": 2,  # rests on an object, or within a region of a surface
        "in": 2,  # lies within a region of a container
        "open": 1,
        "close": 1,
        "turnon": 1,
        "turnoff": 1,
        "up": 1,  # is lifted well above where it lay
        "true": 0,
        "pressed": 1,  # was pressed, and came up again
        "reached": 1,  # the tool is there and stays
        "routed": 2,  # the cable runs through the clip
    }
)


class BddlError(RobolearnError):
    """A BDDL file is wrong; says file, line and column, and what is expected there."""

    def __init__(self, location: Location, message: str) -> None:
        """Puts the place before the sentence."""
        super().__init__(f"{location}: {message}")
        self.location, self.message = location, message

    def __reduce__(self) -> tuple[type[BddlError], tuple[Location, str]]:
        """Lets the error travel home from a worker process."""
        return type(self), (self.location, self.message)


@dataclass(frozen=True)
class Location:
    """Where in a file something stands.

    Attributes:
        file: as given by whoever opened it.
        line: counted from 1.
        column: counted from 1.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Location("<no file>", 1, 1)  # of what a program made


@dataclass(frozen=True)
class Rectangle:
    """A part of a surface, in the frame of the region's target [m]."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Region:
    """A place that relations can name.

    Attributes:
        target: the instance it belongs to: a workspace, a fixture or an object.
        short_name: its name within the target.
        rectangles: where on the target's surface it lies; empty for a place that the target's
            category knows by name, as the inside of a drawer.
        yaw_range_rad: how things placed there are turned [rad]; None leaves it to their category.
        rgba: the colour it is painted in; None for a region that is not seen.
        location: where it is declared.
    """

    target: str
    short_name: str
    rectangles: tuple[Rectangle, ...] = ()
    yaw_range_rad: tuple[float, float] | None = None
    rgba: tuple[float, float, float, float] | None = None
    location: Location = field(default=NOWHERE, compare=False)

    @property
    def name(self) -> str:
        """Its full name, by which relations call it."""
        return f"{self.target}_{self.short_name}"


@dataclass(frozen=True)
class Instance:
    """A thing of some category.

    Attributes:
        name: its own name.
        category: what it is.
        location: where it is declared.
    """

    name: str
    category: str
    location: Location = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Relation:
    """A ground predicate, e.g. `on plate_1 main_table_left_region`.

    Attributes:
        predicate: in small letters.
        arguments: names of instances or regions.
        location: where it stands.
    """

    predicate: str
    arguments: tuple[str, ...]
    location: Location = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return " ".join((self.predicate, *self.arguments))


@dataclass(frozen=True)
class Problem:
    """A task: what stands where, and what is to be true in the end.

    Attributes:
        name: of the kind of scene, e.g. `LIBERO_Kitchen_Tabletop_Manipulation`.
        language: the instruction.
        regions: by full name.
        fixtures: what does not move as a whole, by name; the workspace among them.
        objects: what can be moved, by name.
        interest: names that matter to the goal; for people.
        init: what is true at the start.
        goal: what must all be true at the end.
        domain: the dialect's name in the file.
    """

    name: str
    language: str
    regions: Mapping[str, Region]
    fixtures: Mapping[str, Instance]
    objects: Mapping[str, Instance]
    interest: tuple[str, ...]
    init: tuple[Relation, ...]
    goal: tuple[Relation, ...]
    domain: str = "robosuite"

    @property
    def instances(self) -> dict[str, Instance]:
        """Fixtures, then objects."""
        return {**self.fixtures, **self.objects}
