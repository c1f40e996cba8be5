"""`check_policy`: what every policy promises, learned or scripted."""

from __future__ import annotations

import numpy as np

from robolearn.policy import Policy
from robolearn.specs import Array, BoundedArraySpec, Specs
from robolearn.testing.requirements import make_observation, require, require_fit

NUM_STEPS = 24  # long enough to run past the end of a chunk of actions
INSTRUCTIONS = ("pick up the cube", "")
SEEDS = (0, 1)


def check_policy(
    policy: Policy,
    observation_spec: Specs,
    action_spec: BoundedArraySpec,
    observations: list[dict[str, Array]] | None = None,
) -> None:
    """Checks a policy against every promise of the `Policy` interface.

    Args:
        policy: the policy.
        observation_spec: what it is shown.
        action_spec: what its actions must fit.
        observations: what to show it; by default values drawn at random within the spec, its
            extremes among them. Give real ones to a policy that plans and cannot use noise.

    Raises:
        ContractError: at the first broken promise.
    """
    shown = observations or _make_observations(observation_spec)
    first = _run(policy, shown, action_spec, INSTRUCTIONS[0], SEEDS[0])
    # One step fewer: were all episodes of one length, a counter or a chunk of actions that survives
    # reset() could happen to stand at its beginning again.
    _run(policy, shown[:0:-1], action_spec, INSTRUCTIONS[1], SEEDS[1])
    again = _run(policy, shown, action_spec, INSTRUCTIONS[0], SEEDS[0])
    for index, (one, two) in enumerate(zip(first, again, strict=True)):
        require(
            np.array_equal(one, two),
            f"same seed, same observations, but another action at step {index}: reset() must forget"
            " the episode before, and randomness must come from its seed",
        )


def _run(
    policy: Policy,
    observations: list[dict[str, Array]],
    action_spec: BoundedArraySpec,
    instruction: str,
    seed: int,
) -> list[Array]:
    """Runs an episode on given observations, checking every action; returns copies of them."""
    policy.reset(instruction, seed)
    actions: list[Array] = []
    kept: list[Array] = []
    for index, observation in enumerate(observations):
        shown = {key: value.copy() for key, value in observation.items()}
        action = policy.select_action(shown)
        require_fit(action_spec, action, f"the action of step {index}")
        for key, value in observation.items():
            require(
                key in shown and np.array_equal(shown[key], value),
                f"select_action changed the observation's {key!r}: copy before changing it",
            )
        actions.append(action)
        kept.append(action.copy())
    for index, (action, copy) in enumerate(zip(actions, kept, strict=True)):
        require(
            np.array_equal(action, copy),
            f"the action of step {index} changed after it had been returned: return a copy",
        )
    return kept


def _make_observations(specs: Specs) -> list[dict[str, Array]]:
    """Draws observations within the spec; the first are its lowest and highest values."""
    generator = np.random.default_rng(0)
    drawn = [make_observation(specs, generator) for _ in range(NUM_STEPS)]
    for key, spec in specs.items():
        if isinstance(spec, BoundedArraySpec):
            drawn[0][key], drawn[1][key] = spec.low.copy(), spec.high.copy()
    return drawn
