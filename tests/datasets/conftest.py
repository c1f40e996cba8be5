"""Small stores to test with: a two-joint body with one 12 x 16 camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from robolearn import keys
from robolearn.datasets.recorder import EpisodeRecorder
from robolearn.datasets.schema import DatasetSchema
from robolearn.datasets.store import EpisodeStore
from robolearn.embodiments import CameraSpec, Embodiment
from robolearn.policy import Segment
from robolearn.rollout import Actor, EpisodeResult, EpisodeStart, Step
from robolearn.specs import ArraySpec, BoundedArraySpec
from robolearn.teleoperator import Event

FRONT = keys.image_key("front")
PERIOD_S = 0.05

BODY = Embodiment(
    name="two_joints",
    state_spec=ArraySpec(keys.STATE, (2,), "float32", ("a", "b"), ("rad", "rad")),
    action_spec=BoundedArraySpec(
        keys.ACTION, (2,), "float32", ("a", "b"), ("rad", "rad"), minimum=(-2.0,), maximum=(2.0,)
    ),
    control_rate_hz=1 / PERIOD_S,
    cameras=(CameraSpec("front", 12, 16),),
    home_position=(0.0, 0.0),
    rest_position=(0.0, 0.0),
)


def make_schema(**changes: object) -> DatasetSchema:
    """The schema of the two-joint body, with changes."""
    fields: dict[str, object] = {
        "embodiment": BODY.name,
        "control_rate_hz": BODY.control_rate_hz,
        "observation_specs": BODY.observation_spec(("front",)),
        "action_spec": BODY.action_spec,
    }
    return DatasetSchema(**{**fields, **changes})  # type: ignore[arg-type]


def make_steps(num_steps: int, seed: int = 0) -> list[Step]:
    """An episode's steps: smooth joints, a frame that tells its step, times at 20 Hz."""
    generator = np.random.default_rng(seed)
    steps = []
    for index in range(num_steps):
        frame = np.full((12, 16, 3), index % 250, np.uint8)
        frame[:4] = generator.integers(0, 255, (4, 16, 3))
        time_s = index * PERIOD_S
        steps.append(
            Step(
                index=index,
                observation={
                    keys.STATE: np.array([np.sin(0.3 * index + seed), seed], np.float32),
                    FRONT: frame,
                },
                captured_s={keys.STATE: time_s + 0.001, FRONT: time_s - 0.002},
                action=np.array([index, seed], np.float32) / 100,
                action_applied=np.array([index + 1, seed], np.float32) / 100,
                sent_s=time_s + 0.003,
                actor=Actor.PERSON if index % 2 else Actor.POLICY,
                reward=0.1 * index,
                terminated=index == num_steps - 1,
                truncated=False,
                success=index == num_steps - 1,
            )
        )
    return steps


def play(
    recorder: EpisodeRecorder,
    steps: Sequence[Step],
    *,
    seed: int = 0,
    success: bool = True,
    event: Event | None = None,
    segments: tuple[Segment, ...] = (),
) -> None:
    """Shows a recorder one episode, as `run_episode` does."""
    observation = steps[0].observation if steps else {}
    recorder.on_episode_start(EpisodeStart("push it", "push", seed, observation))
    for step in steps:
        recorder.on_step(step)
    result = EpisodeResult(
        "push", "push it", seed, len(steps), 0.0, success, True, False, event, segments
    )
    recorder.on_episode_end(result)


def record(folder: Path, lengths: Sequence[int]) -> EpisodeStore:
    """Makes a store with one episode per length; its seed is its number."""
    store = EpisodeStore.open_to_append(folder, make_schema())
    with EpisodeRecorder(store, source="expert", clock="simulated") as recorder:
        for seed, length in enumerate(lengths):
            play(recorder, make_steps(length, seed), seed=seed)
    return store


@pytest.fixture(name="record")
def record_fixture(tmp_path: Path) -> Callable[..., EpisodeStore]:
    """`record(lengths)` into a fresh folder."""
    return lambda lengths: record(tmp_path / "store", lengths)


@pytest.fixture(name="play")
def play_fixture() -> Callable[..., None]:
    return play


@pytest.fixture(name="make_steps")
def make_steps_fixture() -> Callable[..., list[Step]]:
    return make_steps


@pytest.fixture(name="make_schema")
def make_schema_fixture() -> Callable[..., DatasetSchema]:
    return make_schema
