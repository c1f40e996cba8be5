"""Bodies for the simulation: a module per embodiment, of the same name, with a `MODEL`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable

from robolearn import embodiments
from robolearn.errors import UnknownNameError
from robolearn.sim.body_model import BodyModel


def get_body_model(embodiment_name: str) -> BodyModel:
    """Returns the simulated body of an embodiment.

    Raises:
        UnknownNameError: if there is none of that name.
    """
    known = _list_modules(__path__) & _list_modules(embodiments.__path__)
    if embodiment_name not in known:
        raise UnknownNameError("body", embodiment_name, known, "in simulation")
    model: BodyModel = importlib.import_module(f"{__name__}.{embodiment_name}").MODEL
    return model


def _list_modules(folders: Iterable[str]) -> set[str]:
    return {info.name for info in pkgutil.iter_modules(folders)}
