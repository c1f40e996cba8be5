"""A recorder is killed at 200 random moments; nothing it acknowledged may suffer."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from robolearn.datasets.store import EpisodeStore

NUM_KILLS = 200
LONGEST_LIFE_S = 0.15  # a few episodes
LAST_CALL = 500  # an episode takes about 200 file-system calls


def hash_episode(store, name):
    episode, digest = store.open_episode(name), hashlib.sha256()
    for key in sorted(store.schema.to_json()["features"]):
        digest.update(episode.read(key).tobytes())
    return digest.hexdigest()


def choose_moment(kill, generator):
    """Half die by the clock, a quarter inside any file-system call, a quarter around a commit."""
    if kill % 2 == 0:
        return "never"
    if kill % 4 == 1:
        return f"call:{generator.integers(1, LAST_CALL)}"
    return f"{generator.choice(['before', 'after'])}:{generator.integers(1, 4)}"


def run_until_killed(child, path, seed, moment, life_s):
    """Lets the child record and returns what it was told is safe: {name: hash}."""
    child.stdin.write(f"{path} {seed} {moment}\n")
    child.stdin.flush()
    word, pid = child.stdout.readline().split()
    assert word == "pid"
    if moment == "never":
        time.sleep(life_s)
        os.kill(int(pid), signal.SIGKILL)
    acknowledged = {}
    for line in child.stdout:
        word, *rest = line.split()
        if word == "end":
            assert int(rest[0]) == -signal.SIGKILL
            return acknowledged
        acknowledged[rest[0]] = rest[1]
    raise AssertionError("the child is gone")


@contextmanager
def start_child():
    """Starts `recorder_child.py`; on leaving, also those it started are gone."""
    child = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("recorder_child.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def test_every_acknowledged_episode_survives_200_kills(tmp_path):
    path = tmp_path / "store"
    generator = np.random.default_rng(0)
    acknowledged = {}
    with start_child() as child:
        for kill in range(NUM_KILLS):
            moment = choose_moment(kill, generator)
            life_s = generator.uniform(0, LONGEST_LIFE_S)
            new = run_until_killed(child, path, kill, moment, life_s)
            assert not new.keys() & acknowledged.keys()
            acknowledged.update(new)
            if path.exists():
                store = EpisodeStore(path)
                assert {name: hash_episode(store, name) for name in new} == new

    store = EpisodeStore(path)
    names = store.list_episodes()
    assert len(acknowledged) > NUM_KILLS / 4
    assert acknowledged.keys() <= set(names)
    hashes = {name: hash_episode(store, name) for name in names}  # also those not acknowledged yet
    assert {name: hashes[name] for name in acknowledged} == acknowledged
    # Most lives ended inside an episode: each is found, and told from whole ones.
    leftovers = [folder for folder in (path / "incomplete").iterdir() if folder.is_dir()]
    assert store.unfinished == sorted(leftovers)
    assert len(leftovers) > NUM_KILLS / 4
    print(f"{len(acknowledged)} acknowledged, {len(names)} whole, {len(leftovers)} cut off")
