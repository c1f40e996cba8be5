"""One recorded episode: what is known about it, and reading it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from robolearn.datasets.arrays import FileCache, ImageReader, read_column
from robolearn.datasets.codecs import make_image_codec
from robolearn.datasets.layout import (
    check_array_metadata,
    make_column_metadata,
    make_image_metadata,
    read_group_attributes,
)
from robolearn.datasets.schema import DatasetSchema
from robolearn.errors import RobolearnError, StoreError, UnknownNameError
from robolearn.policy import Segment
from robolearn.specs import Array

NESTED = ("settings", "segments")  # attributes that are no single value


@dataclass(frozen=True)
class EpisodeAttributes:
    """What is known about a whole episode.

    Attributes:
        task: the task's name.
        instruction: the task in words.
        success: the goal was reached.
        seed: the seed of its start.
        source: who demonstrated, e.g. `expert`, `person`, or the name of a policy.
        embodiment: name of the body.
        clock: `monotonic` or `simulated`: what every time in the episode is measured on.
        started_utc: wall-clock time of its start, ISO 8601.
        ended: `terminated`, `truncated`, `aborted`, or what a person said (`end`, `success`, ...).
        num_steps: steps recorded.
        total_reward: sum of rewards.
        abort_reason: the error that ended an aborted episode, else empty.
        settings: how the robot was set up, e.g. the hash of its calibration and which limits were
            off; empty in simulation and in episodes from before this was kept.
        segments: which skills acted when; empty if none are known, as in episodes of a person or
            from before this was kept.
    """

    task: str
    instruction: str
    success: bool
    seed: int
    source: str
    embodiment: str
    clock: str
    started_utc: str
    ended: str
    num_steps: int
    total_reward: float
    abort_reason: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()

    @property
    def aborted(self) -> bool:
        """An error ended the episode before its time."""
        return self.ended == "aborted"

    def to_json(self) -> dict[str, Any]:
        """Returns the episode group's attributes."""
        segments = [asdict(segment) for segment in self.segments]
        return {**asdict(self), "settings": dict(self.settings), "segments": segments}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], where: Path) -> EpisodeAttributes:
        """Reads what `to_json` returned.

        Raises:
            StoreError: if an attribute is missing or of the wrong type.
        """
        kinds = {"str": str, "bool": bool, "int": int, "float": (int, float)}
        plain = [entry for entry in fields(cls) if entry.name not in NESTED]
        for entry in plain:
            value, kind = data.get(entry.name), kinds[str(entry.type)]
            is_bool = isinstance(value, bool)
            if not isinstance(value, kind) or (is_bool and entry.type != "bool"):  # type: ignore[arg-type]
                raise StoreError(
                    f"{where}: attribute {entry.name!r} is {value!r}, expected {entry.type}"
                )
        settings = data.get("settings", {})
        if not isinstance(settings, Mapping) or not all(
            isinstance(text, str) for pair in settings.items() for text in pair
        ):
            raise StoreError(f"{where}: attribute 'settings' is {settings!r}, expected texts")
        values = {entry.name: data[entry.name] for entry in plain}
        segments = _read_segments(data.get("segments", []), where)
        attributes = cls(**values, settings=settings, segments=segments)
        if attributes.num_steps < 1:
            raise StoreError(f"{where}: attribute 'num_steps' is {attributes.num_steps}")
        return attributes


def _read_segments(data: Any, where: Path) -> tuple[Segment, ...]:
    """Reads the skills that acted.

    Raises:
        StoreError: if they are no list of segments.
    """
    try:
        return tuple(Segment.from_json(entry) for entry in data)
    except (TypeError, RobolearnError) as error:
        raise StoreError(f"{where}: attribute 'segments' is wrong: {error}") from error


class Episode:
    """A committed episode, read on demand.

    Attributes:
        name: e.g. `episode_000012`.
        path: its folder.
        schema: of its store.
        attributes: what is known about it as a whole.
    """

    def __init__(self, path: Path, schema: DatasetSchema, files: FileCache) -> None:
        """Reads the attributes.

        Raises:
            StoreError: if they are missing or damaged, or name another embodiment.
        """
        self.name, self.path, self.schema = path.name, path, schema
        self._files = files
        self.attributes = EpisodeAttributes.from_json(read_group_attributes(path), path)
        if self.attributes.embodiment != schema.embodiment:
            raise StoreError(
                f"{path} was recorded on {self.attributes.embodiment}, its store is for"
                f" {schema.embodiment}"
            )

    @property
    def num_steps(self) -> int:
        """Steps recorded."""
        return self.attributes.num_steps

    def read_column(self, key: str) -> Array:
        """Reads a low-dimensional array whole, shape (num_steps, *shape of a step).

        Raises:
            UnknownNameError: if the schema has no such column.
            StoreError: if it is missing or damaged.
        """
        columns = self.schema.columns
        if key not in columns:
            raise UnknownNameError("column", key, columns, f"in {self.path}")
        folder = self.path / key
        check_array_metadata(folder, make_column_metadata(columns[key], self.num_steps))
        return read_column(folder, columns[key], self.num_steps)

    def open_images(self, key: str) -> ImageReader:
        """Opens a camera's frames for random access.

        Raises:
            UnknownNameError: if the schema has no such camera.
            StoreError: if they are missing or damaged.
        """
        if key not in self.schema.image_keys:
            raise UnknownNameError("image key", key, self.schema.image_keys, f"in {self.path}")
        spec, codec = self.schema.observation_specs[key], self.schema.image_codec
        folder = self.path / key
        check_array_metadata(folder, make_image_metadata(spec, self.num_steps, codec))
        return ImageReader(folder, spec, self.num_steps, make_image_codec(codec), self._files)

    def read(self, key: str) -> Array:
        """Reads any per-step array whole: a column or a camera's images."""
        if key in self.schema.image_keys:
            return self.open_images(key).read_all()
        return self.read_column(key)
