"""The thread behind a recorder: takes its messages in order and turns them into episodes."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from robolearn import keys
from robolearn.datasets.episode import EpisodeAttributes
from robolearn.datasets.episode_writer import EpisodeWriter
from robolearn.datasets.store import EpisodeStore
from robolearn.rollout import EpisodeResult, EpisodeStart
from robolearn.specs import Array
from robolearn.teleoperator import Event

logger = logging.getLogger(__name__)

Keep = Literal["all", "success"]
Row = dict[str, Array]


@dataclass(frozen=True)
class Begin:
    """The first message of an episode.

    Attributes:
        start: what is known about it.
        started_utc: wall-clock time, ISO 8601.
        settings: how the robot is set up, see `Robot.settings`.
    """

    start: EpisodeStart
    started_utc: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """The last message of an episode.

    Attributes:
        result: how it went, or None if it was aborted.
        abort_reason: why it was aborted.
        loss_reason: why steps are missing before this message; empty if none are.
    """

    result: EpisodeResult | None
    abort_reason: str = ""
    loss_reason: str = ""


@dataclass(frozen=True)
class LostEpisode:
    """An episode that was performed and should be in the store, but is not.

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


@dataclass
class RecordingReport:
    """What became of the episodes so far.

    Attributes:
        committed: names of the episodes that are safely in the store, in order.
        num_discarded: episodes not kept on purpose: discarded by a person, not a success where only
            those are asked for, or without a single step.
        lost: episodes that should be in the store and are not.
    """

    committed: list[str] = field(default_factory=list)
    num_discarded: int = 0
    lost: list[LostEpisode] = field(default_factory=list)


class RecordingThread(threading.Thread):
    """Writes what comes through `messages` until None comes.

    What goes wrong with an episode costs that episode and is reported; the thread goes on.

    Attributes:
        messages: `Begin`, rows, `End`, and so on.
        bytes_out: bytes of rows dealt with; only this thread changes it.
        report: what became of the episodes.
        callback_error: the last exception that `on_committed` raised.
    """

    def __init__(
        self,
        store: EpisodeStore,
        source: str,
        clock: str,
        keep: Keep,
        on_committed: Callable[[str], None] | None,
    ) -> None:
        super().__init__(name="episode-recorder", daemon=True)
        self.messages: queue.SimpleQueue[Begin | Row | End | None] = queue.SimpleQueue()
        self.bytes_out = 0
        self.report = RecordingReport()
        self.callback_error: Exception | None = None
        self._store = store
        self._source, self._clock, self._keep = source, clock, keep
        self._on_committed = on_committed
        self._number = 0
        self._writer: EpisodeWriter | None = None

    def run(self) -> None:
        """Works until the closing message."""
        while (message := self.messages.get()) is not None:
            if isinstance(message, Begin):
                self._begin(message)
            elif isinstance(message, End):
                self._end(message)
            else:
                self._append(message)

    def _begin(self, begin: Begin) -> None:
        self._current, self._failure, self._total_reward = begin, "", 0.0
        self._number += 1
        try:
            self._writer = self._store.begin_episode()
        except Exception as error:
            self._give_up(error)

    def _append(self, row: Row) -> None:
        if self._writer is not None:
            try:
                self._writer.append(row)
                self._total_reward += float(row[keys.REWARD])
            except Exception as error:
                self._give_up(error)
        self.bytes_out += sum(value.nbytes for value in row.values())

    def _end(self, end: End) -> None:
        has_steps = self._writer is None or self._writer.num_steps > 0
        loss_reason = self._failure or end.loss_reason
        if not has_steps or not self._is_wanted(end.result):
            self._remove()
            self.report.num_discarded += 1
        elif loss_reason:
            self._remove()
            self._report_lost(loss_reason)
        else:
            self._commit(end)

    def _is_wanted(self, result: EpisodeResult | None) -> bool:
        if result is None:  # what a physical robot did cannot be had again
            return self._keep == "all" or self._clock == "monotonic"
        return result.event not in (Event.DISCARD, Event.REDO) and (
            self._keep == "all" or result.success
        )

    def _commit(self, end: End) -> None:
        assert self._writer is not None  # without a failure there is one
        try:
            name = self._writer.commit(self._make_attributes(self._writer.num_steps, end))
        except Exception as error:
            self._give_up(error)
            self._report_lost(self._failure)
            return
        self._writer = None
        self.report.committed.append(name)
        if self._on_committed is not None:
            try:
                self._on_committed(name)
            except Exception as error:  # raised again by the recorder's `close`
                self.callback_error = error

    def _make_attributes(self, num_steps: int, end: End) -> EpisodeAttributes:
        start, result = self._current.start, end.result
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
            started_utc=self._current.started_utc,
            ended=ended,
            num_steps=num_steps,
            total_reward=self._total_reward,
            abort_reason=end.abort_reason,
            settings=dict(self._current.settings),
            segments=() if result is None else result.segments,
        )

    def _give_up(self, error: Exception) -> None:
        """Removes what was written of the episode; the rest of its steps will be dropped."""
        self._failure = f"{type(error).__name__}: {error}"
        logger.debug("recording episode %d failed", self._number, exc_info=error)
        self._remove()

    def _remove(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.discard()
        except OSError as error:
            logger.error("an episode could not be removed and stays as unfinished: %s", error)

    def _report_lost(self, reason: str) -> None:
        start = self._current.start
        lost = LostEpisode(self._number, start.task, start.seed, reason)
        self.report.lost.append(lost)
        logger.error("lost %s", lost)
