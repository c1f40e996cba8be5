"""`check_teleoperator`: what every device a person steers with promises."""

from __future__ import annotations

import time

import numpy as np

from robolearn.errors import ContractError
from robolearn.specs import Array, BoundedArraySpec, Specs
from robolearn.teleoperator import Command, Event, Teleoperator
from robolearn.testing.requirements import make_observation, require, require_fit

NUM_STEPS = 10
MAXIMUM_ANSWER_TIME_S = 0.02  # the robot waits meanwhile; a control period is 50 ms or more


def check_teleoperator(
    teleoperator: Teleoperator, observation_spec: Specs, action_spec: BoundedArraySpec
) -> None:
    """Checks a person's device against every promise of the `Teleoperator` interface.

    Args:
        teleoperator: the device, not connected; nobody needs to touch it.
        observation_spec: what it is shown.
        action_spec: what its actions must fit.

    Raises:
        ContractError: at the first broken promise.
    """
    observation = make_observation(observation_spec, np.random.default_rng(0))
    teleoperator.close()
    try:
        for _ in ("first", "again after close"):
            teleoperator.connect()
            teleoperator.connect()
            _check_episode(teleoperator, observation, action_spec)
            teleoperator.close()
            teleoperator.close()
    finally:
        teleoperator.close()


def _check_episode(
    teleoperator: Teleoperator, observation: dict[str, Array], action_spec: BoundedArraySpec
) -> None:
    shown = {key: value.copy() for key, value in observation.items()}
    teleoperator.reset(shown)
    kept: list[tuple[Array, Array]] = []
    answer_times_s = []
    for index in range(NUM_STEPS):
        start_s = time.perf_counter()
        command = teleoperator.get_command(shown)
        answer_times_s.append(time.perf_counter() - start_s)
        if not isinstance(command, Command):
            raise ContractError(f"get_command returned {command!r}, not a Command")
        require(
            command.event is None or isinstance(command.event, Event),
            f"the command's event is {command.event!r}, not an Event",
        )
        require(
            isinstance(command.is_active, bool),
            f"the command's is_active is {command.is_active!r}, not True or False",
        )
        teleoperator.follow(shown)
        require(
            isinstance(teleoperator.is_stop_asked(), bool),
            "is_stop_asked did not return True or False",
        )
        if command.action is not None:
            require_fit(action_spec, command.action, f"the action of step {index}")
            kept.append((command.action, command.action.copy()))
    # The median: one late answer on a busy machine says nothing about the device.
    require(
        float(np.median(answer_times_s)) < MAXIMUM_ANSWER_TIME_S,
        f"get_command took {1e3 * float(np.median(answer_times_s)):.0f} ms: it must not wait for"
        " the person",
    )
    for key, value in observation.items():
        require(
            key in shown and np.array_equal(shown[key], value),
            f"the teleoperator changed the observation's {key!r}: copy before changing it",
        )
    for action, copy in kept:
        require(
            np.array_equal(action, copy),
            "an action changed after it had been returned: return a copy",
        )
