"""`EpisodeRecorder`: watches the step loop and stores episodes without holding it up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from robolearn import keys
from robolearn.datasets.recording_thread import (
    Begin,
    End,
    Keep,
    LostEpisode,
    RecordingThread,
    Row,
)
from robolearn.datasets.schema import DatasetSchema
from robolearn.datasets.store import EpisodeStore
from robolearn.environment import Environment
from robolearn.errors import StoreError
from robolearn.rollout import EpisodeResult, EpisodeStart, Step


class EpisodeRecorder:
    """An `EpisodeObserver` that stores what it sees.

    The control loop only copies each step into memory; a thread compresses and writes. Compression
    and file access release the interpreter, so the loop is not held. On a physical robot an episode
    that outruns the disk by more than `max_buffered_bytes` is given up and reported lost; simulated
    time waits for the disk instead.

    An aborted episode is kept up to the abort and marked so; a discarded one leaves nothing.
    """

    def __init__(
        self,
        store: EpisodeStore,
        *,
        source: str,
        clock: str,
        keep: Keep = "all",
        get_settings: Callable[[], Mapping[str, str]] = dict,
        on_committed: Callable[[str], None] | None = None,
        max_buffered_bytes: int = 1 << 29,
    ) -> None:
        """Starts the thread.

        Args:
            store: where to record.
            source: who demonstrates, e.g. `expert` or `person`.
            clock: the kind of the robot's clock, `monotonic` or `simulated`.
            keep: `all` episodes, or only those that were a `success`.
            get_settings: returns how the robot is set up; asked at the start of every episode.
            on_committed: called with an episode's name once it is safely in the store, from the
                recorder's thread; what it raises is raised by `close`.
            max_buffered_bytes: how far the writing may fall behind.
        """
        if keep not in ("all", "success"):
            raise StoreError(f"keep is {keep!r}; known: all, success")
        self._schema = store.schema
        self._waits = clock == "simulated"
        self._max_buffered_bytes = max_buffered_bytes
        self._get_settings = get_settings
        self._in_episode = self._is_closed = False
        self._loss_reason = ""
        self._bytes_in = 0  # only the loop changes it; with `bytes_out` no lock is needed
        self._thread = RecordingThread(store, source, clock, keep, on_committed)
        self._thread.start()

    @classmethod
    def from_environment(
        cls,
        folder: Path | str,
        environment: Environment,
        *,
        source: str,
        keep: Keep = "all",
        on_committed: Callable[[str], None] | None = None,
    ) -> Self:
        """Opens (or makes) the store in `folder` for what this environment shows and does.

        Raises:
            IncompatibleError: if the store holds episodes of another body or feature set.
            StoreError: if the store cannot be opened.
        """
        store = EpisodeStore.open_to_append(folder, DatasetSchema.from_environment(environment))
        kind = environment.robot.clock.kind
        return cls(
            store,
            source=source,
            clock=kind,
            keep=keep,
            get_settings=lambda: environment.robot.settings,
            on_committed=on_committed,
        )

    @property
    def committed(self) -> list[str]:
        """Names of the episodes that are safely in the store, in order."""
        return list(self._thread.report.committed)

    @property
    def num_discarded(self) -> int:
        """Episodes not kept on purpose: discarded, not a success, or without a single step."""
        return self._thread.report.num_discarded

    @property
    def lost(self) -> list[LostEpisode]:
        """Episodes that should be in the store and are not, with the reason."""
        return list(self._thread.report.lost)

    @property
    def buffered_bytes(self) -> int:
        """How much waits to be written [bytes]."""
        return self._bytes_in - self._thread.bytes_out

    def on_episode_start(self, start: EpisodeStart) -> None:
        """See `EpisodeObserver`."""
        if self._is_closed:
            raise StoreError("the recorder is closed: make a new one")
        if self._in_episode:
            self._end(None, abort_reason="the next episode began before this one ended")
        self._in_episode, self._loss_reason = True, ""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._thread.messages.put(Begin(start, now, dict(self._get_settings())))

    def on_step(self, step: Step) -> None:
        """See `EpisodeObserver`. Copies the step; everything else happens in the thread."""
        if not self._in_episode:
            raise StoreError("a step was to be recorded outside an episode")
        if self._loss_reason:
            return
        row = copy_step(step, self._schema)
        size = sum(value.nbytes for value in row.values())
        while self.buffered_bytes + size > self._max_buffered_bytes:
            if not self._waits or not self.buffered_bytes:
                limit_mib = self._max_buffered_bytes / 2**20
                self._loss_reason = f"the disk fell {limit_mib:g} MiB behind the robot"
                return
            time.sleep(0.001)
        self._bytes_in += size
        self._thread.messages.put(row)

    def on_episode_end(self, result: EpisodeResult) -> None:
        """See `EpisodeObserver`. Returns at once; `committed` tells when it is stored."""
        self._end(result)

    def on_episode_abort(self, error: BaseException) -> None:
        """See `EpisodeObserver`. The steps so far are kept and marked as aborted."""
        self._end(None, abort_reason=f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Waits until everything is written. Allowed any number of times.

        Raises:
            StoreError: if episodes were lost, naming each with the reason.
        """
        if self._is_closed:
            return
        if self._in_episode:
            self._end(None, abort_reason="the recorder was closed")
        self._is_closed = True
        self._thread.messages.put(None)
        self._thread.join()
        if self.lost:
            lines = "; ".join(str(lost) for lost in self.lost)
            raise StoreError(
                f"{len(self.lost)} episode(s) were lost, {len(self.committed)} are stored: {lines}"
            )
        if self._thread.callback_error is not None:
            raise self._thread.callback_error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except StoreError:
            if error is None:  # else the first error must not be hidden; losses are also logged
                raise

    def _end(self, result: EpisodeResult | None, abort_reason: str = "") -> None:
        self._in_episode = False
        self._thread.messages.put(End(result, abort_reason, self._loss_reason))


def copy_step(step: Step, schema: DatasetSchema) -> Row:
    """Returns one row of the store: a copy of everything the schema asks of a step."""
    observation, captured_s = step.observation, step.captured_s
    row = {k: np.array(observation[k]) for k in schema.observation_specs if k in observation}
    row[keys.ACTION] = np.array(step.action)
    row[keys.ACTION_APPLIED] = np.array(step.action_applied)
    row[keys.REWARD] = np.array(step.reward, np.float64)
    row[keys.TERMINATED] = np.array(step.terminated, np.bool_)
    row[keys.TRUNCATED] = np.array(step.truncated, np.bool_)
    row[keys.SUCCESS] = np.array(step.success, np.bool_)
    row[keys.ACTOR] = np.array(step.actor, np.uint8)
    row[keys.SENT_S] = np.array(step.sent_s, np.float64)
    # A stream without a time is an error of the robot; NaN makes the checks find it.
    times = [captured_s.get(key, np.nan) for key in schema.observation_specs]
    row[keys.CAPTURED_S] = np.array(times, np.float64)
    return row
