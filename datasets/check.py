"""Checks a store, and moves what is broken out of the way. Nothing is ever deleted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from robolearn import keys
from robolearn.datasets.episode import Episode
from robolearn.datasets.episode_writer import episode_number
from robolearn.datasets.files import flush, write_file, write_json
from robolearn.datasets.layout import (
    EPISODES,
    INCOMPLETE,
    METADATA_FILE,
    QUARANTINE,
    make_group_metadata,
)
from robolearn.datasets.store import EpisodeStore
from robolearn.errors import StoreError
from robolearn.specs import Array

# A stream that does not change for this long, while the body moves this far, does not work.
STUCK_S = 1.0
MOVED = 0.05  # in the state's own units: rad for joints, 1 for a gripper
RATE_TOLERANCE = 0.1  # of the nominal control rate


@dataclass(frozen=True)
class Finding:
    """Something wrong in a store.

    Attributes:
        place: name of the episode, or of the temporary folder.
        kind: one word for it, e.g. `unfinished`, `unreadable`, `stuck_camera`.
        message: what exactly is wrong.
        is_broken: it must not be trained on; `repair` moves it away. Otherwise it is worth a look.
    """

    place: str
    kind: str
    message: str
    is_broken: bool


@dataclass
class CheckReport:
    """What a check found and did.

    Attributes:
        path: the store.
        num_episodes: episodes that were looked at.
        findings: what is wrong, in the order of the episodes.
        moved: what a repair did: old place to new place, both relative to the store.
    """

    path: Path
    num_episodes: int = 0
    findings: list[Finding] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Nothing at all was found."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """Returns plain data for a report."""
        return {
            "path": str(self.path),
            "num_episodes": self.num_episodes,
            "findings": [vars(finding) for finding in self.findings],
            "moved": self.moved,
        }


def check_store(
    path: Path | str,
    *,
    repair: bool = False,
    on_episode: Callable[[int, int], None] | None = None,
) -> CheckReport:
    """Reads every byte of every episode and says what is wrong.

    Args:
        path: the store.
        repair: move what is broken into the store's `quarantine` folder, with a note of the reason.
        on_episode: called with (episodes done, episodes in all), for a progress bar.

    Raises:
        StoreError: if the store itself cannot be opened.
        OSError: if a repair cannot move something.
    """
    store = EpisodeStore(path)
    report = CheckReport(store.path)
    report.findings += [
        Finding(folder.name, "unfinished", "its recorder died before it was whole", True)
        for folder in store.unfinished
    ]
    for entry in sorted(os.listdir(store.path / EPISODES)):
        if entry != METADATA_FILE and episode_number(entry) is None:
            report.findings.append(Finding(entry, "foreign", "this is no episode", False))
    names = store.list_episodes()
    for done, name in enumerate(names):
        report.num_episodes += 1
        report.findings += check_episode(store, name)
        if on_episode is not None:
            on_episode(done + 1, len(names))
    if repair:
        _quarantine_broken(report)
    return report


def check_episode(store: EpisodeStore, name: str) -> list[Finding]:
    """Returns what is wrong with one episode."""
    try:
        episode = store.open_episode(name)
        columns = {key: episode.read_column(key) for key in store.schema.columns}
        findings = [
            *_check_values(name, columns),
            *_check_times(episode, columns),
            *_check_ends(name, columns),
        ]
        for key in store.schema.image_keys:
            findings += _check_images(episode, key, columns)
    except StoreError as error:
        return [Finding(name, "unreadable", str(error), True)]
    return findings


def _check_values(name: str, columns: dict[str, Array]) -> Iterator[Finding]:
    """Looks for NaN and infinity."""
    for key, values in columns.items():
        if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
            step = int(np.argwhere(~finite)[0][0])
            message = f"{key} is not finite at step {step}: {values[step]}"
            yield Finding(name, "not_finite", message, True)


def _check_times(episode: Episode, columns: dict[str, Array]) -> Iterator[Finding]:
    """Looks for clocks running backwards, streams standing still and a wrong rate."""
    rate_hz = episode.schema.control_rate_hz
    streams = episode.schema.observation_specs
    times = {f"capture time of {k}": columns[keys.CAPTURED_S][:, i] for i, k in enumerate(streams)}
    for label, time_s in {"sending time": columns[keys.SENT_S], **times}.items():
        period_s = np.diff(time_s)
        if (period_s < 0).any():
            step = int(np.argmax(period_s < 0)) + 1
            message = f"{label} goes back by {-period_s[step - 1]:.4g} s at step {step}"
            yield Finding(episode.name, "time_backwards", message, True)
        start, length = find_longest_run(period_s == 0)
        if length >= STUCK_S * rate_hz:
            message = f"{label} stands still for {length} steps from step {start}"
            yield Finding(episode.name, "stale_stream", message, False)
    achieved_hz = compute_rate_hz(columns[keys.SENT_S])
    if achieved_hz and abs(achieved_hz / rate_hz - 1) > RATE_TOLERANCE:
        message = f"ran at {achieved_hz:.1f} Hz, nominal is {rate_hz:g} Hz"
        yield Finding(episode.name, "rate_off", message, False)


def _check_ends(name: str, columns: dict[str, Array]) -> Iterator[Finding]:
    """Looks for ends before the end, and for both kinds of end at once."""
    terminated, truncated = columns[keys.TERMINATED], columns[keys.TRUNCATED]
    if (terminated & truncated).any():
        yield Finding(name, "contradiction", "a step is both terminated and truncated", False)
    early = (terminated | truncated)[:-1]
    if early.any():
        message = f"step {int(np.argmax(early))} is marked as the end, but steps follow"
        yield Finding(name, "contradiction", message, False)


def _check_images(episode: Episode, key: str, columns: dict[str, Array]) -> Iterator[Finding]:
    """Decodes every frame; looks for a picture that stays the same while the body moves."""
    images = episode.open_images(key)
    same = np.zeros(episode.num_steps - 1, np.bool_)
    before = images.read(0)
    for step in range(1, episode.num_steps):
        frame = images.read(step)
        same[step - 1] = np.array_equal(before, frame)
        before = frame
    start, length = find_longest_run(same)
    if length < STUCK_S * episode.schema.control_rate_hz:
        return
    body = columns[keys.STATE if keys.STATE in columns else keys.ACTION_APPLIED]
    moved = float(np.ptp(body[start : start + length + 1], axis=0).max())
    if moved > MOVED:
        message = (
            f"{key} shows the same picture for {length + 1} steps from step {start},"
            f" while the body moves by {moved:.3g}"
        )
        yield Finding(episode.name, "stuck_camera", message, False)


def find_longest_run(is_true: Array) -> tuple[int, int]:
    """Returns start and length of the longest run of True; length 0 if there is none."""
    edges = np.diff(np.concatenate([[False], is_true, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return 0, 0
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest] - starts[longest])


def compute_rate_hz(time_s: Array) -> float:
    """Returns the achieved rate: one over the median period; 0 if there is no telling."""
    period_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    return 1 / period_s if period_s > 0 else 0.0


def _quarantine_broken(report: CheckReport) -> None:
    """Moves every broken place into quarantine, each with a note, and writes it in the report."""
    reasons: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.is_broken:
            reasons.setdefault(finding.place, []).append(f"{finding.kind}: {finding.message}")
    if not reasons:
        return
    quarantine = report.path / QUARANTINE
    if not quarantine.exists():
        quarantine.mkdir()
        write_json(quarantine / METADATA_FILE, make_group_metadata({}))
    for place, lines in reasons.items():
        folder = EPISODES if episode_number(place) is not None else INCOMPLETE
        source = report.path / folder / place
        target = _find_free_name(quarantine / place)
        write_file(target.with_name(target.name + ".txt"), ("\n".join(lines) + "\n").encode())
        os.rename(source, target)
        report.moved[f"{folder}/{place}"] = f"{QUARANTINE}/{target.name}"
    for changed in (report.path / EPISODES, report.path / INCOMPLETE, quarantine):
        flush(changed)


def _find_free_name(path: Path) -> Path:
    """Returns the path, or with a number behind it if something is there already."""
    number, free = 1, path
    while free.exists() or free.with_name(free.name + ".txt").exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free
