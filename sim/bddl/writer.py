"""From a `Problem` to text: `parse_problem(write_problem(problem))` is the same problem again."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from robolearn.errors import RobolearnError
from robolearn.sim.bddl.problem import Instance, Problem, Region, Relation

_WORD = re.compile(r"[^\s();]+")


def write_problem(problem: Problem) -> str:
    """Returns the text of a BDDL file, always the same for the same problem.

    Raises:
        RobolearnError: if a name, or the instruction, holds what would end a word in the file.
    """
    lines = [
        f"(define (problem {_write_word(problem.name)})",
        f"  (:domain {_write_word(problem.domain)})",
        f"  (:language {' '.join(map(_write_word, problem.language.split(' ')))})",
        *_write_section("regions", itertools.chain(*map(_write_region, problem.regions.values()))),
        *_write_section("fixtures", _write_instances(problem.fixtures)),
        *_write_section("objects", _write_instances(problem.objects)),
        *_write_section("obj_of_interest", map(_write_word, problem.interest)),
        *_write_section("init", map(_write_relation, problem.init)),
        f"  (:goal (And {' '.join(map(_write_relation, problem.goal))}))",
        ")",
    ]
    return "\n".join(lines) + "\n"


def _write_section(name: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"  (:{name}"
    for line in lines:
        yield f"    {line}"
    yield "  )"


def _write_region(region: Region) -> Iterator[str]:
    yield f"({_write_word(region.short_name)}"
    yield f"  (:target {_write_word(region.target)})"
    if region.rectangles:
        rows = [_write_numbers((r.x0, r.y0, r.x1, r.y1)) for r in region.rectangles]
        yield f"  (:ranges ({' '.join(rows)}))"
    if region.yaw_range_rad is not None:
        yield f"  (:yaw_rotation ({_write_numbers(region.yaw_range_rad)}))"
    if region.rgba is not None:
        yield f"  (:rgba {_write_numbers(region.rgba)})"
    yield ")"


def _write_instances(instances: Mapping[str, Instance]) -> Iterator[str]:
    """A line for neighbours of one category, so that their order stays."""
    for category, group in itertools.groupby(instances.values(), lambda i: i.category):
        names = " ".join(_write_word(instance.name) for instance in group)
        yield f"{names} - {_write_word(category)}"


def _write_relation(relation: Relation) -> str:
    words = (relation.predicate.capitalize(), *relation.arguments)
    return f"({' '.join(map(_write_word, words))})"


def _write_numbers(numbers: Sequence[float]) -> str:
    return f"({' '.join(repr(float(number)).removesuffix('.0') for number in numbers)})"


def _write_word(word: str) -> str:
    if not _WORD.fullmatch(word):
        raise RobolearnError(f"{word!r} cannot stand in a BDDL file as one word")
    return word
