"""What a store holds: its schema, versioned, as the root group's attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robolearn import keys
from robolearn.datasets.codecs import choose_image_codec, make_image_codec
from robolearn.errors import RobolearnError, StoreError
from robolearn.specs import ArraySpec, BoundedArraySpec, find_differences, spec_from_json

if TYPE_CHECKING:
    from robolearn.environment import Environment

FORMAT = "robolearn-episodes"
FORMAT_VERSION = 1

LARGEST_STEP_BYTES = 1 << 30  # of one array; a larger one in a schema is damage

# What a per-step array may hold; numpy and Zarr v3 call these types by the same names.
DTYPES = frozenset(
    ["bool", "float32", "float64"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)

_PER_STEP = (
    ArraySpec(keys.REWARD, (), "float64"),
    ArraySpec(keys.TERMINATED, (), "bool"),
    ArraySpec(keys.TRUNCATED, (), "bool"),
    ArraySpec(keys.SUCCESS, (), "bool"),
    ArraySpec(keys.ACTOR, (), "uint8"),
    ArraySpec(keys.SENT_S, (), "float64"),
)


@dataclass(frozen=True)
class DatasetSchema:
    """What every episode of a store holds.

    Attributes:
        embodiment: name of the body, e.g. `so101`.
        control_rate_hz: nominal steps per second [Hz].
        observation_specs: spec of every observation key; images are uint8, HWC, RGB.
        action_spec: spec of `action` and `action_applied`.
        image_codec: name of the codec of every image, see `codecs`; if not given, the best for
            frames of this size.
    """

    embodiment: str
    control_rate_hz: float
    observation_specs: Mapping[str, ArraySpec]
    action_spec: BoundedArraySpec
    image_codec: str = ""

    def __post_init__(self) -> None:
        if not self.image_codec:
            shapes = [self.observation_specs[key].shape for key in self.image_keys]
            largest_bytes = max((math.prod(shape) for shape in shapes), default=0)
            object.__setattr__(self, "image_codec", choose_image_codec(largest_bytes))
        make_image_codec(self.image_codec)
        if not self.control_rate_hz > 0:
            raise StoreError(f"control rate must be positive, got {self.control_rate_hz} Hz")
        for key, spec in self.observation_specs.items():
            _check_key(key)
            if spec.dtype not in DTYPES:
                raise StoreError(f"{key}: dtype {spec.dtype} cannot be stored; can: {DTYPES}")
            if keys.is_image_key(key) and (spec.dtype != "uint8" or len(spec.shape) != 3):
                raise StoreError(f"{key}: images are uint8 (height, width, 3), got {spec}")

    @classmethod
    def from_environment(cls, environment: Environment) -> DatasetSchema:
        """Returns the schema of what this environment lets one record."""
        return cls(
            embodiment=environment.robot.embodiment.name,
            control_rate_hz=environment.robot.embodiment.control_rate_hz,
            observation_specs=environment.observation_spec,
            action_spec=environment.action_spec,
        )

    @property
    def image_keys(self) -> tuple[str, ...]:
        """Observation keys that hold camera images."""
        return tuple(key for key in self.observation_specs if keys.is_image_key(key))

    @property
    def columns(self) -> dict[str, ArraySpec]:
        """Spec of one step of every array that is not an image.

        `captured_s` has one entry per observation key, in the order of `observation_specs`.
        """
        streams = tuple(self.observation_specs)
        captured = ArraySpec(
            keys.CAPTURED_S, (len(streams),), "float64", streams, ("s",) * len(streams)
        )
        columns = {k: s for k, s in self.observation_specs.items() if not keys.is_image_key(k)}
        for key in (keys.ACTION, keys.ACTION_APPLIED):
            columns[key] = self.action_spec
        columns.update({spec.name: spec for spec in _PER_STEP})
        columns[keys.CAPTURED_S] = captured
        return columns

    def to_json(self) -> dict[str, Any]:
        """Returns the root group's attributes; `from_json` reads them back."""
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "embodiment": self.embodiment,
            "control_rate_hz": self.control_rate_hz,
            "observation_specs": {k: s.to_json() for k, s in self.observation_specs.items()},
            "action_spec": self.action_spec.to_json(),
            "features": [*self.columns, *self.image_keys],
            "image_codec": self.image_codec,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], where: str) -> DatasetSchema:
        """Reads what `to_json` returned.

        Args:
            data: the attributes.
            where: the store, for messages.

        Raises:
            StoreError: if this is not a store of ours, or of another format version.
        """
        if data.get("format") != FORMAT:
            raise StoreError(
                f"{where} is not a robolearn dataset: its format is {data.get('format')!r},"
                f" expected {FORMAT!r}"
            )
        if data.get("format_version") != FORMAT_VERSION:
            raise StoreError(
                f"{where} has format version {data.get('format_version')!r}; this robolearn reads"
                f" and writes version {FORMAT_VERSION}: use the robolearn that wrote it"
            )
        try:
            action_spec = _read_spec(data["action_spec"])
            if not isinstance(action_spec, BoundedArraySpec):
                raise StoreError("action_spec has no bounds")
            schema = cls(
                embodiment=str(data["embodiment"]),
                control_rate_hz=float(data["control_rate_hz"]),
                observation_specs={
                    str(k): _read_spec(v) for k, v in data["observation_specs"].items()
                },
                action_spec=action_spec,
                image_codec=str(data["image_codec"]),
            )
        except (LookupError, TypeError, ArithmeticError, ValueError, AttributeError) as error:
            raise StoreError(f"{where}: its schema cannot be read: {error!r}") from error
        except RobolearnError as error:
            raise StoreError(f"{where}: its schema cannot be read: {error}") from error
        if data.get("features") != schema.to_json()["features"]:
            raise StoreError(
                f"{where}: its feature list {data.get('features')} does not follow from its specs"
            )
        return schema

    def find_differences(self, other: DatasetSchema) -> list[str]:
        """Lists where `other` differs, naming both sides; empty means the same episodes fit."""
        differences = []
        for name in ("embodiment", "control_rate_hz"):
            ours, theirs = getattr(self, name), getattr(other, name)
            if ours != theirs:
                differences.append(f"{name}: expected {ours}, got {theirs}")
        specs = dict(other.observation_specs)
        differences += find_differences(self.observation_specs, specs)
        for key in specs.keys() - self.observation_specs.keys():
            known = ", ".join(self.observation_specs)
            differences.append(f"{key}: not expected (expected: {known})")
        differences += find_differences(
            {keys.ACTION: self.action_spec}, {keys.ACTION: other.action_spec}
        )
        return differences


def _read_spec(data: Mapping[str, Any]) -> ArraySpec:
    """Reads a spec, refusing absurd sizes before anything is made of that size.

    Raises:
        StoreError: if a step would be empty or larger than `LARGEST_STEP_BYTES`.
        SpecError: if it is no spec.
    """
    shape = [int(length) for length in data["shape"]]
    if not all(length > 0 for length in shape) or math.prod(shape) * 8 > LARGEST_STEP_BYTES:
        raise StoreError(f"{data.get('name')}: shape {shape} is empty or too large to be true")
    return spec_from_json(data)


def _check_key(key: str) -> None:
    """Refuses keys that are no Zarr node names, or that are taken.

    Raises:
        StoreError: naming the key.
    """
    taken = {keys.ACTION, keys.ACTION_APPLIED, keys.CAPTURED_S, *(spec.name for spec in _PER_STEP)}
    if not key or "/" in key or set(key) == {"."} or key.startswith("__"):
        raise StoreError(f"{key!r} cannot name an array in a Zarr store")
    if key in taken:
        raise StoreError(f"observation key {key!r} is the name of another per-step array")
