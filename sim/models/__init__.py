"""Bodies for the simulation, one per module, named like its embodiment; each has its `MODEL`."""

from __future__ import annotations

import importlib
import pkgutil

from robolearn.errors import UnknownNameError
from robolearn.sim.body_model import BodyModel


def get_body_model(embodiment_name: str) -> BodyModel:
    """Returns the simulated body of an embodiment.

    Raises:
        UnknownNameError: if there is none of that name.
    """
    known = [info.name for info in pkgutil.iter_modules(__path__)]
    if embodiment_name not in known:
        raise UnknownNameError("body", embodiment_name, known, "in simulation")
    model: BodyModel = importlib.import_module(f"{__name__}.{embodiment_name}").MODEL
    return model
