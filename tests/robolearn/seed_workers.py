"""Workers for `test_evaluation.py`: a module of their own, as spawned processes import it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from robolearn import evaluation
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import SpecError
from robolearn.policy import Policy
from robolearn.robot import Observation, Robot
from robolearn.rollout import EpisodeResult
from robolearn.specs import Array
from robolearn.task import Evaluation, Task


class RandomWorker:
    def __call__(self, seed: int) -> EpisodeResult:
        rng = np.random.default_rng(seed)
        num_steps = int(rng.integers(1, 20))
        time.sleep(0.002 * num_steps)  # so that seeds finish out of order
        success = bool(rng.random() < 0.5)
        return EpisodeResult("t", "do t", seed, num_steps, rng.random(), success, success, False)

    def close(self) -> None:
        pass


class ProcessWorker(RandomWorker):
    """Says which process ran a seed, and with what thread setting; waits for its fellows."""

    def __init__(self, folder: str, num_workers: int) -> None:
        self.folder, self.num_workers = Path(folder), num_workers
        (self.folder / str(os.getpid())).touch()

    def __call__(self, seed: int) -> tuple[int, str | None]:
        give_up_s = time.monotonic() + 30
        while len(list(self.folder.iterdir())) < self.num_workers and time.monotonic() < give_up_s:
            time.sleep(0.01)
        time.sleep(0.02)
        return os.getpid(), os.environ.get("OMP_NUM_THREADS")


class FailingWorker(RandomWorker):
    """Raises at seed 3; everything else would take for ever. Leaves a file when closed."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def __call__(self, seed: int) -> int:
        if seed == 3:
            raise SpecError("action: gripper = nan is not allowed")
        if seed > 3:
            (self.folder / f"started-{seed}").touch()
            time.sleep(600)
        return seed

    def close(self) -> None:
        (self.folder / f"closed-{os.getpid()}").touch()


class KilledWorker(RandomWorker):
    def __call__(self, seed: int) -> int:
        if seed == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return seed


class UnsendableWorker(RandomWorker):
    def __call__(self, seed: int) -> object:
        return lambda: seed


class FailsToCloseWorker(RandomWorker):
    def close(self) -> None:
        raise OSError("No space left on device")


def fail_to_build() -> RandomWorker:
    raise SpecError("no such camera")


class CountingRobot(Robot):
    """A body without physics: time passes only while somebody sleeps."""

    kind = "simulated"

    def __init__(self) -> None:
        self.embodiment, self.cameras, self.clock = SO101, (), self
        self.time_s, self.closed = 0.0, False

    def now_s(self) -> float:
        return self.time_s

    def sleep_until(self, deadline_s: float) -> None:
        self.time_s = max(self.time_s, deadline_s)

    def connect(self) -> None:
        self.closed = False

    def get_observation(self) -> Observation:
        values = {key: np.zeros(s.shape, s.dtype) for key, s in self.observation_spec.items()}
        return Observation(values, dict.fromkeys(values, self.time_s))

    def send_action(self, action: Array) -> Array:
        return self.action_spec.validate(action)

    def stop(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class SeededTask(Task):
    """Ends after as many steps as its seed says; odd seeds succeed."""

    name, instruction, time_limit_s = "count", "count to the seed", 1.0

    def bind(self, robot: Robot) -> None:
        pass

    def reset(self, seed: int) -> None:
        self.seed, self.num_steps = seed, 0

    def evaluate(self) -> Evaluation:
        self.num_steps += 1
        is_over = self.num_steps == self.seed
        return Evaluation(1.0, is_over, is_over and self.seed % 2 == 1)


class StillPolicy(Policy):
    def reset(self, instruction: str, seed: int) -> None:
        pass

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        return np.asarray(SO101.rest_position, SO101.action_spec.dtype)


def make_counting_worker() -> evaluation.EpisodeWorker:
    return evaluation.EpisodeWorker(Environment(CountingRobot(), SeededTask()), StillPolicy())
