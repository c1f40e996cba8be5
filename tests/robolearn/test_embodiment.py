import importlib
import pkgutil

import numpy as np
import pytest

from robolearn import embodiments, keys
from robolearn.embodiments import Embodiment
from robolearn.embodiments.so101 import SO101
from robolearn.errors import UnknownNameError
from robolearn.specs import image_spec


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
