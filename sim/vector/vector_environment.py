"""`VectorEnvironment`: many worlds as one `gymnasium.vector.VectorEnv`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from robolearn.environment import Environment
from robolearn.errors import RobolearnError, SpecError, UnknownNameError
from robolearn.sim.vector.batch import Batch
from robolearn.sim.vector.processes import ProcessEngine, Seeds
from robolearn.sim.vector.threads import ThreadEngine
from robolearn.sim.vector.warp_engine import WarpEngine
from robolearn.sim.vector.warp_physics import require_gpu
from robolearn.specs import Array
from robolearn.timing import MONOTONIC
from robolearn.worker_process import count_cores

ENGINES = ("auto", "threads", "processes", "warp")


class Engine(Protocol):
    """Resets and steps worlds; reads actions from its batch and writes results into it."""

    @property
    def batch(self) -> Batch:
        """One row per world."""
        ...

    def reset(self, seeds: Seeds) -> None:
        """Begins an episode in the worlds that have an entry; None draws the start."""
        ...

    def step(self) -> None:
        """Runs a control period of every world, or resets it where its episode has ended."""
        ...

    def close(self) -> None:
        """Releases everything. Allowed any number of times."""
        ...


class VectorEnvironment(gymnasium.vector.VectorEnv):
    """Steps many worlds at once, each exactly as `Environment` steps one.

    Observations, rewards, ends and infos are Gymnasium's: one row per world, infos with `_key`
    beside each `key`. `terminated` and `truncated` are apart and never true together. An episode
    that has ended is followed by a reset in the next step, whatever the action then: that step has
    reward 0, and of the infos `seed` and `captured_s` only.

    Attributes:
        engine: what steps the worlds.
        observation_spec: of one world.
        action_spec: of one world.
        max_episode_steps: after so many steps an episode is truncated.
    """

    metadata = {  # noqa: RUF012  (Gymnasium's own declaration)
        "render_modes": [],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(self, engine: Engine, environment: Environment) -> None:
        """Takes the engine over: `close` closes it.

        Args:
            engine: steps the worlds.
            environment: one like all of them, whose specs and spaces are taken; it may be closed.
        """
        self.engine = engine
        self._is_open = True
        self.num_envs = len(engine.batch.rewards)
        self.observation_spec = environment.observation_spec
        self.action_spec = environment.action_spec
        self.max_episode_steps = environment.max_episode_steps
        self.single_observation_space = environment.observation_space
        self.single_action_space = environment.action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        shape = (self.num_envs, *self.action_spec.shape)
        self._batch_action_spec = dataclasses.replace(self.action_spec, shape=shape)
        self._has_begun = False

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Begins an episode in every world, or in some.

        Args:
            seed: `n` starts world i with seed `n + i`, a list gives each its own. A start without a
                seed, also that after an episode's end, is drawn from the world's own generator,
                which its last seed has set: so one seed fixes all that follows.
            options: `reset_mask`, a mask of shape (num_envs,), says which worlds; the others stay
                as they are, and have no infos.

        Raises:
            RobolearnError: if seeds or mask do not fit the number of worlds.
        """
        self._require_open()
        engine = self.engine
        rows = self._read_mask((options or {}).get("reset_mask"))
        seeds = self._read_seeds(seed)
        self._guard(lambda: engine.reset({row: seeds[row] for row in np.flatnonzero(rows)}))
        self._has_begun = True
        return engine.batch.copy_observations(), engine.batch.copy_infos(rows)

    def step(self, actions: Array) -> tuple[dict[str, Array], Array, Array, Array, dict[str, Any]]:
        """Runs one control period of every world; see `gymnasium.vector.VectorEnv.step`.

        Raises:
            SpecError: if an action does not fit; it names the world. Then none has moved.
            WorldError, WorkerError: if a world failed; all are closed then.
            RobolearnError: before the first `reset`.
        """
        self._require_open()
        engine = self.engine
        if not self._has_begun:
            raise RobolearnError("step() before reset(): an episode begins with reset()")
        self._check_actions(actions)
        np.copyto(engine.batch.actions, actions)
        self._guard(engine.step)
        return engine.batch.copy_results()

    def close_extras(self, **_: Any) -> None:
        """Closes every world."""
        self._is_open = False
        self.engine.close()

    def _require_open(self) -> None:
        if not self._is_open:
            raise RobolearnError("this vector environment is closed")

    def _guard(self, do: Callable[[], None]) -> None:
        """Closes everything if one world fails: the others are in the middle of a step."""
        try:
            do()
        except BaseException:
            self.close()
            raise

    def _check_actions(self, actions: Array) -> None:
        try:
            self._batch_action_spec.validate(actions)
        except SpecError:
            if isinstance(actions, np.ndarray) and actions.shape == self._batch_action_spec.shape:
                for world, action in enumerate(actions):
                    try:
                        self.action_spec.validate(action)
                    except SpecError as error:
                        raise SpecError(f"world {world}: {error}") from None
            raise

    def _read_seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return [int(seed) + row for row in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise RobolearnError(f"{self.num_envs} worlds need as many seeds, got {len(seed)}")
        return list(seed)

    def _read_mask(self, mask: Any) -> Array:
        if mask is None:
            return np.ones(self.num_envs, bool)
        rows = np.asarray(mask)
        if rows.shape != (self.num_envs,) or rows.dtype != bool or not rows.any():
            raise RobolearnError(
                f"reset_mask must be {self.num_envs} truth values, one of them true, got {mask!r}"
            )
        if not self._has_begun and not rows.all():
            raise RobolearnError(
                "the first reset() begins an episode in every world: no reset_mask"
            )
        return rows


def make_vector_environment(
    make_environment: Callable[[], Environment],
    num_worlds: int,
    *,
    engine: str = "auto",
    workers: int | None = None,
) -> VectorEnvironment:
    """Builds many worlds that are stepped together.

    Args:
        make_environment: builds one of them. For more than one world in `processes` it must be
            importable in a fresh interpreter: a module-level function, or a `functools.partial` of
            one.
        num_worlds: how many.
        engine: `processes`, this one and workers; `threads` of this process, which start at once;
            `warp`, the physics on an NVIDIA GPU, in single precision and without cameras (see
            `WarpPhysics`); or `auto`: processes, which are faster in every number, with cameras and
            without. One world runs in the thread that calls.
        workers: threads or processes, this one among them; None for as many as there are cores.

    Raises:
        UnknownNameError: if there is no such engine.
        MissingDependencyError, IncompatibleError: if `warp` cannot be had, or not for this.
        RobolearnError: if there is to be no world or no worker, or as `make_environment` raises.
        WorkerError: if a worker process does not come up.
    """
    if engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    if num_worlds < 1 or (workers is not None and workers < 1):
        raise RobolearnError(f"there must be a world and a worker, got {num_worlds} and {workers}")
    if engine == "warp":
        require_gpu()
    num_workers = workers or count_cores()
    environment = make_environment()
    if environment.robot.clock.kind == MONOTONIC:
        name = environment.robot.embodiment.name
        raise RobolearnError(f"there is one {name} only: many worlds need a simulated robot")
    if engine in ("auto", "processes"):
        chosen: Engine = ProcessEngine(make_environment, environment, num_worlds, num_workers)
    else:
        specs = environment.observation_spec, environment.action_spec
        environments = [environment, *(make_environment() for _ in range(num_worlds - 1))]
        make_engine = WarpEngine if engine == "warp" else ThreadEngine
        chosen = make_engine(environments, Batch.allocate(*specs, num_worlds), num_workers)
    return VectorEnvironment(chosen, environment)
