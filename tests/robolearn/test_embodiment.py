import importlib
import pkgutil

import numpy as np
import pytest

from robolearn import embodiments, keys
from robolearn.embodiments import Embodiment
from robolearn.embodiments.embodiment import STOPPING_TIME_S
from robolearn.embodiments.rc_car import RC_CAR
from robolearn.embodiments.so101 import SO101
from robolearn.errors import UnknownNameError
from robolearn.specs import ArraySpec, BoundedArraySpec, image_spec


def find_bodies():
    """Every embodiment of the package: a new file is tested the day it appears."""
    for info in pkgutil.iter_modules(embodiments.__path__, f"{embodiments.__name__}."):
        module = importlib.import_module(info.name)
        yield from (value for value in vars(module).values() if isinstance(value, Embodiment))


BODIES = {body.name: body for body in find_bodies()}


def test_the_so101_is_among_the_bodies():
    assert BODIES["so101"] is SO101


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_rest_position_lies_within_the_limits(body):
    body.action_spec.validate(np.asarray(body.rest_position, body.action_spec.dtype))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_channel_has_a_name_and_a_unit(body):
    for spec in (body.state_spec, body.action_spec):
        assert len(set(spec.channels)) == len(spec.channels) == len(spec.units) == spec.shape[-1]
    assert (body.action_spec.low < body.action_spec.high).all()
    assert (body.state_spec.name, body.action_spec.name) == (keys.STATE, keys.ACTION)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_cameras_are_off_unless_asked_for(body):
    assert list(body.observation_spec()) == [keys.STATE]
    for camera in body.cameras:
        specs = body.observation_spec((camera.name,))
        assert list(specs) == [keys.STATE, keys.image_key(camera.name)]
        assert specs[camera.key] == image_spec(camera.key, camera.height_px, camera.width_px)


def test_the_control_period_is_the_inverse_of_the_rate():
    assert SO101.control_period_s == pytest.approx(0.05)


def test_an_unknown_camera_lists_those_on_the_body():
    with pytest.raises(UnknownNameError, match=r"'frnt' on so101; known: front, wrist. Did you"):
        SO101.observation_spec(("frnt",))


def test_image_keys_know_their_camera():
    assert keys.image_key("front") == "observation.images.front"
    assert keys.is_image_key(keys.image_key("front"))
    assert not keys.is_image_key(keys.STATE)
    assert keys.camera_of(keys.image_key("front")) == "front"


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_home_position_lies_within_the_limits(body):
    body.action_spec.validate(np.asarray(body.home_position, body.action_spec.dtype))


CAR = Embodiment(
    name="car",
    state_spec=ArraySpec(
        keys.STATE,
        (3,),
        "float32",
        ("speed", "yaw_rate", "steering_angle"),
        ("m/s", "rad/s", "rad"),
    ),
    action_spec=BoundedArraySpec(
        keys.ACTION,
        (3,),
        "float32",
        ("steering_angle", "speed", "horn"),
        ("rad", "m/s", "1"),
        minimum=(-0.4, -1.0, 0.0),
        maximum=(0.4, 3.0, 1.0),
    ),
    control_rate_hz=10.0,
    cameras=(),
    home_position=(0.0, 0.0, 0.0),
    rest_position=(0.0, 0.0, 0.0),
)


def test_an_arm_holds_its_last_target():
    target = np.asarray(SO101.home_position, np.float32)
    np.testing.assert_array_equal(SO101.make_hold_action(target), target)


@pytest.mark.parametrize("speed_mps", [3.0, -1.0, 0.05])
def test_a_car_slows_to_a_stop_and_keeps_its_steering(speed_mps):
    action = np.array([0.3, speed_mps, 1.0], np.float32)
    speeds_mps = [speed_mps]
    for _ in range(round(STOPPING_TIME_S * CAR.control_rate_hz)):
        action = CAR.make_hold_action(action)
        CAR.action_spec.validate(action)
        np.testing.assert_allclose(action[[0, 2]], [0.3, 1.0], rtol=1e-6)
        speeds_mps.append(float(action[1]))
    assert speeds_mps[-1] == 0.0
    assert (np.diff(np.abs(speeds_mps)) <= 0).all()
    # Never harder than from full speed to none in the stopping time.
    assert np.abs(np.diff(speeds_mps)).max() <= 3.0 * 0.1 / STOPPING_TIME_S + 1e-6


def test_the_present_action_asks_for_what_the_body_does_within_its_limits():
    state = np.array([0.5, 0.1, 0.9], np.float32)
    action = CAR.make_present_action(state)
    np.testing.assert_allclose(action, [0.4, 0.5, 0.0], rtol=1e-6)
    CAR.action_spec.validate(action)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_body_can_hold_still_from_its_home(body):
    home = np.asarray(body.home_position, body.action_spec.dtype)
    body.action_spec.validate(body.make_hold_action(home))
    state = np.zeros(body.state_spec.shape, body.state_spec.dtype)
    body.action_spec.validate(body.make_present_action(state))


def test_a_body_whose_cameras_have_the_size_already_stays_the_same_object():
    assert RC_CAR.resize_cameras(None, None) is RC_CAR
    assert RC_CAR.resize_cameras(64, 128) is RC_CAR
    (front,) = RC_CAR.resize_cameras(32, None).cameras
    assert (front.height_px, front.width_px) == (32, 128)
