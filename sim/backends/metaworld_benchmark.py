"""Meta-World's tasks through our interface beside its own loop: same goals, same policies."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from robolearn.environment import Environment
from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.evaluation import run_seeds
from robolearn.rollout import run_episode
from robolearn.sim.backends.metaworld import (
    MetaworldRobot,
    MetaworldTask,
    RewardVersion,
    choose_action,
    import_metaworld,
)
from robolearn.sim.backends.metaworld_instructions import INSTRUCTIONS

REWARD_VERSION: RewardVersion = "v2"


@dataclass(frozen=True)
class Comparison:
    """One task, run both ways.

    Attributes:
        episodes: how many, each with a goal of its own.
        successes: of ours, counted at any step of 500.
        own_successes: of Meta-World's own loop, counted alike.
        same_returns: episodes whose sum of rewards is the same to the last bit.
        steps: steps of either.
        duration_s: what ours took, resets and policy included [s].
        own_duration_s: what Meta-World's own loop took [s].
    """

    episodes: int
    successes: int
    own_successes: int
    same_returns: int
    steps: int
    duration_s: float
    own_duration_s: float

    def to_json(self) -> dict[str, Any]:
        """Returns plain data, with the speed of either [1/s]."""
        return {
            **asdict(self),
            "steps_per_s": self.steps / self.duration_s,
            "own_steps_per_s": self.steps / self.own_duration_s,
        }


@dataclass(frozen=True)
class Episode:
    """How one episode went, either way."""

    success: bool
    total_reward: float
    num_steps: int
    duration_s: float


class ComparisonWorker:
    """Runs the task of an index both ways; see `worker_process.Worker`."""

    def __init__(self, names: Sequence[str], num_episodes: int, goals_seed: int) -> None:
        self._names, self._num_episodes, self._goals_seed = names, num_episodes, goals_seed

    def __call__(self, index: int) -> Comparison:
        """Lets both take turns, so that whatever else the machine does hits both."""
        name = self._names[index]
        ours, theirs = _Ours(name, self._goals_seed), _Own(name, self._goals_seed)
        goals = range(self._num_episodes)
        pairs = [(ours.run(goal), theirs.run(goal)) for goal in goals]
        ours.close()
        return Comparison(
            episodes=len(pairs),
            successes=sum(one.success for one, _ in pairs),
            own_successes=sum(other.success for _, other in pairs),
            same_returns=sum(one.total_reward == other.total_reward for one, other in pairs),
            steps=sum(one.num_steps for one, _ in pairs),
            duration_s=sum(one.duration_s for one, _ in pairs),
            own_duration_s=sum(other.duration_s for _, other in pairs),
        )

    def close(self) -> None:
        """Nothing is held between tasks."""


class _Ours:
    """A task through `Environment` and `run_episode`, to the time limit."""

    def __init__(self, name: str, goals_seed: int) -> None:
        task = MetaworldTask(
            name, reward_version=REWARD_VERSION, goals_seed=goals_seed, ends_on_success=False
        )
        self._environment = Environment(MetaworldRobot(), task)
        self._expert = task.make_expert()

    def run(self, goal: int) -> Episode:
        began_s = time.perf_counter()
        result = run_episode(self._environment, self._expert, seed=goal)
        duration_s = time.perf_counter() - began_s
        return Episode(result.success, result.total_reward, result.num_steps, duration_s)

    def close(self) -> None:
        self._environment.close()


class _Own:
    """A task as Meta-World's documentation runs it; nothing of ours but the clipping."""

    def __init__(self, name: str, goals_seed: int) -> None:
        metaworld = import_metaworld()
        benchmark = metaworld.MT1(name, seed=goals_seed)
        self._env = benchmark.train_classes[name](reward_function_version=REWARD_VERSION)
        self._tasks = benchmark.train_tasks
        self._make_policy = metaworld.policies.ENV_POLICY_MAP[name]

    def run(self, goal: int) -> Episode:
        began_s = time.perf_counter()
        self._env.set_task(self._tasks[goal])
        policy = self._make_policy()
        observation, _ = self._env.reset()
        total_reward, num_steps = 0.0, 0
        success = truncated = False
        while not truncated:
            action = choose_action(policy, observation)
            observation, reward, _, truncated, info = self._env.step(action)
            total_reward += float(reward)
            success = success or bool(info["success"])
            num_steps += 1
        return Episode(success, total_reward, num_steps, time.perf_counter() - began_s)


def compare(
    tasks: Sequence[str] | None = None,
    episodes: int = 3,
    goals_seed: int = 42,
    workers: int = 1,
    on_task: Callable[[str], None] = lambda name: None,
) -> dict[str, dict[str, Any]]:
    """Runs Meta-World's scripted policies both ways.

    Args:
        tasks: names; None takes all 50.
        episodes: of each task, at most 50: one for each of its first goals.
        goals_seed: of the goals, as `metaworld.MT1(name, seed)` draws them.
        workers: processes.
        on_task: called with the name of each task as soon as it is done.

    Returns:
        Plain data by task in the order asked, and at the end `total`: the attributes of
        `Comparison`, and the speed of either, `steps_per_s` and `own_steps_per_s`.

    Raises:
        MissingDependencyError: if Meta-World is not installed.
        UnknownNameError: if there is no task of a name.
        RobolearnError: if the number of episodes is out of range.
    """
    names = list(tasks or INSTRUCTIONS)
    for name in names:
        if name not in INSTRUCTIONS:
            raise UnknownNameError("Meta-World task", name, INSTRUCTIONS)
    if not 1 <= episodes <= 50:
        raise RobolearnError(f"episodes must be 1 to 50, a goal for each, got {episodes}")
    import_metaworld()  # what is missing is said at once
    done = run_seeds(
        functools.partial(ComparisonWorker, names, episodes, goals_seed),
        range(len(names)),
        workers,
        lambda index, _: on_task(names[index]),
    )
    rows = {names[index]: comparison for index, comparison in done.results.items()}
    rows["total"] = add_up(list(rows.values()))
    return {name: row.to_json() for name, row in rows.items()}


def add_up(comparisons: Sequence[Comparison]) -> Comparison:
    """Returns several tasks as one."""
    names = [field.name for field in fields(Comparison)]
    return Comparison(**{name: sum(getattr(c, name) for c in comparisons) for name in names})
