"""Workers for `test_evaluation.py`: a module of their own, as spawned processes import it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from robolearn.errors import SpecError
from robolearn.rollout import EpisodeResult


class EpisodeWorker:
    def __call__(self, seed: int) -> EpisodeResult:
        rng = np.random.default_rng(seed)
        num_steps = int(rng.integers(1, 20))
        time.sleep(0.002 * num_steps)  # so that seeds finish out of order
        success = bool(rng.random() < 0.5)
        return EpisodeResult("t", "do t", seed, num_steps, rng.random(), success, success, False)

    def close(self) -> None:
        pass


class ProcessWorker(EpisodeWorker):
    """Says which process ran a seed, and with what thread setting."""

    def __call__(self, seed: int) -> tuple[int, str | None]:
        time.sleep(0.05)
        return os.getpid(), os.environ.get("OMP_NUM_THREADS")


class FailingWorker(EpisodeWorker):
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


class KilledWorker(EpisodeWorker):
    def __call__(self, seed: int) -> int:
        if seed == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return seed


class UnsendableWorker(EpisodeWorker):
    def __call__(self, seed: int) -> object:
        return lambda: seed


class FailsToCloseWorker(EpisodeWorker):
    def close(self) -> None:
        raise OSError("No space left on device")


def fail_to_build() -> EpisodeWorker:
    raise SpecError("no such camera")
