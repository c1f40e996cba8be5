"""From text to a `Problem`: every name is declared, every number is one, nothing is evaluated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.sim.bddl.problem import (
    ARITY,
    BddlError,
    Instance,
    Problem,
    Rectangle,
    Region,
    Relation,
)
from robolearn.sim.bddl.reader import Form, Node, Word, read_form

SECTIONS = (
    ":domain",
    ":language",
    ":regions",
    ":fixtures",
    ":objects",
    ":obj_of_interest",
    ":init",
    ":goal",
)
MAX_FILE_BYTES = 1_000_000


def load_problem(path: Path) -> Problem:
    """Reads a BDDL file.

    Raises:
        RobolearnError: if the file cannot be read or is no text.
        BddlError: if it is wrong; says file, line and column.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RobolearnError(f"{path} is larger than {MAX_FILE_BYTES} bytes: no BDDL task")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RobolearnError(f"{path} cannot be read as a BDDL file: {error}") from error
    return parse_problem(text, str(path))


def parse_problem(text: str, file: str = "<text>") -> Problem:
    """Reads the text of a BDDL file.

    Args:
        text: the file's content.
        file: what errors call it.

    Raises:
        BddlError: if it is wrong; says line and column.
    """
    form = read_form(text, file)
    name, sections = _split(form)
    fixtures = _read_instances(sections[":fixtures"])
    objects = _read_instances(sections[":objects"])
    for twice in fixtures.keys() & objects.keys():
        raise BddlError(objects[twice].location, f"{twice!r} is declared as a fixture already")
    instances = {**fixtures, **objects}
    all_regions = _read_regions(sections[":regions"])
    # LIBERO's own files carry regions of things that they do not declare; nothing names them.
    regions = {key: r for key, r in all_regions.items() if r.target in instances}
    known = (*instances, *regions)
    problem = Problem(
        name=name,
        language=" ".join(_expect_word(item).text for item in sections[":language"].items[1:]),
        regions=regions,
        fixtures=fixtures,
        objects=objects,
        interest=tuple(
            _expect_name(item, known) for item in sections[":obj_of_interest"].items[1:]
        ),
        init=tuple(_read_relation(item, known) for item in sections[":init"].items[1:]),
        goal=_read_goal(sections[":goal"], known),
        domain=_expect_word(_only_item(sections[":domain"])).text,
    )
    if not problem.language:
        raise BddlError(sections[":language"].location, "expected an instruction after :language")
    return problem


def _split(form: Form) -> tuple[str, Mapping[str, Form]]:
    """Returns the problem's name and its sections; one that is missing counts as empty."""
    head, *rest = form.items or (form,)
    if not (isinstance(head, Word) and head.text.lower() == "define"):
        raise BddlError(head.location, "expected (define (problem NAME) ...)")
    sections: dict[str, Form] = {}
    for item in rest:
        key = _read_key(item, ("problem", *SECTIONS))
        if key in sections:
            raise BddlError(item.location, f"a second {key}: expected it once")
        sections[key] = _expect_form(item)
    for key in ("problem", ":domain", ":language", ":goal"):
        if key not in sections:
            raise BddlError(form.location, f"expected a section ({key} ...) within")
    for key in SECTIONS:
        sections.setdefault(key, Form((Word(key, form.location),), form.location))
    return _expect_word(_only_item(sections["problem"])).text, sections


def _read_instances(section: Form) -> dict[str, Instance]:
    """Reads `name ... - category`, any number of times."""
    found: dict[str, Instance] = {}
    waiting: list[Word] = []
    words = [_expect_word(item) for item in section.items[1:]]
    iterator = iter(words)
    for word in iterator:
        if word.text != "-":
            waiting.append(word)
            continue
        category = next(iterator, None)
        if category is None or not waiting:
            raise BddlError(word.location, "expected: name ... - category")
        for name in waiting:
            if name.text in found:
                raise BddlError(name.location, f"{name.text!r} is declared twice")
            found[name.text] = Instance(name.text, category.text, name.location)
        waiting = []
    if waiting:
        raise BddlError(waiting[0].location, f"expected '- category' after {waiting[0].text!r}")
    return found


def _read_regions(section: Form) -> dict[str, Region]:
    found: dict[str, Region] = {}
    for item in section.items[1:]:
        region = _read_region(_expect_form(item))
        if region.name in found:
            raise BddlError(region.location, f"region {region.name!r} is declared twice")
        found[region.name] = region
    return found


def _read_region(form: Form) -> Region:
    if not form.items:
        raise BddlError(form.location, "expected (NAME (:target ...) ...)")
    target: str | None = None
    rectangles: tuple[Rectangle, ...] = ()
    yaw_range_rad: tuple[float, float] | None = None
    rgba: tuple[float, float, float, float] | None = None
    for item in form.items[1:]:
        key = _read_key(item, (":target", ":ranges", ":yaw_rotation", ":rgba"))
        part = _expect_form(item)
        match key:
            case ":target":
                target = _expect_word(_only_item(part)).text
            case ":ranges":
                rectangles = tuple(
                    _read_rectangle(row) for row in _expect_form(_only_item(part)).items
                )
            case ":yaw_rotation":
                low, high = _read_numbers(_only_item(_expect_form(_only_item(part), "("), 0), 2)
                yaw_range_rad = (min(low, high), max(low, high))
            case ":rgba":
                red, green, blue, alpha = _read_numbers(_only_item(part), 4)
                rgba = (red, green, blue, alpha)
    if target is None:
        raise BddlError(form.location, "expected (:target NAME) in this region")
    name = _expect_word(form.items[0]).text
    return Region(target, name, rectangles, yaw_range_rad, rgba, form.location)


def _read_rectangle(node: Node) -> Rectangle:
    rectangle = Rectangle(*_read_numbers(node, 4))
    if rectangle.x0 > rectangle.x1 or rectangle.y0 > rectangle.y1:
        raise BddlError(
            node.location,
            "nothing fits into this rectangle: expected (x0 y0 x1 y1) with x0 <= x1 and y0 <= y1",
        )
    return rectangle


def _read_goal(section: Form, known: Iterable[str]) -> tuple[Relation, ...]:
    """Reads `(And relation ...)`, or one relation alone."""
    form = _expect_form(_only_item(section))
    if form.items and isinstance(form.items[0], Word) and form.items[0].text.lower() == "and":
        relations = tuple(_read_relation(item, known) for item in form.items[1:])
    else:
        relations = (_read_relation(form, known),)
    if not relations:
        raise BddlError(form.location, "expected at least one relation in the goal")
    return relations


def _read_relation(node: Node, known: Iterable[str]) -> Relation:
    key = _read_key(node, ARITY)
    form = _expect_form(node)
    names = tuple(_expect_name(item, known) for item in form.items[1:])
    if len(names) != ARITY[key]:
        raise BddlError(
            form.location, f"{key!r} takes {ARITY[key]} names, and {len(names)} are given"
        )
    return Relation(key, names, form.location)


def _read_key(node: Node, known: Iterable[str]) -> str:
    """Returns what a form begins with, in small letters; it must be one of these."""
    form = _expect_form(node)
    if not form.items:
        raise BddlError(form.location, f"expected one of {', '.join(sorted(known))} after '('")
    word = _expect_word(form.items[0])
    if word.text.lower() not in known:
        raise _unknown("keyword", word, known)
    return word.text.lower()


def _read_numbers(node: Node, count: int) -> tuple[float, ...]:
    form = _expect_form(node)
    if len(form.items) != count:
        raise BddlError(form.location, f"expected {count} numbers, got {len(form.items)}")
    return tuple(_read_number(_expect_word(item)) for item in form.items)


def _read_number(word: Word) -> float:
    try:
        number = float(word.text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BddlError(word.location, f"expected a number, got {word.text!r}")
    return number


def _only_item(form: Form, skip: int = 1) -> Node:
    """Returns the one item after the keyword."""
    items = form.items[skip:]
    if len(items) != 1:
        raise BddlError(form.location, f"expected one item here, got {len(items)}")
    return items[0]


def _expect_word(node: Node) -> Word:
    if isinstance(node, Form):
        raise BddlError(node.location, "expected a word, got '('")
    return node


def _expect_form(node: Node, opening: str = "(") -> Form:
    if isinstance(node, Word):
        raise BddlError(node.location, f"expected {opening!r}, got {node.text!r}")
    return node


def _expect_name(node: Node, known: Iterable[str]) -> str:
    word = _expect_word(node)
    if word.text not in known:
        raise _unknown("object, fixture or region", word, known)
    return word.text


def _unknown(kind: str, word: Word, known: Iterable[str]) -> BddlError:
    return BddlError(word.location, str(UnknownNameError(kind, word.text, known)))
