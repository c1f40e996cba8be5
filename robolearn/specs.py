"""Arrays described before they exist: shape, dtype, bounds, channel names and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import le
from typing import Any

import numpy as np
import numpy.typing as npt

from robolearn.errors import SpecError

Array = npt.NDArray[Any]

MAX_SHORT_LENGTH = 16


@dataclass(frozen=True)
class ArraySpec:
    """What an array looks like.

    Attributes:
        name: the key it is known by, e.g. `observation.state`; used in messages.
        shape: its shape.
        dtype: numpy dtype name, e.g. `float32`.
        channels: name of each entry along the last axis; empty where entries have no names.
        units: SI unit of each channel (`rad`, `m`, `1` for a ratio), as long as `channels`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    channels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            known_as = np.dtype(self.dtype).name
        except TypeError:
            known_as = None
        if known_as != self.dtype:
            hint = f", call it {known_as!r}" if known_as else ""
            raise SpecError(f"{self.name}: {self.dtype!r} is not the name of a dtype{hint}")
        length = self.shape[-1] if self.shape else 1
        for label, entries in (("channels", self.channels), ("units", self.units)):
            if entries and len(entries) != length:
                raise SpecError(f"{self.name}: {len(entries)} {label} for a last axis of {length}")

    @cached_property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The dtype as numpy's own object."""
        return np.dtype(self.dtype)

    @cached_property
    def is_speed(self) -> Array:
        """Which channels are speeds, by their units: a body that stands still has them at zero."""
        return np.array([unit.endswith("/s") for unit in self.units], bool)

    def validate(self, value: Any) -> Array:
        """Returns `value` unchanged if it fits.

        Raises:
            SpecError: if it is not an array of this shape and dtype, or holds NaN or infinity.
        """
        if not isinstance(value, np.ndarray):
            raise SpecError(f"{self.name}: expected a numpy array, got {type(value).__name__}")
        if value.shape != self.shape:
            raise SpecError(f"{self.name}: expected shape {self.shape}, got {value.shape}")
        if value.dtype != self.numpy_dtype:
            raise SpecError(f"{self.name}: expected dtype {self.dtype}, got {value.dtype}")
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise SpecError(f"{self.name}: {self._name_entries(~np.isfinite(value), value)}")
        array: Array = value
        return array

    def to_json(self) -> dict[str, Any]:
        """Returns plain data that `spec_from_json` reads back."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "channels": list(self.channels),
            "units": list(self.units),
        }

    def _name_entries(self, wrong: npt.NDArray[np.bool_], value: Array) -> str:
        """Names the entries that are wrong, by channel where channels have names."""
        places = np.argwhere(wrong)
        parts = []
        for place in places[:4]:
            index = tuple(int(i) for i in place)
            label = self.channels[index[-1]] if self.channels else f"entry {index}"
            parts.append(f"{label} = {value[index]}")
        more = f" and {len(places) - 4} more" if len(places) > 4 else ""
        return ", ".join(parts) + more + " is not allowed"


@dataclass(frozen=True)
class BoundedArraySpec(ArraySpec):
    """An `ArraySpec` whose entries must lie in `[minimum, maximum]`.

    Attributes:
        minimum: lowest value of each entry, broadcast to the shape.
        maximum: highest value of each entry, broadcast to the shape.
    """

    minimum: tuple[float, ...] = field(default=(0.0,))
    maximum: tuple[float, ...] = field(default=(1.0,))

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            ordered = self.low <= self.high
        except ValueError as error:
            raise SpecError(f"{self.name}: bounds do not fit shape {self.shape}") from error
        if not ordered.all():
            raise SpecError(f"{self.name}: a minimum is NaN or lies above its maximum")

    @cached_property
    def low(self) -> Array:
        """`minimum` as a read-only array of the spec's shape and dtype."""
        return np.broadcast_to(np.asarray(self.minimum, self.dtype), self.shape)

    @cached_property
    def high(self) -> Array:
        """`maximum` as a read-only array of the spec's shape and dtype."""
        return np.broadcast_to(np.asarray(self.maximum, self.dtype), self.shape)

    def validate(self, value: Any) -> Array:
        """Returns `value` unchanged if it fits; never clips.

        Raises:
            SpecError: as `ArraySpec.validate`, and for entries out of bounds, naming them.
        """
        # The common case in one pass, as every control step comes by here; NaN fails it too.
        if (
            type(value) is np.ndarray
            and value.shape == self.shape
            and value.dtype == self.numpy_dtype
            and self._is_inside(value)
        ):
            inside: Array = value
            return inside
        array = super().validate(value)
        outside = (array < self.low) | (array > self.high)
        if outside.any():
            index = tuple(int(i) for i in np.argwhere(outside)[0])
            raise SpecError(
                f"{self.name}: {self._name_entries(outside, array)}"
                f" (allowed: {self.low[index]:g} to {self.high[index]:g})"
            )
        return array

    @cached_property
    def _short_bounds(self) -> tuple[list[float], list[float]] | None:
        """The bounds of a vector of a few entries, which Python compares faster than numpy."""
        if len(self.shape) != 1 or self.shape[0] > MAX_SHORT_LENGTH:
            return None
        return self.low.tolist(), self.high.tolist()

    def _is_inside(self, value: Array) -> bool:
        if self._short_bounds is None:
            inside = (value >= self.low) & (value <= self.high)
            return np.count_nonzero(inside) == inside.size  # faster than `all` for a small batch
        low, high = self._short_bounds
        entries = value.tolist()
        return all(map(le, low, entries)) and all(map(le, entries, high))

    def clip(self, value: Array) -> Array:
        """Returns the nearest array within bounds: for those who produce values, e.g. a policy.

        Raises:
            SpecError: if an entry is NaN or infinite, which has no nearest value.
        """
        if not np.isfinite(value).all():
            raise SpecError(f"{self.name}: {self._name_entries(~np.isfinite(value), value)}")
        return np.asarray(np.clip(value, self.low, self.high), self.dtype)

    def to_json(self) -> dict[str, Any]:
        """Returns plain data that `spec_from_json` reads back."""
        bounds = {"minimum": list(self.minimum), "maximum": list(self.maximum)}
        return {**super().to_json(), **bounds}


Specs = Mapping[str, ArraySpec]


def image_spec(name: str, height_px: int, width_px: int) -> BoundedArraySpec:
    """Returns the spec of a camera image: uint8, HWC, RGB."""
    return BoundedArraySpec(
        name, (height_px, width_px, 3), "uint8", ("r", "g", "b"), minimum=(0,), maximum=(255,)
    )


def spec_from_json(data: Mapping[str, Any]) -> ArraySpec:
    """Builds a spec from what `to_json` returned.

    Raises:
        SpecError: if fields are missing or of the wrong kind.
    """
    try:
        common: dict[str, Any] = {
            "name": str(data["name"]),
            "shape": tuple(int(n) for n in data["shape"]),
            "dtype": np.dtype(str(data["dtype"])).name,
            "channels": tuple(str(c) for c in data["channels"]),
            "units": tuple(str(u) for u in data["units"]),
        }
        if "minimum" not in data:
            return ArraySpec(**common)
        minimum = tuple(float(x) for x in data["minimum"])
        maximum = tuple(float(x) for x in data["maximum"])
        return BoundedArraySpec(**common, minimum=minimum, maximum=maximum)
    except (KeyError, TypeError, ValueError) as error:
        raise SpecError(f"not a spec: {error!r} in {data!r}") from error


def find_differences(expected: Specs, actual: Specs) -> list[str]:
    """Lists how `actual` fails to provide what `expected` asks for; empty means it fits.

    Keys that only `actual` has are no difference: a robot may see more than a policy reads.
    """
    differences = []
    for key, spec in expected.items():
        if key not in actual:
            differences.append(f"{key}: missing (have: {', '.join(actual) or 'nothing'})")
            continue
        theirs, ours = actual[key].to_json(), spec.to_json()
        for name in ours:
            if ours[name] != theirs.get(name):
                differences.append(f"{key}.{name}: expected {ours[name]}, got {theirs.get(name)}")
    return differences
