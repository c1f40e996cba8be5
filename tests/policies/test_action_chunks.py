from collections.abc import Iterator

import numpy as np
import pytest

from robolearn.errors import RobolearnError
from robolearn.policies.action_chunks import Predict, RecedingHorizon, TemporalEnsemble


def numbered_chunks(horizon: int) -> tuple[Predict, list[int]]:
    """Chunk k (from 0) holds 100 * k + 0, 100 * k + 1, ...; also returns the list of calls."""
    calls: list[int] = []

    def predict() -> np.ndarray:
        calls.append(len(calls))
        return (100.0 * calls[-1] + np.arange(horizon))[:, np.newaxis]

    return predict, calls


def take(execution: object, predict: Predict, count: int) -> list[float]:
    return [float(execution.next_action(predict)[0]) for _ in range(count)]  # type: ignore[attr-defined]


def test_receding_horizon_runs_the_first_steps_of_each_chunk() -> None:
    predict, calls = numbered_chunks(4)
    assert take(RecedingHorizon(3, 4), predict, 7) == [0, 1, 2, 100, 101, 102, 200]
    assert len(calls) == 3


def test_receding_horizon_of_one_predicts_every_step() -> None:
    predict, _ = numbered_chunks(4)
    assert take(RecedingHorizon(1, 4), predict, 3) == [0, 100, 200]


def test_reset_drops_the_rest_of_a_chunk() -> None:
    predict, _ = numbered_chunks(4)
    execution = RecedingHorizon(4, 4)
    take(execution, predict, 1)
    execution.reset()
    assert take(execution, predict, 2) == [100, 101]


@pytest.mark.parametrize("action_horizon", [0, 5])
def test_an_action_horizon_the_chunk_cannot_serve_is_refused(action_horizon: int) -> None:
    with pytest.raises(RobolearnError, match=r"must lie in 1\.\.4"):
        RecedingHorizon(action_horizon, 4)


def test_ensemble_averages_what_the_chunks_say_about_this_step() -> None:
    # Step 0: chunk 0 says 0. Step 1: chunks 0 and 1 say 1 and 100. Step 2: 2, 101, 200.
    # Step 3: chunk 0 (3 steps long) has ended; chunks 1 to 3 say 102, 201, 300.
    predict, _ = numbered_chunks(3)
    old, middle, new = 1.0, np.exp(-0.5), np.exp(-1.0)
    expected = [
        0.0,
        (1 * old + 100 * middle) / (old + middle),
        (2 * old + 101 * middle + 200 * new) / (old + middle + new),
        (102 * old + 201 * middle + 300 * new) / (old + middle + new),
    ]
    assert take(TemporalEnsemble(0.5, 3), predict, 4) == pytest.approx(expected)


def test_ensemble_without_decay_is_the_mean() -> None:
    predict, _ = numbered_chunks(2)
    assert take(TemporalEnsemble(0.0, 2), predict, 2) == pytest.approx([0.0, 50.5])


def test_ensemble_forgets_at_reset() -> None:
    predict, _ = numbered_chunks(3)
    execution = TemporalEnsemble(0.0, 3)
    drained: Iterator[float] = iter(take(execution, predict, 2))
    assert next(drained) == 0
    execution.reset()
    assert take(execution, predict, 1) == [200]
