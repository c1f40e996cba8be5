"""What is on a desk: things shrunk from the household's, markers, and a lamp."""

import numpy as np
import pytest

from robolearn.sim.catalogue import desk, get_category
from robolearn.sim.catalogue.markers import Marker
from robolearn.sim.catalogue.thing import Thing, add_thing
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.physics import Physics
from robolearn.sim.world import World

PLACE_W = (0.2, 0.1, 0.0)
MARKERS = [category for category in desk.CATEGORIES if isinstance(category, Marker)]


def make(category, scale=1.0):
    def add_scene(spec):
        add_thing(spec, "thing", category, scale)

    world = World(So101Model(), add_scene, Physics())
    thing = Thing(world, "thing", category, scale)
    thing.place(PLACE_W, yaw_rad=0.4)
    world.forward()
    return world, thing


@pytest.mark.parametrize(
    ("small", "large"),
    [("small_cabinet", "low_cabinet"), ("small_button_box", "button_box")],
)
def test_a_shrunk_thing_is_what_the_household_s_is_in_a_shrunk_scene(small, large):
    (world, thing), (other_world, other) = (
        make(get_category(small)),
        make(get_category(large), desk.SHRINK),
    )
    for array in ("geom_size", "geom_pos", "body_pos", "body_mass", "jnt_range", "dof_damping"):
        np.testing.assert_allclose(
            getattr(world.model, array), getattr(other_world.model, array), err_msg=array
        )
    for part, other_part in zip(thing.parts.values(), other.parts.values(), strict=True):
        handle, other_handle = part.find_handle(), other_part.find_handle()
        np.testing.assert_allclose(handle.position_w, other_handle.position_w)
        assert handle.width_m == pytest.approx(other_handle.width_m)
        for bound in ("limit", "open_from", "closed_to"):
            small_m, large_m = getattr(part.part, bound), getattr(other_part.part, bound)
            assert small_m == pytest.approx(large_m * desk.SHRINK)
    for name, region in thing.category.regions.items():
        box = other.category.regions[name]
        np.testing.assert_allclose(region.size_m, np.multiply(box.size_m, desk.SHRINK))
        floor_w = thing.to_world(region.floor_t, region.part)
        np.testing.assert_allclose(floor_w, other.to_world(box.floor_t, box.part))


@pytest.mark.parametrize("marker", MARKERS, ids=lambda marker: marker.name)
def test_markers_touch_nothing(marker):
    world, thing = make(marker)
    finger_w = world.site_position_w("tool").copy()
    for place_w in (PLACE_W, finger_w):
        thing.place(place_w, 0.0)
        world.forward()
        assert not world.touches(thing.geoms, np.ones_like(thing.geoms))


def test_the_lamp_shows_only_when_it_is_lit():
    world, button = make(get_category("small_button_box"))
    lamp = world.marker("thing_lamp")
    top_w = button.category.lamp.position_t[2]
    radius_m = 1.12 * button.category.lamp.radius_m
    assert not button.is_lit
    assert lamp.position_w[2] + radius_m < top_w
    button.set_lamp(is_lit=True)
    assert button.is_lit
    assert lamp.position_w[2] == pytest.approx(top_w)
    button.place((0.15, -0.1, 0.0), 1.0)
    assert not button.is_lit
