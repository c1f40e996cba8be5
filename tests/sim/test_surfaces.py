import mujoco
import numpy as np
import pytest

from robolearn.errors import UnknownNameError
from robolearn.sim.models import get_body_model
from robolearn.sim.surfaces import SURFACES, draw_texture, find_floor_friction, get_surface
from robolearn.sim.world import World

GRAVITY_MPS2 = 9.81


def make_world(surface):
    body = get_body_model("rc_car")
    return World(body, surface.lay_on, body.physics)


@pytest.mark.parametrize("name", SURFACES)
def test_a_car_with_locked_wheels_slides_as_long_as_the_surface_s_friction_says(name):
    surface = SURFACES[name]
    world = make_world(surface)
    car = world.free_body("car")
    car.place((0.0, 0.0, 0.0))
    world.advance(100)  # settle
    begin_mps, end_mps = 2.5, 1.2
    world.data.joint("car").qvel[0] = begin_mps  # the servos hold the wheels
    while car.speed_mps > end_mps:
        world.advance(1)
    way_m = car.position_w[0]
    expected_m = (begin_mps**2 - end_mps**2) / (2 * surface.friction * GRAVITY_MPS2)
    assert way_m == pytest.approx(expected_m, rel=0.12)


def test_the_friction_is_read_as_it_is_now():
    world = make_world(SURFACES["wood"])
    assert find_floor_friction(world) == SURFACES["wood"].friction
    world.model.geom("floor").friction[0] = 0.3
    assert find_floor_friction(world) == 0.3


def test_the_floor_wears_the_surface_s_texture():
    texture = draw_texture(SURFACES["wood"])
    model = make_world(SURFACES["wood"]).model
    index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_TEXTURE, "floor")
    start = model.tex_adr[index]
    laid = model.tex_data[start : start + texture.size].reshape(texture.shape)
    # MuJoCo may turn a picture upside down, but changes no pixel.
    assert np.array_equal(laid, texture) or np.array_equal(laid, texture[::-1])


def test_any_two_surfaces_differ_in_their_mean_colour():
    colours = {name: draw_texture(each).mean(axis=(0, 1)) for name, each in SURFACES.items()}
    for name, rgb in colours.items():
        for other, other_rgb in colours.items():
            assert name == other or np.abs(rgb - other_rgb).max() > 25


@pytest.mark.parametrize("name", SURFACES)
def test_a_texture_shows_motion_and_has_no_seam(name):
    texture = draw_texture(SURFACES[name]).astype(float)
    assert texture.std(axis=(0, 1)).max() > 3
    # From the last row to the first it changes no more than between some rows within.
    for axis in (0, 1):
        steps = np.abs(np.roll(texture, -1, axis) - texture).mean(axis=(1 - axis, 2))
        assert steps[-1] <= steps[:-1].max() + 1.0


def test_an_unknown_surface_is_refused_by_name():
    with pytest.raises(UnknownNameError, match=r"unknown surface 'carpt'.*Did you mean 'carpet'"):
        get_surface("carpt")
