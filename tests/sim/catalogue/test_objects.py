"""Everything that can be moved stands still, can be taken by two fingers, and carries things."""

import math
from dataclasses import dataclass

import mujoco
import numpy as np
import pytest

from robolearn.sim.catalogue import desk, load_catalogue
from robolearn.sim.catalogue.thing import Thing, add_thing
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.physics import Physics
from robolearn.sim.scene import CONTACT_SOLIMP, CONTACT_SOLREF, FRICTION
from robolearn.sim.world import World

# Of household size: those on a desk are of the arm's own.
OBJECTS = {
    name: c for name, c in load_catalogue().items() if not c.is_fixture and c not in desk.CATEGORIES
}
SCALES = (1.0, 0.4)
PLACE_W = (1.5, 0.0, 0.0)
STEPS_A_SECOND = round(1 / Physics().timestep_s)
GRASPS = [
    pytest.param(name, grasp, id=f"{name}-{index}")
    for name, category in OBJECTS.items()
    for index, grasp in enumerate(category.grasps)
]

# What LIBERO's tasks name, and what its registry has besides, as far as it is here.
LIBERO = (
    *("akita_black_bowl", "white_bowl", "red_bowl", "plate", "glazed_rim_porcelain_ramekin"),
    *("basket", "wooden_tray", "white_storage_box", "chefmate_8_frypan", "moka_pot"),
    *("red_coffee_mug", "porcelain_mug", "white_yellow_mug", "wine_bottle"),
    *("alphabet_soup", "tomato_sauce", "ketchup", "bbq_sauce", "salad_dressing"),
    *("new_salad_dressing", "milk", "orange_juice", "butter", "cream_cheese"),
    *("chocolate_pudding", "cookies", "popcorn", "macaroni_and_cheese"),
    *("black_book", "yellow_book"),
)
FIXED = ("basket", "wooden_tray", "white_storage_box")  # too wide for a hand; they stay
LIFT_M = 0.1
ROOM_M = 0.007  # beside the thing, for each finger


@dataclass(frozen=True)
class Hand:
    """Two pads and a palm, with the measures of a real hand that takes things of a scale."""

    scale: float
    open_m: float
    pad_half_m: tuple[float, float, float]
    tip_m: float  # from the point of the grasp down to the tips
    palm_m: float  # from there up to the palm
    grip_n: float


HANDS = {
    "panda": Hand(1.0, 0.08, (0.004, 0.010, 0.010), 0.010, 0.04, 40.0),
    "so101": Hand(0.4, 0.065, (0.004, 0.009, 0.035), 0.010, 0.06, 10.0),
}


def make_world(names, scale, add_more=lambda spec: None):
    def add_scene(spec):
        for index, name in enumerate(names):
            add_thing(spec, f"thing_{index}", OBJECTS[name], scale)
        add_more(spec)

    world = World(So101Model(), add_scene, Physics())
    return world, [
        Thing(world, f"thing_{index}", OBJECTS[name], scale) for index, name in enumerate(names)
    ]


def test_every_thing_that_libero_names_is_there():
    assert set(LIBERO) <= set(OBJECTS)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", OBJECTS)
def test_what_is_set_down_stays_where_it_is(name, scale):
    world, (thing,) = make_world([name], scale)
    thing.place(PLACE_W, yaw_rad=0.3)
    world.forward()
    world.advance(STEPS_A_SECOND)
    np.testing.assert_allclose(thing.position_w, PLACE_W, atol=0.001)
    assert thing.yaw_rad == pytest.approx(0.3, abs=0.01)
    assert thing.upright_cosine > 0.9999
    assert thing.is_settled


@pytest.mark.parametrize("name", OBJECTS)
def test_the_box_around_a_thing_is_tight(name):
    world, (thing,) = make_world([name], 1.0)
    thing.place((0.0, 0.0, 0.0), yaw_rad=0.0)
    world.forward()
    low, high = find_extent(world, thing)
    half_x, half_y, height = OBJECTS[name].size_m[0] / 2, OBJECTS[name].size_m[1] / 2, high[2]
    assert height == pytest.approx(OBJECTS[name].size_m[2], abs=0.002)
    assert low[2] == pytest.approx(0.0, abs=0.001)
    assert max(-low[0], high[0]) == pytest.approx(half_x, abs=0.003)
    assert max(-low[1], high[1]) == pytest.approx(half_y, abs=0.003)


def find_extent(world, thing):
    """Corners of the box around all geoms of an upright thing, from the boxes around each."""
    model, data = world.model, world.data
    corners = []
    for index in np.flatnonzero(thing.geoms):
        rotation = data.geom_xmat[index].reshape(3, 3)
        size = model.geom_size[index]
        match model.geom_type[index]:
            case mujoco.mjtGeom.mjGEOM_BOX:
                half = np.abs(rotation) @ size
            case mujoco.mjtGeom.mjGEOM_ELLIPSOID:
                half = np.sqrt((rotation**2) @ size**2)
            case mujoco.mjtGeom.mjGEOM_CYLINDER:
                axis = rotation[:, 2]
                half = np.abs(axis) * size[1] + size[0] * np.sqrt(np.maximum(0, 1 - axis**2))
            case mujoco.mjtGeom.mjGEOM_CAPSULE:
                half = np.abs(rotation[:, 2]) * size[1] + size[0]
        corners += [data.geom_xpos[index] - half, data.geom_xpos[index] + half]
    return np.min(corners, axis=0), np.max(corners, axis=0)


def test_everything_but_what_stays_can_be_taken():
    assert [name for name, c in OBJECTS.items() if not c.grasps] == list(FIXED)


@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS)
@pytest.mark.parametrize(("name", "grasp"), GRASPS)
def test_two_fingers_lift_a_thing_and_it_hangs_straight(name, grasp, hand):
    world, (thing,) = make_world([name], hand.scale, lambda spec: add_hand(spec, hand, grasp))
    palm, pads, table = (world.geoms_of(n) for n in (["palm"], ["pad", "other_pad"], ["world"]))
    thing.place(PLACE_W, yaw_rad=grasp.symmetry_rad or 0.5)  # turned so, it is as good
    width_m = grasp.width_m * hand.scale
    open_m = width_m / 2 + ROOM_M
    assert 2 * open_m <= hand.open_m + 1e-9
    for joint, position in (("palm", LIFT_M), ("pad", open_m), ("other_pad", open_m)):
        world.joint(joint).place(position)
    world.forward()
    move_hand(world, LIFT_M, 0.0, open_m)
    assert not world.touches(pads, thing.geoms | table), "the open hand does not fit"
    np.testing.assert_allclose(thing.position_w, PLACE_W, atol=0.002)
    move_hand(world, 0.0, 0.0, 0.0)
    assert 2 * world.joint("pad").position == pytest.approx(width_m, abs=0.004)
    move_hand(world, 0.0, LIFT_M, 0.0)
    assert thing.position_w[2] > 0.75 * LIFT_M
    assert thing.upright_cosine > math.cos(0.2)
    assert not world.touches(palm, thing.geoms)


def move_hand(world, start_m, end_m, opening_m):
    """Moves the hand along its approach within half a second, then waits half a second."""
    palm = world.data.actuator("palm")
    for finger in ("pad", "other_pad"):
        world.data.actuator(finger).ctrl = opening_m
    for height_m in (*np.linspace(start_m, end_m, STEPS_A_SECOND // 2), *[end_m] * 100):
        palm.ctrl = height_m
        world.advance(1)


def add_hand(spec, hand, grasp):
    """Adds two pads under a palm that slides along the approach; 0 is where the grasp is."""
    approach, opening = np.array(grasp.approach_t), np.array(grasp.opening_t)
    quat, box = np.empty(4), mujoco.mjtGeom.mjGEOM_BOX
    rotation = np.column_stack([opening, np.cross(-approach, opening), -approach])
    mujoco.mju_mat2Quat(quat, rotation.flatten())
    contact = {
        "friction": FRICTION,
        "solref": CONTACT_SOLREF,
        "solimp": CONTACT_SOLIMP,
        "condim": 4,
    }
    position_w = np.array(PLACE_W) + np.array(grasp.position_t) * hand.scale
    lowest_m = grasp.tip_floor_m * hand.scale + hand.tip_m + 0.001
    position_w[2] = max(position_w[2], lowest_m)
    palm = spec.worldbody.add_body(name="palm", pos=position_w, quat=quat, gravcomp=1.0)
    above = (0, 0, hand.palm_m + 0.01)
    palm.add_geom(type=box, size=(0.1, 0.03, 0.01), pos=above, mass=0.5, **contact)
    add_slide(palm, (0, 0, 1))
    half_m = hand.pad_half_m
    for name, side in (("pad", 1), ("other_pad", -1)):
        pad = palm.add_body(name=name, gravcomp=1.0)
        middle = (side * half_m[0], 0, half_m[2] - hand.tip_m)
        pad.add_geom(type=box, size=half_m, pos=middle, mass=0.02, **contact)
        add_slide(pad, (side, 0, 0))
    mirror = spec.add_equality(type=mujoco.mjtEq.mjEQ_JOINT, name1="other_pad", name2="pad")
    mirror.data[:5] = (0, 1, 0, 0, 0)
    for name, stiffness, limit_n in (
        ("palm", 5000.0, 500.0),
        ("pad", 2000.0, hand.grip_n),
        ("other_pad", 2000.0, hand.grip_n),
    ):
        servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=stiffness)
        servo.forcelimited, servo.forcerange = 1, (-limit_n, limit_n)


def add_slide(body, axis):
    slide = mujoco.mjtJoint.mjJNT_SLIDE
    body.add_joint(name=body.name, type=slide, axis=axis, armature=0.3, damping=60.0)


# What carries, what is put on it, and how far off the middle.
LOADS = [
    ("plate", "red_block", 0.02),
    ("plate", "akita_black_bowl", 0.005),
    ("plate", "red_coffee_mug", 0.005),
    ("akita_black_bowl", "red_block", 0.003),
    ("akita_black_bowl", "akita_black_bowl", 0.0),
    ("akita_black_bowl", "cream_cheese", 0.0),
    ("glazed_rim_porcelain_ramekin", "red_block", 0.005),
    ("glazed_rim_porcelain_ramekin", "akita_black_bowl", 0.0),
    ("cookies", "akita_black_bowl", 0.003),
    ("chefmate_8_frypan", "red_block", 0.02),
    ("basket", "alphabet_soup", 0.02),
    ("wooden_tray", "moka_pot", 0.03),
    ("white_storage_box", "red_block", 0.02),
    ("chocolate_pudding", "red_block", 0.003),
    ("red_block", "blue_block", 0.005),
]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("lower", "upper", "offset_m"), LOADS)
def test_what_is_put_on_a_thing_rests_at_its_support_height(lower, upper, offset_m, scale):
    world, (below, above) = make_world([lower, upper], scale)
    x, y, _ = PLACE_W
    height_m = OBJECTS[lower].top_m * scale
    below.place(PLACE_W, yaw_rad=0.0)
    above.place((x + offset_m * scale, y, height_m + 0.003), yaw_rad=0.2)
    world.forward()
    world.advance(STEPS_A_SECOND)
    assert above.position_w[2] == pytest.approx(height_m, abs=0.003 * scale)
    assert above.upright_cosine > 0.999
    assert above.is_settled
    assert below.is_settled
    assert world.touches(above.geoms, below.geoms)
