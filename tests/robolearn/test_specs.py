import json

import numpy as np
import pytest

from robolearn.errors import SpecError
from robolearn.specs import (
    ArraySpec,
    BoundedArraySpec,
    find_differences,
    image_spec,
    spec_from_json,
)

CAR = BoundedArraySpec(
    "action",
    (2,),
    "float32",
    ("steering_angle_rad", "speed_mps"),
    ("rad", "mps"),
    minimum=(-0.4, 0.0),
    maximum=(0.4, 1.0),
)
STATE = ArraySpec("observation.state", (3,), "float32", ("a", "b", "c"), ("rad", "rad", "1"))


def test_validate_returns_the_very_array_that_fits():
    value = np.array([0.4, 0.0], np.float32)
    assert CAR.validate(value) is value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0.0, 0.0], "action: expected a numpy array, got list"),
        (np.zeros(3, np.float32), r"action: expected shape \(2,\), got \(3,\)"),
        (np.zeros((1, 2), np.float32), r"action: expected shape \(2,\), got \(1, 2\)"),
        (np.zeros(2, np.float64), "action: expected dtype float32, got float64"),
        (np.array([0, np.nan], np.float32), "action: speed_mps = nan is not allowed"),
        (np.array([np.inf, 0], np.float32), "action: steering_angle_rad = inf is not allowed"),
        (np.array([0, 1.5], np.float32), r"speed_mps = 1.5 is not allowed \(allowed: 0 to 1\)"),
        (np.array([-0.5, 0], np.float32), r"steering_angle_rad = -0.5 .*allowed: -0.4 to 0.4"),
    ],
)
def test_validate_refuses_and_names_the_field(value, message):
    with pytest.raises(SpecError, match=message):
        CAR.validate(value)


def test_validate_names_entries_without_channels_by_index_and_counts_the_rest():
    spec = BoundedArraySpec("depth", (3, 3), "float32")
    with pytest.raises(SpecError, match=r"entry \(0, 0\) = 2.0, .* and 5 more is not allowed"):
        spec.validate(np.full((3, 3), 2.0, np.float32))


def test_the_bounds_as_stored_in_float32_are_allowed_themselves():
    assert CAR.validate(CAR.low.copy()) is not None
    assert CAR.validate(CAR.high.copy()) is not None


def test_bounds_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        CAR.low[0] = -9


def test_clip_gives_a_value_that_validates():
    clipped = CAR.clip(np.array([-7.0, 0.25]))
    CAR.validate(clipped)
    np.testing.assert_allclose(clipped, [-0.4, 0.25])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_clip_hides_nothing_that_is_no_number(value):
    name = CAR.channels[1]
    with pytest.raises(SpecError, match=rf"{name} = -?(nan|inf) is not allowed"):
        CAR.clip(np.array([0.1, value]))


def test_image_spec_takes_uint8_hwc_only():
    spec = image_spec("observation.images.front", 4, 6)
    spec.validate(np.full((4, 6, 3), 255, np.uint8))
    with pytest.raises(SpecError, match="expected shape"):
        spec.validate(np.zeros((3, 4, 6), np.uint8))
    with pytest.raises(SpecError, match="expected dtype uint8, got float32"):
        spec.validate(np.zeros((4, 6, 3), np.float32))


@pytest.mark.parametrize("spec", [CAR, STATE, image_spec("observation.images.front", 4, 6)])
def test_a_spec_survives_json(spec):
    again = spec_from_json(json.loads(json.dumps(spec.to_json())))
    assert again == spec
    assert type(again) is type(spec)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "x", "shape": 3, "dtype": "float32", "channels": [], "units": []},
        {**STATE.to_json(), "dtype": "flaot32"},
        {**CAR.to_json(), "minimum": ["low", "lower"]},
        {key: value for key, value in CAR.to_json().items() if key != "maximum"},
    ],
)
def test_what_is_no_spec_is_refused(data):
    with pytest.raises(SpecError):
        spec_from_json(data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": ("a",)}, "1 channels for a last axis of 2"),
        ({"units": ("rad", "rad", "rad")}, "3 units for a last axis of 2"),
        ({"shape": (), "channels": ("a", "b")}, "2 channels for a last axis of 1"),
        ({"dtype": "flaot32"}, "'flaot32' is not the name of a dtype"),
        ({"dtype": "float"}, "'float' is not the name of a dtype, call it 'float64'"),
        ({"minimum": (2.0,)}, "a minimum is NaN or lies above its maximum"),
        ({"minimum": (float("nan"),)}, "a minimum is NaN"),
        ({"minimum": (0.0, 0.0, 0.0)}, r"bounds do not fit shape \(2,\)"),
    ],
)
def test_a_contradictory_spec_cannot_be_made(arguments, message):
    with pytest.raises(SpecError, match=message):
        BoundedArraySpec(**{"name": "x", "shape": (2,), **arguments})


def test_no_differences_between_equal_specs_and_extra_keys_are_none():
    assert find_differences({"action": CAR}, {"action": CAR, "observation.state": STATE}) == []


def test_differences_name_the_key_the_field_and_both_sides():
    wider = BoundedArraySpec(
        "action", (2,), "float32", CAR.channels, CAR.units, minimum=(-0.4, 0.0), maximum=(0.4, 2.0)
    )
    assert find_differences({"action": CAR}, {"action": wider}) == [
        "action.maximum: expected [0.4, 1.0], got [0.4, 2.0]"
    ]
    assert find_differences({"action": CAR}, {"other": STATE}) == ["action: missing (have: other)"]
    unbounded = ArraySpec("action", (2,), "float32", CAR.channels, CAR.units)
    assert "action.minimum: expected [-0.4, 0.0], got None" in find_differences(
        {"action": CAR}, {"action": unbounded}
    )


def test_speeds_are_known_by_their_units():
    units = ("rad", "m/s", "rad/s", "m/s^2", "1")
    assert (
        ArraySpec("state", (5,), units=units).is_speed.tolist() == [False, True, True] + [False] * 2
    )
    assert not ArraySpec("state", (5,)).is_speed.any()
