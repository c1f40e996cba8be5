"""What the contracts have in common: requiring, and making values that fit or break a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from robolearn.errors import ContractError, SpecError
from robolearn.specs import Array, ArraySpec, BoundedArraySpec, Specs


def require(condition: bool, message: str) -> None:
    """Raises if a promise is broken.

    Args:
        condition: the promise.
        message: one sentence that names the likely mistake.

    Raises:
        ContractError: if the condition is false.
    """
    if not condition:
        raise ContractError(message)


def require_fit(spec: ArraySpec, value: object, what: str) -> None:
    """Raises a `ContractError` that names `what` if the value does not fit the spec."""
    try:
        spec.validate(value)
    except SpecError as error:
        raise ContractError(f"{what} does not fit its spec: {error}") from error


def require_observation(specs: Specs, values: Mapping[str, Array], what: str) -> None:
    """Raises a `ContractError` unless the values are exactly the keys of the specs, and fit."""
    require(
        set(values) == set(specs),
        f"{what} has keys {sorted(values)} but its spec promises {sorted(specs)}",
    )
    for key, spec in specs.items():
        require_fit(spec, values[key], what)


def require_refusal(act: Callable[[Array], object], spec: BoundedArraySpec, good: Array) -> None:
    """Raises a `ContractError` unless `act` refuses every action that breaks the spec."""
    for what, action in make_bad_actions(spec, good):
        try:
            act(action)
        except SpecError:
            continue
        except Exception as error:
            raise ContractError(
                f"{what} was refused with {type(error).__name__}, not SpecError: call"
                " action_spec.validate(action) before anything else"
            ) from error
        raise ContractError(
            f"{what} was accepted: refuse it with action_spec.validate(action), never clip or"
            " convert it in silence"
        )


def make_bad_actions(spec: BoundedArraySpec, good: Array) -> Iterator[tuple[str, Array]]:
    """Yields actions that do not fit the spec, each with what is wrong about it.

    Args:
        spec: the spec to break.
        good: an action that fits, shape as the spec's.
    """
    span = spec.high - spec.low
    broken = {
        "an action with NaN": np.nan,
        "an infinite action": np.inf,
        "an action above its maximum": spec.high.flat[-1] + 0.5 * span.flat[-1],
        "an action below its minimum": spec.low.flat[-1] - 0.5 * span.flat[-1],
    }
    for what, entry in broken.items():
        bad = good.copy()
        bad.flat[-1] = entry
        yield what, bad
    yield "an action one channel too long", np.append(good, good.flat[-1])
    yield "an action with a batch axis", good[np.newaxis]
    yield "an action of another dtype", good.astype(np.float64 if good.itemsize < 8 else np.float32)


def make_observation(specs: Specs, generator: np.random.Generator) -> dict[str, Array]:
    """Draws a value for every spec: uniform where it is bounded, else standard normal."""
    return {key: _draw(spec, generator) for key, spec in specs.items()}


def _draw(spec: ArraySpec, generator: np.random.Generator) -> Array:
    if not isinstance(spec, BoundedArraySpec):
        return np.asarray(generator.standard_normal(spec.shape), spec.dtype)
    low, high = spec.low.astype(np.float64), spec.high.astype(np.float64)
    value = generator.uniform(low, high, spec.shape)
    return spec.clip(np.round(value) if spec.numpy_dtype.kind in "iu" else value)
