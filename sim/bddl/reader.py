"""The syntax: words and forms in parentheses, each with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from robolearn.sim.bddl.problem import BddlError, Location

# A comment runs from a semicolon to the end of the line, as in PDDL.
_TOKEN = re.compile(r";[^\n]*|[()]|[^\s();]+")
MAX_DEPTH = 20  # a task needs six; what lies deeper is no task


@dataclass(frozen=True)
class Word:
    """A word, as it stands in the file."""

    text: str
    location: Location


@dataclass(frozen=True)
class Form:
    """Words and forms between two parentheses; the location is that of the opening one."""

    items: tuple[Node, ...]
    location: Location


Node = Word | Form


def read_form(text: str, file: str) -> Form:
    """Reads the one form that a file holds.

    Raises:
        BddlError: if a parenthesis is missing or too many, or there is not exactly one form.
    """
    open_forms: list[tuple[list[Node], Location]] = []
    outer: list[Node] = []
    items = outer
    last = Location(file, 1, 1)
    for token, location in _tokenize(text, file):
        last = location
        if token == "(":
            if len(open_forms) == MAX_DEPTH:
                raise BddlError(location, f"parentheses nest deeper than {MAX_DEPTH}")
            items = []
            open_forms.append((items, location))
        elif token == ")":
            if not open_forms:
                raise BddlError(location, "this ')' closes nothing: expected the end of the file")
            closed, start = open_forms.pop()
            items = open_forms[-1][0] if open_forms else outer
            items.append(Form(tuple(closed), start))
        else:
            items.append(Word(token, location))
    if open_forms:
        raise BddlError(open_forms[-1][1], "this '(' is never closed: expected a ')'")
    if len(outer) != 1 or not isinstance(outer[0], Form):
        where = outer[0].location if outer and isinstance(outer[0], Word) else last
        raise BddlError(where, "expected one form, (define (problem NAME) ...), and nothing else")
    return outer[0]


def _tokenize(text: str, file: str) -> Iterator[tuple[str, Location]]:
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _TOKEN.finditer(line):
            if not match.group().startswith(";"):
                yield match.group(), Location(file, number, match.start() + 1)
