"""The package robosuite: loaded without its noise, and what it has registered."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from robolearn.errors import MissingDependencyError, UnknownNameError

LOGGER_NAME = "robosuite_logs"


def load_robosuite() -> Any:
    """Imports robosuite and returns it.

    At import it advises of macros and optional packages, and later of each controller file it
    reads: its logger is set to errors alone. It also sets `MUJOCO_GL` for its own renderer, which
    is not used here and would decide for ours: that is put back.

    Raises:
        MissingDependencyError: if it cannot be imported.
    """
    logger = logging.getLogger(LOGGER_NAME)
    with _environment_kept("MUJOCO_GL"), _silenced(logger):
        try:
            robosuite = importlib.import_module("robosuite")
        except ImportError as error:
            raise MissingDependencyError(
                f"robosuite cannot be imported ({error}): pip install 'robolearn[robosuite]'"
            ) from error
    logger.setLevel(logging.ERROR)
    return robosuite


def list_tasks() -> list[str]:
    """Returns the names of every registered task for one arm.

    Raises:
        MissingDependencyError: if robosuite cannot be imported.
    """
    load_robosuite()
    from robosuite.environments.base import REGISTERED_ENVS
    from robosuite.environments.manipulation.two_arm_env import TwoArmEnv

    return sorted(name for name, kind in REGISTERED_ENVS.items() if not issubclass(kind, TwoArmEnv))


def list_arms() -> list[str]:
    """Returns the names of every robot with one arm, those on a mobile base included.

    Raises:
        MissingDependencyError: if robosuite cannot be imported.
    """
    load_robosuite()
    from robosuite.models.robots.robot_model import REGISTERED_ROBOTS
    from robosuite.robots import ROBOT_CLASS_MAPPING

    return sorted(name for name in ROBOT_CLASS_MAPPING if len(REGISTERED_ROBOTS[name].arms) == 1)


@contextlib.contextmanager
def _environment_kept(variable: str) -> Iterator[None]:
    before = os.environ.get(variable)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = before


@contextlib.contextmanager
def _silenced(logger: logging.Logger) -> Iterator[None]:
    """Lets only errors of a logger through, even if it is given another level meanwhile."""

    def is_error(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR

    logger.addFilter(is_error)
    try:
        yield
    finally:
        logger.removeFilter(is_error)


def check_name(kind: str, name: str, known: Sequence[str], where: str) -> None:
    """Refuses a name that robosuite does not know.

    Raises:
        UnknownNameError: then.
    """
    if name not in known:
        raise UnknownNameError(kind, name, known, where)
