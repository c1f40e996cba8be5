"""The catalogue: every kind of thing a task can name, built from primitives.

A module of `objects`, `fixtures` or `workspaces` lists its categories in `CATEGORIES`; a new kind
of thing is a new entry there.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.sim.catalogue.category import Category


@functools.cache
def load_catalogue() -> Mapping[str, Category]:
    """Returns every category by name."""
    found: dict[str, Category] = {}
    for category in _walk():
        if category.name in found:
            raise RobolearnError(f"two categories are named {category.name!r}")
        found[category.name] = category
    return found


def get_category(name: str) -> Category:
    """Returns the category of that name.

    Raises:
        UnknownNameError: if there is none; lists all, and the nearest name.
    """
    catalogue = load_catalogue()
    if name not in catalogue:
        raise UnknownNameError("category", name, catalogue, "in the catalogue")
    return catalogue[name]


def _walk() -> Iterator[Category]:
    for info in pkgutil.walk_packages(__path__, f"{__name__}."):
        yield from getattr(importlib.import_module(info.name), "CATEGORIES", ())
