"""What is in a store, at a glance."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from robolearn import keys
from robolearn.datasets.check import compute_rate_hz
from robolearn.datasets.episode import Episode
from robolearn.datasets.layout import QUARANTINE
from robolearn.datasets.schema import FORMAT_VERSION, DatasetSchema
from robolearn.datasets.store import EpisodeStore
from robolearn.errors import StoreError
from robolearn.rollout import Actor


@dataclass
class TaskSummary:
    """The episodes of one task.

    Attributes:
        num_episodes: all of them.
        num_successes: those that reached the goal.
        num_steps: steps in all of them.
    """

    num_episodes: int = 0
    num_successes: int = 0
    num_steps: int = 0


@dataclass(frozen=True)
class FeatureSummary:
    """One per-step array.

    Attributes:
        key: its name.
        shape: of one step.
        dtype: numpy dtype name.
        codec: how it is compressed, `none` if it is not.
        size_bytes: on disk, over all episodes.
        raw_bytes: decoded.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str
    codec: str
    size_bytes: int
    raw_bytes: int


@dataclass
class StoreSummary:
    """What is in a store.

    Attributes:
        path: its folder.
        format_version: of its schema.
        embodiment: name of the body.
        control_rate_hz: nominal steps per second [Hz].
        achieved_rate_hz: median over the episodes of the rate really kept [Hz].
        num_episodes: readable episodes.
        num_steps: in all of them.
        duration_h: of all of them at the nominal rate [h].
        num_successes: episodes that reached the goal.
        num_aborted: episodes that an error ended.
        num_with_segments: episodes of which is known which skills acted when.
        tasks: by task name.
        sources: number of episodes by who demonstrated.
        settings: number of episodes by each value of each setting of the robot.
        num_person_steps: steps whose action a person chose.
        features: every per-step array.
        size_bytes: of everything on disk.
        unreadable: error messages of damaged episodes, by name.
        num_unfinished: episodes cut off while being recorded.
        num_quarantined: what a repair moved away.
    """

    path: str
    format_version: int
    embodiment: str
    control_rate_hz: float
    achieved_rate_hz: float = 0.0
    num_episodes: int = 0
    num_steps: int = 0
    duration_h: float = 0.0
    num_successes: int = 0
    num_aborted: int = 0
    num_with_segments: int = 0
    tasks: dict[str, TaskSummary] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    settings: dict[str, dict[str, int]] = field(default_factory=dict)
    num_person_steps: int = 0
    features: list[FeatureSummary] = field(default_factory=list)
    size_bytes: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    num_unfinished: int = 0
    num_quarantined: int = 0

    def to_json(self) -> dict[str, Any]:
        """Returns plain data for a report."""
        return asdict(self)


def summarize_store(path: Path | str) -> StoreSummary:
    """Looks through a store; damaged episodes are named and left out of the counts.

    Raises:
        StoreError: if the store itself cannot be opened.
    """
    store = EpisodeStore(path)
    schema = store.schema
    summary = StoreSummary(
        str(store.path), FORMAT_VERSION, schema.embodiment, schema.control_rate_hz
    )
    sizes: Counter[str] = Counter()
    rates_hz = []
    for name in store.list_episodes():
        try:
            episode = store.open_episode(name)
            rates_hz.append(compute_rate_hz(episode.read_column(keys.SENT_S)))
            actors = episode.read_column(keys.ACTOR)
        except StoreError as error:
            summary.unreadable[name] = str(error)
            continue
        _count_episode(summary, episode)
        summary.num_person_steps += int(np.count_nonzero(actors == Actor.PERSON))
        sizes.update({key: measure_folder(episode.path / key) for key in list_features(schema)})
    summary.achieved_rate_hz = float(np.median(rates_hz)) if rates_hz else 0.0
    summary.duration_h = summary.num_steps / schema.control_rate_hz / 3600
    summary.features = _summarize_features(schema, sizes, summary.num_steps)
    summary.size_bytes = measure_folder(store.path)
    summary.num_unfinished = len(store.unfinished)
    summary.num_quarantined = _count_quarantined(store.path)
    return summary


def list_features(schema: DatasetSchema) -> list[str]:
    """Returns the name of every per-step array."""
    return [*schema.columns, *schema.image_keys]


def measure_folder(folder: Path) -> int:
    """Returns the size of all files below a folder [bytes]."""
    return sum(
        os.path.getsize(Path(parent, name))
        for parent, _, names in os.walk(folder)
        for name in names
    )


def _count_episode(summary: StoreSummary, episode: Episode) -> None:
    """Adds an episode to the counts."""
    attributes = episode.attributes
    task = summary.tasks.setdefault(attributes.task, TaskSummary())
    for counts in (summary, task):
        counts.num_episodes += 1
        counts.num_successes += attributes.success
        counts.num_steps += attributes.num_steps
    summary.num_aborted += attributes.aborted
    summary.num_with_segments += bool(attributes.segments)
    summary.sources[attributes.source] = summary.sources.get(attributes.source, 0) + 1
    for name, value in attributes.settings.items():
        counts_of = summary.settings.setdefault(name, {})
        counts_of[value] = counts_of.get(value, 0) + 1


def _summarize_features(
    schema: DatasetSchema, sizes: Counter[str], num_steps: int
) -> list[FeatureSummary]:
    """Describes every per-step array."""
    summaries = []
    for key in list_features(schema):
        is_image = key in schema.image_keys
        spec = schema.observation_specs[key] if is_image else schema.columns[key]
        codec = schema.image_codec if is_image else "none"
        raw_bytes = num_steps * int(np.prod(spec.shape, dtype=int)) * spec.numpy_dtype.itemsize
        summaries.append(FeatureSummary(key, spec.shape, spec.dtype, codec, sizes[key], raw_bytes))
    return summaries


def _count_quarantined(store_path: Path) -> int:
    """Counts what repairs have moved away."""
    folder = store_path / QUARANTINE
    return sum(path.is_dir() for path in folder.iterdir()) if folder.exists() else 0
