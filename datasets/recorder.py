"""`EpisodeRecorder`: watches the step loop and writes episodes without holding it up."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np

from robolearn import keys
from robolearn.datasets.episode import EpisodeAttributes
from robolearn.datasets.episode_writer import EpisodeWriter
from robolearn.datasets.schema import DatasetSchema
from robolearn.datasets.store import EpisodeStore
from robolearn.environment import Environment
from robolearn.errors import StoreError
from robolearn.rollout import EpisodeResult, EpisodeStart, Step
from robolearn.specs import Array
from robolearn.teleoperator import Event

logger = logging.getLogger(__name__)

Keep = Literal["all", "success"]
Row = dict[str, Array]


@dataclass(frozen=True)
class LostEpisode:
    """An episode that was performed but is not in the store.

    Attributes:
        number: which episode of this recorder, from 1.
        task: the task's name.
        seed: the seed of its start.
        reason: why it was lost.
    """

    number: int
    task: str
    seed: int
    reason: str

    def __str__(self) -> str:
        return f"episode {self.number} ({self.task}, seed {self.seed}): {self.reason}"


@dataclass(frozen=True)
class _Begin:
    """The first message of an episode to the writing thread."""

    start: EpisodeStart
    started_utc: str


@dataclass(frozen=True)
class _End:
    """The last message of an episode; `overflow` says that steps are missing before it."""

    result: EpisodeResult | None
    abort_reason: str = ""
    overflow: bool = False


class EpisodeRecorder:
    """An `EpisodeObserver` that stores what it sees.

    The control loop only copies each step into memory; a thread compresses and writes. Compression
    and file access release the interpreter, so the loop is not held. On a physical robot an episode
    that outruns the disk by more than `max_buffered_bytes` is given up and reported lost; simulated
    time waits for the disk instead.

    Attributes:
        committed: names of the episodes that are safely in the store, in order.
        num_discarded: episodes that were not kept on purpose (discarded by a person, not a success
            when only those are asked for, or without a step).
        lost: episodes that should be in the store and are not.
    """

    def __init__(
        self,
        store: EpisodeStore,
        *,
        source: str,
        clock: str,
        keep: Keep = "all",
        on_committed: Callable[[str], None] | None = None,
        max_buffered_bytes: int = 1 << 29,
    ) -> None:
        """Starts the writing thread.

        Args:
            store: where to record.
            source: who demonstrates, e.g. `expert` or `person`.
            clock: the kind of the robot's clock, `monotonic` or `simulated`.
            keep: `all` episodes, or only those that were a `success`.
            on_committed: called with an episode's name once it is safely in the store, from the
                writing thread.
            max_buffered_bytes: how far the writing may fall behind.
        """
        if keep not in ("all", "success"):
            raise StoreError(f"keep is {keep!r}; known: all, success")
        self.committed: list[str] = []
        self.num_discarded = 0
        self.lost: list[LostEpisode] = []
        self._schema = store.schema
        self._waits = clock == "simulated"
        self._max_buffered_bytes = max_buffered_bytes
        self._in_episode = self._overflow = self._closed = False
        # Each counter has one writer: together they say what is buffered, without a lock.
        self._bytes_in = 0
        self._messages: queue.SimpleQueue[_Begin | _End | Row | None] = queue.SimpleQueue()
        self._writing = _WritingThread(self, store, source, clock, keep, on_committed)
        self._writing.start()

    @classmethod
    def from_environment(
        cls,
        folder: Path | str,
        environment: Environment,
        *,
        source: str,
        keep: Keep = "all",
        on_committed: Callable[[str], None] | None = None,
    ) -> EpisodeRecorder:
        """Opens (or makes) the store in `folder` for what this environment shows and does.

        Raises:
            IncompatibleError: if the store holds episodes of another body or feature set.
            StoreError: if the store cannot be opened.
        """
        store = EpisodeStore.open_to_append(folder, DatasetSchema.from_environment(environment))
        kind = environment.robot.clock.kind
        return cls(store, source=source, clock=kind, keep=keep, on_committed=on_committed)

    @property
    def buffered_bytes(self) -> int:
        """How much waits to be written [bytes]."""
        return self._bytes_in - self._writing.bytes_out

    def on_episode_start(self, start: EpisodeStart) -> None:
        """See `EpisodeObserver`."""
        if self._closed:
            raise StoreError("the recorder is closed")
        if self._in_episode:
            self._end(_End(None, "the next episode began before this one ended"))
        self._in_episode, self._overflow = True, False
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._messages.put(_Begin(start, now))

    def on_step(self, step: Step) -> None:
        """See `EpisodeObserver`. Copies the step; everything else happens in the thread."""
        if self._overflow:
            return
        row = copy_step(step, self._schema)
        size = sum(value.nbytes for value in row.values())
        while self.buffered_bytes + size > self._max_buffered_bytes:
            if not self._waits or self.buffered_bytes == 0:
                self._overflow = True
                return
            time.sleep(0.001)
        self._bytes_in += size
        self._messages.put(row)

    def on_episode_end(self, result: EpisodeResult) -> None:
        """See `EpisodeObserver`. Returns at once; `committed` tells when it is stored."""
        self._end(_End(result, overflow=self._overflow))

    def on_episode_abort(self, error: BaseException) -> None:
        """See `EpisodeObserver`. The steps so far are kept and marked as aborted."""
        reason = f"{type(error).__name__}: {error}"
        self._end(_End(None, abort_reason=reason, overflow=self._overflow))

    def close(self) -> None:
        """Waits until everything is written. Allowed any number of times.

        Raises:
            StoreError: if episodes were lost, naming each with the reason.
        """
        if self._closed:
            return
        if self._in_episode:
            self._end(_End(None, abort_reason="the recorder was closed", overflow=self._overflow))
        self._closed = True
        self._messages.put(None)
        self._writing.join()
        if self.lost:
            lines = "; ".join(str(lost) for lost in self.lost)
            raise StoreError(
                f"{len(self.lost)} episode(s) were lost, {len(self.committed)} are stored: {lines}"
            )

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
            if error is None:  # otherwise the first error tells more; the losses are logged
                raise

    def _end(self, message: _End) -> None:
        self._in_episode = False
        self._messages.put(message)


def copy_step(step: Step, schema: DatasetSchema) -> Row:
    """Returns one row of the store: a copy of everything the schema asks of a step."""
    observation = step.observation
    row = {
        key: np.array(observation[key]) for key in schema.observation_specs if key in observation
    }
    row[keys.ACTION] = np.array(step.action)
    row[keys.ACTION_APPLIED] = np.array(step.action_applied)
    row[keys.REWARD] = np.array(step.reward, np.float64)
    row[keys.TERMINATED] = np.array(step.terminated, np.bool_)
    row[keys.TRUNCATED] = np.array(step.truncated, np.bool_)
    row[keys.SUCCESS] = np.array(step.success, np.bool_)
    row[keys.ACTOR] = np.array(step.actor, np.uint8)
    row[keys.SENT_S] = np.array(step.sent_s, np.float64)
    times = [step.captured_s.get(key, np.nan) for key in schema.observation_specs]
    row[keys.CAPTURED_S] = np.array(times, np.float64)
    return row


class _WritingThread(threading.Thread):
    """Takes the recorder's messages in order and turns them into episodes on disk."""

    def __init__(
        self,
        recorder: EpisodeRecorder,
        store: EpisodeStore,
        source: str,
        clock: str,
        keep: Keep,
        on_committed: Callable[[str], None] | None,
    ) -> None:
        super().__init__(name="episode-recorder", daemon=True)
        self.bytes_out = 0
        self._recorder, self._store = recorder, store
        self._source, self._clock, self._keep = source, clock, keep
        self._on_committed = on_committed
        self._number = 0
        self._writer: EpisodeWriter | None = None
        self._total_reward = 0.0
        self._failure = ""

    def run(self) -> None:
        """Works until the closing message. What goes wrong costs the episode, never the thread."""
        while (message := self._recorder._messages.get()) is not None:
            if isinstance(message, _Begin):
                self._begin(message)
            elif isinstance(message, _End):
                self._finish(message)
            else:
                self._append(message)

    def _begin(self, message: _Begin) -> None:
        self._message, self._failure, self._total_reward = message, "", 0.0
        self._number += 1
        try:
            self._writer = self._store.begin_episode()
        except Exception as error:
            self._fail(error)

    def _append(self, row: Row) -> None:
        size = sum(value.nbytes for value in row.values())
        if self._writer is not None:
            try:
                self._writer.append(row)
                self._total_reward += float(row[keys.REWARD])
            except Exception as error:
                self._fail(error)
        self.bytes_out += size

    def _finish(self, end: _End) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            self._report_lost(self._failure)
        elif end.overflow:
            self._remove(writer)
            limit_mib = self._recorder._max_buffered_bytes / 2**20
            self._report_lost(f"the disk fell more than {limit_mib:g} MiB behind the robot")
        elif not writer.num_steps or not self._is_wanted(end.result):
            self._remove(writer)
            self._recorder.num_discarded += 1
        else:
            self._commit(writer, end)

    def _is_wanted(self, result: EpisodeResult | None) -> bool:
        if result is None:
            return self._keep == "all"
        return result.event is not Event.DISCARD and (self._keep == "all" or result.success)

    def _commit(self, writer: EpisodeWriter, end: _End) -> None:
        try:
            name = writer.commit(self._make_attributes(writer, end))
        except Exception as error:
            self._writer = writer
            self._fail(error)
            self._report_lost(self._failure)
            return
        self._recorder.committed.append(name)
        if self._on_committed is not None:
            self._on_committed(name)

    def _make_attributes(self, writer: EpisodeWriter, end: _End) -> EpisodeAttributes:
        start, result = self._message.start, end.result
        if result is None:
            ended = "aborted"
        elif result.event is not None:
            ended = result.event.value
        else:
            ended = "terminated" if result.terminated else "truncated"
        return EpisodeAttributes(
            task=start.task,
            instruction=start.instruction,
            success=result is not None and result.success,
            seed=start.seed,
            source=self._source,
            embodiment=self._store.schema.embodiment,
            clock=self._clock,
            started_utc=self._message.started_utc,
            ended=ended,
            num_steps=writer.num_steps,
            total_reward=self._total_reward,
            abort_reason=end.abort_reason,
        )

    def _fail(self, error: Exception) -> None:
        """Gives the episode up: removes what was written; the rest of its steps is dropped."""
        self._failure = f"{type(error).__name__}: {error}"
        logger.error("recording episode %d failed", self._number, exc_info=error)
        writer, self._writer = self._writer, None
        if writer is not None:
            self._remove(writer)

    def _remove(self, writer: EpisodeWriter) -> None:
        try:
            writer.discard()
        except OSError as error:
            logger.error("cannot remove an unwanted episode, it stays unfinished: %s", error)

    def _report_lost(self, reason: str) -> None:
        start = self._message.start
        lost = LostEpisode(self._number, start.task, start.seed, reason)
        self._recorder.lost.append(lost)
        logger.error("lost %s", lost)
