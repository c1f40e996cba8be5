import numpy as np
import pytest

from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.physics import Physics
from robolearn.sim.predicates import (
    ConsecutiveSteps,
    is_near,
    is_released,
    is_settled,
)
from robolearn.sim.scene import add_block, add_disc_marker
from robolearn.sim.world import World

HALF_M = 0.015


def add_scene(spec):
    add_block(spec, "one", (HALF_M,) * 3, (1, 0, 0, 1), 0.03)
    add_block(spec, "two", (HALF_M,) * 3, (0, 1, 0, 1), 0.03)
    add_disc_marker(spec, "disc", 0.03, (0, 0, 1, 1))


@pytest.fixture
def world():
    world = World(So101Model(), add_scene, Physics())
    world.free_body("one").place((0.2, 0.0, HALF_M))
    world.free_body("two").place((0.2, 0.1, HALF_M))
    world.forward()
    return world


def test_placing_sets_pose_and_rest(world):
    block = world.free_body("one")
    world.data.qvel[:] = 1.0
    block.place((0.1, 0.2, 0.3), yaw_rad=0.5)
    np.testing.assert_allclose(block.position_w, [0.1, 0.2, 0.3])
    assert block.yaw_rad == pytest.approx(0.5)
    assert block.speed_mps == block.turn_rate_radps == 0.0


def test_touching_is_seen_between_the_right_parts_only(world):
    one, two = world.geoms_of(["one"]), world.geoms_of(["two"])
    table = world.geoms_of(["world"])
    assert world.touches(one, table)
    assert world.touches(table, one)
    assert not world.touches(one, two)
    assert is_released(world, one)
    world.free_body("two").place((0.2, 0.0, 3 * HALF_M - 1e-4))
    world.forward()
    assert world.touches(one, two)
    assert not world.touches(two, table)


def test_a_block_at_rest_is_settled_and_a_falling_one_is_not(world):
    block = world.free_body("one")
    world.advance(20)
    assert is_settled(block)
    block.place((0.2, 0.0, 0.1))
    world.forward()
    world.advance(5)
    assert not is_settled(block)


def test_near_means_within_the_tolerance():
    here = np.array([0.1, 0.2, 0.3])
    above = np.array([0.1, 0.2, 0.31])
    assert is_near(here, above, 0.011)
    assert not is_near(here, above, 0.009)


def test_counter_needs_steps_in_a_row():
    counter = ConsecutiveSteps(3)
    assert [counter.update(x) for x in (True, True, False, True, True, True)] == [False] * 5 + [
        True
    ]
    counter.reset()
    assert not counter.update(True)


def test_reset_brings_back_the_initial_state_exactly(world):
    world.reset()
    world.forward()
    before = world.data.qpos.copy()
    world.advance(50)
    world.reset()
    np.testing.assert_array_equal(world.data.qpos, before)
    np.testing.assert_array_equal(world.data.qacc_warmstart, 0.0)


@pytest.mark.parametrize(
    ("look_up", "wrong", "right"),
    [
        ("free_body", "onee", "one"),
        ("joint", "gripperr", "gripper"),
        ("marker", "disk", "disc"),
        ("site_position_w", "tol", "tool"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(world, look_up, wrong, right):
    getattr(world, look_up)(right)
    with pytest.raises(UnknownNameError, match=f"Did you mean '{right}'"):
        getattr(world, look_up)(wrong)


def test_geoms_of_an_unknown_body_are_refused(world):
    with pytest.raises(UnknownNameError, match="body 'jaws'"):
        world.geoms_of(["jaws"])


def test_a_scene_that_does_not_compile_says_why():
    def add_twice(spec):
        add_scene(spec)
        add_scene(spec)

    with pytest.raises(RobolearnError, match=r"does not compile.*one"):
        World(So101Model(), add_twice, Physics())


def test_a_fixture_turns_points_into_its_frame_and_back():
    def add_furniture(spec):
        spec.worldbody.add_body(name="shelf", mocap=True).add_geom(size=(0.01, 0.01, 0.01))

    world = World(So101Model(), add_furniture, Physics())
    shelf = world.fixture("shelf")
    shelf.place((0.2, 0.1, 0.0), yaw_rad=np.pi / 2)
    np.testing.assert_allclose(shelf.to_world((0.03, 0.0, 0.01)), [0.2, 0.13, 0.01])
    np.testing.assert_allclose(shelf.from_world((0.2, 0.13, 0.01)), [0.03, 0.0, 0.01], atol=1e-12)
    assert shelf.yaw_rad == pytest.approx(np.pi / 2)
    with pytest.raises(UnknownNameError, match="shelf"):
        world.fixture("shelv")
