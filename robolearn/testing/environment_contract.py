"""`check_environment`: what a robot and a task promise together."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.utils.env_checker import check_env

from robolearn import keys
from robolearn.environment import Environment
from robolearn.errors import ContractError
from robolearn.specs import Array
from robolearn.testing.requirements import (
    require,
    require_fit,
    require_observation,
    require_refusal,
)

SEEDS = (0, 1, 2, 3)
NUM_TRAJECTORY_STEPS = 10
INFO_KEYS = frozenset({"is_success", keys.ACTION_APPLIED, "sent_s", "captured_s"})


def check_environment(make_environment: Callable[[], Environment]) -> None:
    """Checks an environment against every promise of `Environment`, `Robot` and `Task`.

    Runs one whole episode of an idle robot and several short ones. Of simulated robots it also asks
    that the same seed gives the same episode, and that Gymnasium's own `check_env` agrees.

    Args:
        make_environment: builds a new environment; called twice.

    Raises:
        ContractError: at the first broken promise.
    """
    environment = make_environment()
    try:
        _check_reset(environment)
        _check_refusals(environment)
        _check_whole_episode(environment)
        if environment.robot.clock.kind == "simulated":
            _check_starts(environment)
            other = make_environment()
            try:
                _check_same_trajectory(environment, other)
            finally:
                other.close()
            _check_gymnasium(environment)
    finally:
        environment.close()
    environment.close()


def _check_gymnasium(environment: Environment) -> None:
    with warnings.catch_warnings():
        # It warns of unbounded spaces: a measured state has no bounds, and that is meant.
        warnings.simplefilter("ignore", UserWarning)
        try:
            check_env(environment, skip_render_check=True, skip_close_check=True)
        except AssertionError as error:
            raise ContractError(
                f"gymnasium's check_env refuses the environment: {error}"
            ) from error


def _check_reset(environment: Environment) -> None:
    spec = environment.observation_spec
    require(
        environment.task.instruction != "", "the task has no instruction: say its goal in words"
    )
    require(
        environment.max_episode_steps >= 1,
        f"time_limit_s {environment.task.time_limit_s} is shorter than one control period",
    )
    observation, info = environment.reset(seed=SEEDS[0])
    require_observation(spec, observation, "reset()'s observation")
    require(
        info.get("seed") == SEEDS[0],
        f"reset(seed={SEEDS[0]}) reports info['seed'] = {info.get('seed')}: the recorder stores it",
    )
    _require_capture_times(observation, info)
    kept = {key: value.copy() for key, value in observation.items()}
    for action in _make_actions(environment, NUM_TRAJECTORY_STEPS):
        following, *_ = environment.step(action)
        for key, value in following.items():
            require(
                not np.shares_memory(value, observation[key]),
                f"two steps share the array of {key!r}: return a copy, the caller may keep it",
            )
    for key, value in kept.items():
        require(
            np.array_equal(value, observation[key]),
            f"the first observation's {key!r} changed while stepping: return a copy",
        )


def _check_refusals(environment: Environment) -> None:
    environment.reset(seed=SEEDS[0])
    require_refusal(environment.step, environment.action_spec, _rest(environment))
    environment.step(_rest(environment))


def _check_whole_episode(environment: Environment) -> None:
    """An idle robot runs into the time limit, unless the task ends the episode itself."""
    environment.reset(seed=SEEDS[0])
    clock, period_s = environment.robot.clock, environment.robot.control_period_s
    start_s = clock.now_s()
    for index in range(environment.max_episode_steps):
        observation, reward, terminated, truncated, info = environment.step(_rest(environment))
        require_observation(environment.observation_spec, observation, "step()'s observation")
        _require_step(environment, reward, terminated, truncated, info)
        _require_capture_times(observation, info)
        if clock.kind == "simulated":
            late_s = clock.now_s() - (start_s + (index + 1) * period_s)
            require(
                abs(late_s) < 1e-6,
                f"step {index} ended {late_s:.6f} s off its deadline in simulated time: the control"
                " period must be a whole number of physics steps",
            )
        if terminated:
            return
        last = index == environment.max_episode_steps - 1
        require(
            truncated == last,
            f"step {index} of at most {environment.max_episode_steps} said truncated={truncated}:"
            " only the time limit truncates, and it always does",
        )


def _require_step(
    environment: Environment, reward: Any, terminated: Any, truncated: Any, info: dict[str, Any]
) -> None:
    require(
        isinstance(reward, float) and math.isfinite(reward),
        f"the reward must be a finite Python float, got {reward!r}: see Task.evaluate",
    )
    for name, value in (
        ("terminated", terminated),
        ("truncated", truncated),
        ("info['is_success']", info.get("is_success")),
    ):
        require(isinstance(value, bool), f"{name} must be a Python bool, got {value!r}")
    require(
        not (terminated and truncated),
        "terminated and truncated came together: the task's own end goes before the clock's",
    )
    missing = INFO_KEYS - set(info)
    require(not missing, f"step()'s info lacks {sorted(missing)}")
    require_fit(environment.action_spec, info[keys.ACTION_APPLIED], "info['action_applied']")


def _require_capture_times(observation: dict[str, Array], info: dict[str, Any]) -> None:
    captured_s = info.get("captured_s", {})
    require(
        set(captured_s) == set(observation),
        f"info['captured_s'] has keys {sorted(captured_s)} but the observation has"
        f" {sorted(observation)}: every stream needs its capture time",
    )


def _check_starts(environment: Environment) -> None:
    starts = [environment.reset(seed=seed)[0] for seed in SEEDS]
    require(
        any(_find_difference(starts[0], start) for start in starts[1:]),
        f"the seeds {SEEDS} all give the same start: Task.reset ignores its seed",
    )
    again, _ = environment.reset(seed=SEEDS[0])
    key = _find_difference(starts[0], again)
    require(
        key is None,
        f"reset(seed={SEEDS[0]}) gave another {key!r} the second time: something of the episode"
        " before is left over, or randomness comes from elsewhere than the seed",
    )


def _check_same_trajectory(environment: Environment, other: Environment) -> None:
    actions = _make_actions(environment, NUM_TRAJECTORY_STEPS)
    environment.reset(seed=SEEDS[1])
    other.reset(seed=SEEDS[1])
    for index, action in enumerate(actions):
        first, first_reward, *_ = environment.step(action)
        second, second_reward, *_ = other.step(action)
        key = _find_difference(first, second)
        require(
            key is None,
            f"same seed, same actions, but {key!r} differs at step {index} between a used and a new"
            " environment: something survives reset()",
        )
        require(
            first_reward == second_reward,
            f"same seed, same actions, but the reward differs at step {index}",
        )


def _find_difference(first: dict[str, Array], second: dict[str, Array]) -> str | None:
    """Returns the first key whose arrays differ, or None."""
    for key, value in first.items():
        if not np.array_equal(value, second[key]):
            return key
    return None


def _rest(environment: Environment) -> Array:
    return np.asarray(environment.robot.embodiment.rest_position, environment.action_spec.dtype)


def _make_actions(environment: Environment, count: int) -> list[Array]:
    """Draws actions near rest: within a tenth of each channel's range."""
    generator, spec = np.random.default_rng(0), environment.action_spec
    span, rest = spec.high - spec.low, _rest(environment)
    return [
        spec.clip(rest + 0.1 * span * generator.uniform(-1, 1, spec.shape)) for _ in range(count)
    ]
