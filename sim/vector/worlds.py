"""`Worlds`: environments that write into the rows of a batch, and begin anew where one ended."""

from __future__ import annotations

from collections.abc import Sequence

from robolearn import keys
from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.sim.vector.batch import Batch


class WorldError(RobolearnError):
    """One of many worlds failed; the message names it, the cause is what it raised."""


class Worlds:
    """One environment per row of a batch.

    An episode that has ended is followed by a reset in the next step, whatever the action then
    (Gymnasium's `AutoresetMode.NEXT_STEP`). Different rows may be stepped in different threads.
    """

    def __init__(
        self, environments: Sequence[Environment], batch: Batch, first_world: int = 0
    ) -> None:
        """Takes the environments over: `close` closes them.

        Args:
            environments: as many as the batch has rows.
            batch: where actions are read and results written.
            first_world: what the world of the first row is called in messages.
        """
        self.environments = list(environments)
        self._batch, self._first_world = batch, first_world
        self._has_ended = [False] * len(self.environments)

    def reset(self, row: int, seed: int | None) -> None:
        """Begins an episode of one world.

        Args:
            row: which.
            seed: names the start; None draws one from the world's own generator.

        Raises:
            WorldError: if the environment raised.
        """
        try:
            observation, info = self.environments[row].reset(seed=seed)
        except Exception as error:
            raise self._name_world(row, error) from error
        batch = self._batch
        for key, value in observation.items():
            batch.observations[key][row] = value
        for key, captured_s in info["captured_s"].items():
            batch.captured_s[key][row] = captured_s
        self._has_ended[row] = False
        batch.rewards[row], batch.successes[row] = 0.0, False
        batch.terminations[row] = batch.truncations[row] = False
        batch.resets[row], batch.seeds[row] = True, info["seed"]
        batch.applied[row], batch.sent_s[row] = 0.0, 0.0

    def step(self, row: int) -> None:
        """Runs one control period of a world, or resets it where its episode has ended.

        Raises:
            WorldError: if the environment raised.
        """
        self.begin_step(row)
        self.pass_period(row)
        self.finish_step(row)

    def begin_step(self, row: int) -> None:
        """Sends a world its action, unless its episode has ended; the other parts must follow.

        Raises:
            WorldError: if the environment raised.
        """
        if self._has_ended[row]:
            return
        try:
            self.environments[row].begin_step(self._batch.actions[row])
        except Exception as error:
            raise self._name_world(row, error) from error

    def pass_period(self, row: int) -> None:
        """Lets a world's control period pass, unless its episode has ended.

        Raises:
            WorldError: if the environment raised.
        """
        if self._has_ended[row]:
            return
        try:
            self.environments[row].pass_period()
        except Exception as error:
            raise self._name_world(row, error) from error

    def finish_step(self, row: int) -> None:
        """Writes what came of a world's control period, or resets the world.

        Raises:
            WorldError: if the environment raised.
        """
        if self._has_ended[row]:  # its next step is a reset
            self.reset(row, None)
            return
        try:
            result = self.environments[row].finish_step()
        except Exception as error:
            raise self._name_world(row, error) from error
        observation, reward, terminated, truncated, info = result
        batch = self._batch
        for key, value in observation.items():
            batch.observations[key][row] = value
        for key, captured_s in info["captured_s"].items():
            batch.captured_s[key][row] = captured_s
        self._has_ended[row] = terminated or truncated
        batch.rewards[row], batch.successes[row] = reward, info["is_success"]
        batch.terminations[row], batch.truncations[row] = terminated, truncated
        batch.applied[row], batch.sent_s[row] = info[keys.ACTION_APPLIED], info["sent_s"]
        batch.resets[row], batch.seeds[row] = False, 0

    def close(self) -> None:
        """Closes every environment."""
        for environment in self.environments:
            environment.close()

    def _name_world(self, row: int, error: Exception) -> WorldError:
        what = (
            str(error) if isinstance(error, RobolearnError) else f"{type(error).__name__}: {error}"
        )
        return WorldError(f"world {self._first_world + row} failed: {what}")
