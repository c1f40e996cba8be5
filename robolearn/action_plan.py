"""`ActionPlan`: chunks of actions that arrive late become one action per step, without a jerk."""

from __future__ import annotations

import math

import numpy as np

from robolearn.specs import Array


class ActionPlan:
    """Knows the action of each coming step, from the newest chunk and the one before it.

    Steps are control periods since the episode began. A chunk is laid where its observation was
    made; the part of it that lies in the past by the time it arrives is dropped. Over the
    `blend_steps` steps after its arrival the plan moves from the old chunk to the new one, with
    weights that grow linearly: so two chunks that disagree by some amount add no more than
    1/(blend_steps + 1) of that to any step of the motion.
    """

    def __init__(self, blend_steps: int) -> None:
        """Begins empty.

        Args:
            blend_steps: steps over which a chunk replaces the one before it; 0 replaces it at once.
        """
        self._weights = [index / (blend_steps + 1) for index in range(1, blend_steps + 1)]
        self.clear()

    def clear(self) -> None:
        """Begins an episode: forgets every chunk."""
        self._actions: list[Array] = []
        self._first_step = 0

    def get(self, step: int) -> Array | None:
        """Returns the action of a step, or None if no chunk reaches it."""
        index = step - self._first_step
        return self._actions[index] if 0 <= index < len(self._actions) else None

    def add(self, chunk: Array, observed_step: int, step: int, last_action: Array | None) -> None:
        """Takes a chunk that has just arrived.

        Args:
            chunk: shape (num_actions, channels); its first action is for `observed_step`.
            observed_step: the step whose observation it was predicted from.
            step: the step that comes next.
            last_action: what was done before it, None at an episode's first step. Where the old
                plan does not reach, the body is taken to stay there.
        """
        fresh = list(chunk[step - observed_step :])
        old = last_action
        for index, weight in enumerate(self._weights[: len(fresh)]):
            planned = self.get(step + index)
            old = old if planned is None else planned
            if old is not None:
                fresh[index] = (1 - weight) * old + weight * fresh[index]
        if fresh:
            self._actions, self._first_step = fresh, step


def advance_chunk(chunk: Array, steps: float) -> Array:
    """Returns a chunk read further on: entry i is the action at i + steps, linearly interpolated.

    For a known latency between what an observation shows and when an action takes effect.

    Args:
        chunk: shape (num_actions, channels).
        steps: how much further on, 0 or more; need not be whole.

    Returns:
        The entries that still lie within the chunk.
    """
    whole = math.floor(steps)
    fraction = steps - whole
    rest = chunk[whole:]
    if fraction == 0.0:
        return rest
    return np.asarray((1 - fraction) * rest[:-1] + fraction * rest[1:])
