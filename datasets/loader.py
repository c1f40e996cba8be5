"""`WindowDataset`: batches of windows for training, prepared ahead by threads."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from robolearn import keys
from robolearn.datasets.batches import Batch, BatchMaker
from robolearn.datasets.episode import Episode
from robolearn.datasets.frames import FrameSource
from robolearn.datasets.schema import DatasetSchema
from robolearn.datasets.statistics import RunningStatistics
from robolearn.datasets.store import EpisodeStore
from robolearn.datasets.windows import Windows
from robolearn.errors import RobolearnError, StoreError, UnknownNameError
from robolearn.normalization import Statistics
from robolearn.policy import TrainedOn
from robolearn.specs import Array, ArraySpec, BoundedArraySpec

# From about this size on, decoding a frame takes longer than handing work between threads.
LARGE_FRAME_BYTES = 200_000


class WindowDataset:
    """Windows over the episodes of a store, split by episode into training and validation.

    A batch holds every observation key, shape (batch, observation_horizon, ...), images as uint8;
    `action`, shape (batch, prediction_horizon, channels); and `action_is_pad`, bool, shape
    (batch, prediction_horizon). Low-dimensional data lies in memory; images do if they fit.

    Attributes:
        observation_spec: spec of each chosen observation key.
        action_spec: spec of the action.
        trained_on: body, task and control period of the episodes, for the checkpoint.
        statistics: of each low-dimensional key and `action`, over training episodes only.
        train_episodes: names of the training episodes.
        validation_episodes: names of the validation episodes.
        num_train_windows: windows (= steps) in the training episodes.
        images_cached: decoded images are kept in memory.
    """

    def __init__(
        self,
        folder: Path | str,
        observation_keys: Sequence[str],
        *,
        observation_horizon: int = 1,
        prediction_horizon: int = 16,
        action_key: Literal["action", "action_applied"] = "action",
        validation_fraction: float = 0.1,
        seed: int = 0,
        num_episodes: int | None = None,
        successful_only: bool = True,
        cache_images: bool = True,
        cache_limit_bytes: int = 4 << 30,
        num_threads: int | None = None,
    ) -> None:
        """Reads the low-dimensional data and checks every image index.

        Args:
            folder: of the store.
            observation_keys: what the policy sees, e.g. `observation.state`.
            observation_horizon: observed steps per window.
            prediction_horizon: predicted actions per window.
            action_key: learn the action that was asked for, or the one the robot applied.
            validation_fraction: share of the episodes kept from training, in [0, 1).
            seed: decides which episodes those are.
            num_episodes: use only the first ones, by seed; None uses all.
            successful_only: leave out episodes that did not succeed or were aborted.
            cache_images: keep decoded images in memory if they fit `cache_limit_bytes`.
            cache_limit_bytes: most memory for decoded images.
            num_threads: threads that prepare batches; None takes one, or two where frames are large
                (threads that decode small frames mostly wait for each other).

        Raises:
            StoreError: if the store or an episode cannot be read, or there are too few episodes.
            UnknownNameError: if the store has no such key.
        """
        store = EpisodeStore(folder)
        schema = store.schema
        if action_key not in (keys.ACTION, keys.ACTION_APPLIED):
            known = [keys.ACTION, keys.ACTION_APPLIED]
            raise UnknownNameError("action key", action_key, known)
        for key in observation_keys:
            if key not in schema.observation_specs:
                where = f"in {folder}"
                raise UnknownNameError("observation key", key, schema.observation_specs, where)
        self.observation_spec: dict[str, ArraySpec] = {
            key: schema.observation_specs[key] for key in observation_keys
        }
        self.action_spec: BoundedArraySpec = schema.action_spec

        episodes = _choose_episodes(store, num_episodes, successful_only)
        self._windows = Windows(
            [episode.num_steps for episode in episodes], observation_horizon, prediction_horizon
        )
        train, validation = split_episodes(len(episodes), validation_fraction, seed)
        self.trained_on = _describe_source(schema, episodes)
        self.train_episodes = [episodes[index].name for index in train]
        self.validation_episodes = [episodes[index].name for index in validation]
        self._train_steps = self._windows.list_steps(train)
        self._validation_steps = self._windows.list_steps(validation)
        self.num_train_windows = len(self._train_steps)

        image_keys = [key for key in observation_keys if keys.is_image_key(key)]
        columns = {
            key: np.concatenate([episode.read_column(key) for episode in episodes])
            for key in observation_keys
            if key not in image_keys
        }
        actions = np.concatenate([episode.read_column(action_key) for episode in episodes])
        self.statistics = self._compute_statistics({**columns, keys.ACTION: actions}, train, folder)
        frame_bytes = sum(int(np.prod(self.observation_spec[key].shape)) for key in image_keys)
        self.images_cached = cache_images and (
            frame_bytes * self._windows.num_steps <= cache_limit_bytes
        )
        frames = {key: FrameSource(episodes, key, cached=self.images_cached) for key in image_keys}
        if num_threads is None:
            num_threads = 2 if frame_bytes > LARGE_FRAME_BYTES * len(image_keys) else 1
        self._maker = BatchMaker(self._windows, columns, actions, frames, num_threads)

    def make_batches(
        self, batch_size: int, seed: int, start: int = 0
    ) -> Generator[Batch, None, None]:
        """Yields training batches for ever, prepared ahead by threads.

        Batch number i depends on (seed, i) alone, so a run that starts at `start` sees exactly what
        an uninterrupted one would have seen from there. Every epoch visits each window once in an
        order of its own; batches run on across the epochs' borders.

        Args:
            batch_size: windows per batch.
            seed: decides the order.
            start: number of the first batch.

        Raises:
            StoreError: if an image turns out to be damaged.
        """
        return self._maker.stream(self._train_steps, batch_size, seed, start)

    def make_validation_batches(self, batch_size: int) -> Generator[Batch, None, None]:
        """Yields every validation window once, in order; the last batch may be smaller."""
        return self._maker.once(self._validation_steps, batch_size)

    def _compute_statistics(
        self, columns: Mapping[str, Array], train: Array, folder: Path | str
    ) -> dict[str, Statistics]:
        """Returns the statistics of every column over the training episodes."""
        statistics = {}
        starts, lengths = self._windows.starts, self._windows.lengths
        for key, values in columns.items():
            running = RunningStatistics()
            for name, index in zip(self.train_episodes, train, strict=True):
                try:
                    running.add(values[starts[index] : starts[index] + lengths[index]])
                except RobolearnError as error:
                    raise StoreError(f"{folder}, {name}, {key}: {error}") from error
            statistics[key] = running.finish()
        return statistics


def split_episodes(num_episodes: int, validation_fraction: float, seed: int) -> tuple[Array, Array]:
    """Returns the indices of the training and of the validation episodes, each ascending.

    Any fraction above zero keeps at least one episode for validation where there are two.

    Raises:
        RobolearnError: if the fraction is not in [0, 1).
    """
    if not 0 <= validation_fraction < 1:
        raise RobolearnError(f"validation_fraction must be in [0, 1), got {validation_fraction}")
    wanted = max(round(num_episodes * validation_fraction), int(validation_fraction > 0))
    num_validation = min(wanted, num_episodes - 1)
    order = np.random.default_rng(seed).permutation(num_episodes)
    return np.sort(order[num_validation:]), np.sort(order[:num_validation])


def _describe_source(schema: DatasetSchema, episodes: Sequence[Episode]) -> TrainedOn:
    """Says what is learned here; several tasks are named one after the other."""
    tasks = dict.fromkeys(episode.attributes.task for episode in episodes)
    instructions = dict.fromkeys(episode.attributes.instruction for episode in episodes)
    return TrainedOn(
        embodiment=schema.embodiment,
        task=", ".join(tasks),
        instruction="; ".join(instructions),
        control_period_s=1.0 / schema.control_rate_hz,
    )


def _choose_episodes(
    store: EpisodeStore, num_episodes: int | None, successful_only: bool
) -> list[Episode]:
    """Returns the episodes to learn from, in the order of their seeds.

    The order in which several recorders came to commit is chance; sorted, the same demonstrations
    give the same batches, and so the same weights.

    Raises:
        StoreError: if there are none, or fewer than asked for.
        RobolearnError: if less than one is asked for.
    """
    found = sorted(store.iterate_episodes(), key=lambda e: (e.attributes.seed, e.name))
    episodes = [e for e in found if e.attributes.success or not successful_only]
    wanted = 1 if num_episodes is None else num_episodes
    if wanted < 1:
        raise RobolearnError(f"num_episodes must be at least 1, got {num_episodes}")
    if len(episodes) < wanted:
        kind = "successful episodes" if successful_only else "episodes"
        raise StoreError(
            f"{store.path} has {len(episodes)} {kind} (of {len(found)}), need {wanted}"
            + (": record more, or set successful_only=False" if successful_only else "")
        )
    return episodes[:num_episodes]
