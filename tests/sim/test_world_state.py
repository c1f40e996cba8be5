import json
import math

import numpy as np
import pytest

from robolearn.errors import IncompatibleError
from robolearn.sim.models import get_body_model
from robolearn.sim.scene import add_block, add_disc_marker
from robolearn.sim.world import World
from robolearn.sim.world_state import get_world_state, set_world_state

RED = (1, 0, 0, 1)


def add_scene(spec):
    add_block(spec, "block", (0.015,) * 3, RED, 0.03)
    add_disc_marker(spec, "disc", 0.03, RED)


def make_world():
    body = get_body_model("so101")
    world = World(body, add_scene, body.physics)
    world.forward()
    return world


@pytest.fixture
def moved():
    """A world in which everything is somewhere else, and moves."""
    world = make_world()
    world.free_body("block").place((0.2, 0.05, 0.1), yaw_rad=0.4)
    world.joint("shoulder_lift").place(0.3)
    world.marker("disc").place((0.15, 0.1, 0.0005))
    world.data.ctrl[1] = 0.5
    world.advance(20)
    return world


def test_a_mirror_is_where_the_other_world_is_and_goes_on_as_it_does(moved):
    mirror = make_world()
    set_world_state(mirror, json.loads(json.dumps(get_world_state(moved))))
    assert get_world_state(mirror) == get_world_state(moved)
    assert mirror.marker("disc").position_w[0] == 0.15
    moved.forward()
    np.testing.assert_array_equal(mirror.data.site("tool").xpos, moved.data.site("tool").xpos)
    for world in (moved, mirror):
        world.advance(5)
    np.testing.assert_allclose(mirror.data.qpos, moved.data.qpos, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"qpos": [0.0] * 12}, "qpos has 12 numbers and would need 13.*another scene"),
        ({"time_s": []}, "time_s has 0 numbers and would need 1"),
        ({"ctrl": None}, "ctrl is no list of finite numbers"),
        ({"ctrl": "000000"}, "ctrl is no list"),
        ({"ctrl": ["0"] * 6}, "ctrl is no list"),
        ({"ctrl": [math.nan] * 6}, "ctrl is no list"),
        ({"ctrl": [10**400] * 6}, "ctrl is no list"),
        ({"ctrl": [[0.0]] * 6}, "ctrl is no list"),
    ],
)
def test_what_is_no_state_of_this_scene_is_refused_and_changes_nothing(moved, change, words):
    mirror = make_world()
    before = get_world_state(mirror)
    with pytest.raises(IncompatibleError, match=words):
        set_world_state(mirror, get_world_state(moved) | change)
    assert get_world_state(mirror) == before


def test_what_else_is_sent_does_not_matter(moved):
    mirror = make_world()
    set_world_state(mirror, {**get_world_state(moved), "weather": "fine"})
    assert get_world_state(mirror) == get_world_state(moved)
