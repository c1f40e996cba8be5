"""Records episodes until it is killed. Started by `test_kill.py`, never imported.

It imports once and forks a recorder for every line on its standard input: `STORE SEED MOMENT`.
The recorder kills itself at that moment: `call:N` is inside its N-th file-system call (a write
stops half-way first), `before:N` and `after:N` are around its N-th rename, which is what commits
an episode; `never` leaves it to others. A recorder prints `pid PID`, then `ack NAME HASH` for every
episode that it was told is safe; the parent prints `end STATUS` when it is gone.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import sys

import numpy as np

from robolearn import keys
from robolearn.datasets.recorder import EpisodeRecorder, copy_step
from robolearn.datasets.schema import DatasetSchema
from robolearn.datasets.store import EpisodeStore
from robolearn.rollout import Actor, EpisodeResult, EpisodeStart, Step
from robolearn.specs import ArraySpec, BoundedArraySpec, image_spec

FRONT = keys.image_key("front")
SCHEMA = DatasetSchema(
    "two_joints",
    20.0,
    {keys.STATE: ArraySpec(keys.STATE, (2,)), FRONT: image_spec(FRONT, 24, 32)},
    BoundedArraySpec(keys.ACTION, (2,), minimum=(-9.0,), maximum=(9.0,)),
)
FILE_SYSTEM_CALLS = ("mkdir", "open", "write", "fsync", "rename", "close")


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def make_episode(generator: np.random.Generator) -> list[Step]:
    steps = []
    for index in range(int(generator.integers(1, 12))):
        state, action, applied = generator.normal(size=(3, 2)).astype(np.float32)
        frame = generator.integers(0, 255, (24, 32, 3)).astype(np.uint8)
        observation = {keys.STATE: state, FRONT: frame}
        times = {keys.STATE: index / 20, FRONT: index / 20}
        step = Step(
            index,
            observation,
            times,
            action,
            applied,
            index / 20,
            Actor.POLICY,
            0,
            False,
            False,
            True,
        )
        steps.append(step)
    return steps


def compute_hash(steps: list[Step]) -> str:
    rows = [copy_step(step, SCHEMA) for step in steps]
    digest = hashlib.sha256()
    for key in sorted(rows[0]):
        digest.update(np.stack([row[key] for row in rows]).tobytes())
    return digest.hexdigest()


def die_at(moment: str) -> None:
    """Makes the process kill itself at that moment, counted from now."""
    kind, _, number = moment.partition(":")
    names = FILE_SYSTEM_CALLS if kind == "call" else ("rename",)
    counter = itertools.count(1)

    def wrap(name, original):
        def wrapped(*arguments, **options):
            is_now = next(counter) == int(number)
            if is_now and name == "write":
                original(arguments[0], arguments[1][: len(arguments[1]) // 2])
            if is_now and kind == "after":
                original(*arguments, **options)
            if is_now:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **options)

        return wrapped

    for name in names:
        setattr(os, name, wrap(name, getattr(os, name)))


def record(path: str, seed: int, moment: str) -> None:
    generator = np.random.default_rng(seed)
    say("pid", os.getpid())
    hashes: list[str] = []
    acknowledged = itertools.count()
    store = EpisodeStore.open_to_append(path, SCHEMA)
    recorder = EpisodeRecorder(
        store,
        source="expert",
        clock="simulated",
        on_committed=lambda name: say("ack", name, hashes[next(acknowledged)]),
        max_buffered_bytes=50_000,
    )
    if moment != "never":
        die_at(moment)
    while True:
        steps = make_episode(generator)
        hashes.append(compute_hash(steps))
        recorder.on_episode_start(EpisodeStart("push it", "push", seed, steps[0].observation))
        for step in steps:
            recorder.on_step(step)
        recorder.on_episode_end(
            EpisodeResult("push", "push it", seed, len(steps), 0.0, True, False, True)
        )


if __name__ == "__main__":
    for line in sys.stdin:
        store_path, seed_word, when = line.split()
        pid = os.fork()
        if pid == 0:
            record(store_path, int(seed_word), when)
        _, status = os.waitpid(pid, 0)
        say("end", os.waitstatus_to_exitcode(status))
