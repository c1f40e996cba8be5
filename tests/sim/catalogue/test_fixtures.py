import functools
import math

import mujoco
import numpy as np
import pytest

from robolearn.sim.catalogue import get_category, load_catalogue
from robolearn.sim.catalogue.category import DOWN
from robolearn.sim.catalogue.thing import Thing, add_thing
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.physics import Physics
from robolearn.sim.scene import add_block
from robolearn.sim.world import World

STEPS_PER_S = round(1 / Physics().timestep_s)
FULL, SMALL = 1.0, 0.4
NUM_BOXES, BOX_HALF_M = 5, 0.012
YAW_RAD = 0.7

# Regions by which LIBERO's files speak of each fixture; None for those that are ours.
REGIONS = {
    "wooden_cabinet": {"top_region", "middle_region", "bottom_region", "top_side"},
    "white_cabinet": {"top_region", "middle_region", "bottom_region", "top_side"},
    "flat_stove": {"cook_region"},
    "microwave": {"heating_region", "top_side"},
    "wine_rack": {"top_region"},
    "wooden_two_layer_shelf": {"top_region", "bottom_region", "top_side"},
    "desk_caddy": {f"{side}_contain_region" for side in ("left", "right", "front", "back")},
    "low_cabinet": {"drawer_region", "top_side"},
    "button_box": set(),
}
# A push of 15 N at full size; on hinges at the handle, on the knob at the end of its bar.
PUSH_N, LEVER_M = 15.0, {"door": 0.22, "knob": 0.035}
PARTS = [
    (name, part)
    for name in REGIONS
    for part in get_category(name).moving_parts
    if name != "white_cabinet"  # as the wooden one
]
SPRINGLESS = [(name, part) for name, part in PARTS if name != "button_box"]
HANDLES = [(name, part) for name, part in PARTS if "cabinet" in name or part in ("door", "knob")]
# Hands, at full size, from the point between the pads backwards: where fingers begin, where the
# palm begins and ends; width and thickness of a finger; half the gap; half the palm across the
# fingers and along their opening.
PANDA = (-0.010, 0.035, 0.11), (0.020, 0.015), 0.040, (0.03, 0.10)
SO101 = (-0.020, 0.20, 0.35), (0.045, 0.02), 0.040, (0.075, 0.08)


@functools.cache
def make(name, scale, hand=None):
    """Builds a thing beside the arm, with boxes or a hand that floats."""

    def add_scene(spec):
        add_thing(spec, "thing", get_category(name), scale)
        if hand is not None:
            add_hand(spec, *hand)
        else:
            for index in range(NUM_BOXES):
                half = (BOX_HALF_M * scale,) * 3
                add_block(spec, f"box_{index}", half, (1, 0, 0, 1), 0.05 * scale**3)

    world = World(So101Model(), add_scene, Physics())
    return world, Thing(world, "thing", get_category(name), scale)


def add_hand(spec, along_m, finger_m, gap_m, palm_m):
    """Fingers open along x, pointing along -z."""
    body = spec.worldbody.add_body(name="hand", gravcomp=1.0)
    body.add_freejoint(name="hand")
    tip, palm, end = along_m
    width, thick = finger_m
    boxes = [
        ((side * (gap_m + thick / 2), 0, (tip + palm) / 2), (thick / 2, width / 2, palm - tip))
        for side in (-1, 1)
    ]
    boxes.append(((0, 0, (palm + end) / 2), (palm_m[1], palm_m[0], end - palm)))
    for pos, (x, y, length) in boxes:
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=pos, size=(x, y, length / 2), mass=0.1)


def set_up(name, scale, hand=None):
    world, thing = make(name, scale, hand)
    world.reset()
    for index in range(NUM_BOXES if hand is None else 0):
        world.free_body(f"box_{index}").place((-0.6, 0.2 * index - 0.4, BOX_HALF_M * scale))
    thing.place((0.6, 0.9, 0.0), YAW_RAD)
    world.forward()
    return world, thing


def push(world, thing, part, direction):
    """Pushes for half a second, then lets go for one; returns the positions."""
    joint = world.data.joint(part.joint.name)
    scale = thing.scale
    force = PUSH_N * scale**3 * LEVER_M.get(part.part.name, 1.0) * (scale if part.is_hinge else 1.0)
    positions = []
    for step in range(round(1.5 * STEPS_PER_S)):
        joint.qfrc_applied[0] = direction * force if step < STEPS_PER_S // 2 else 0.0
        world.advance(1)
        positions.append(part.position)
    return np.array(positions)


def find_spots(region, margin_m):
    """The middle of a region's floor and its corners, `margin_m` within."""
    x, y, z = region.floor_t
    half_x, half_y = (size / 2 - margin_m for size in region.size_m[:2])
    spots = [(x + i * half_x, y + j * half_y, z) for i in (-1, 1) for j in (-1, 1)]
    return [region.floor_t, *spots]


@pytest.mark.parametrize("name", REGIONS)
def test_it_has_the_regions_that_tasks_name(name):
    category = load_catalogue()[name]
    assert set(category.regions) == REGIONS[name]
    spoken_of = {region for part in category.moving_parts.values() for region in part.regions}
    inside = {name for name, region in category.regions.items() if region.part}
    assert spoken_of == inside
    for region in category.regions.values():
        assert region.part in ("", *category.moving_parts)


@pytest.mark.parametrize("scale", [FULL, SMALL])
@pytest.mark.parametrize(
    ("name", "region_name"),
    [(name, region) for name in REGIONS for region in sorted(REGIONS[name])],
)
def test_what_is_set_down_in_a_region_comes_to_rest_there(name, region_name, scale):
    world, thing = set_up(name, scale)
    region = thing.category.regions[region_name]
    spots = find_spots(region, 1.5 * BOX_HALF_M)
    boxes = [world.free_body(f"box_{index}") for index in range(NUM_BOXES)]
    for box, spot in zip(boxes, spots, strict=True):
        spot_w = thing.to_world(spot, region.part)
        box.place(spot_w + np.array([0, 0, BOX_HALF_M * scale + 0.001]), YAW_RAD)
    world.advance(STEPS_PER_S)
    for box, spot in zip(boxes, spots, strict=True):
        point = thing.from_world(box.position_w, region.part)
        rise = point - np.array(region.floor_t)
        assert np.all(np.abs(rise[:2]) <= np.array(region.size_m[:2]) / 2)
        assert rise[2] == pytest.approx(BOX_HALF_M, abs=0.003)
        assert np.abs(point[:2] - np.array(spot[:2])).max() < 0.003
        assert box.speed_mps < 0.01
    for part in thing.parts.values():
        assert part.is_closed


@pytest.mark.parametrize("drawer", ["bottom", "middle", "top"])
def test_an_open_drawer_is_filled_from_above(drawer):
    world, thing = set_up("wooden_cabinet", FULL)
    part, region = thing.parts[drawer], thing.category.regions[f"{drawer}_region"]
    part.place(part.part.open_from + 0.02)
    world.forward()
    x, y, z = region.floor_t
    box = world.free_body("box_0")
    above_w = thing.to_world((x, y - 0.04, z + 0.15), drawer)
    box.place(above_w, YAW_RAD)
    world.advance(STEPS_PER_S)
    rise = thing.from_world(box.position_w, drawer) - np.array(region.floor_t)
    assert np.all(np.abs(rise[:2]) <= np.array(region.size_m[:2]) / 2)
    assert 0.0 <= rise[2] <= region.size_m[2]
    assert part.is_open


@pytest.mark.parametrize("scale", [FULL, SMALL])
@pytest.mark.parametrize("direction", [-1, 1], ids=["closed", "open"])
@pytest.mark.parametrize(("name", "part_name"), SPRINGLESS)
def test_a_part_pushed_hard_stays_at_its_stop(name, part_name, direction, scale):
    world, thing = set_up(name, scale)
    part = thing.parts[part_name]
    part.place(part.part.limit / 2)
    positions = push(world, thing, part, direction)
    stop = part.part.limit if direction > 0 else 0.0
    tolerance = math.radians(0.5) if part.is_hinge else 0.002
    beyond = (positions - stop) * direction
    arrived = int(np.argmax(beyond > 0))
    assert beyond[arrived] > 0  # it got there
    assert np.abs(beyond[arrived + 20 :]).max() < tolerance  # a tenth of a second later
    assert beyond.max() < (math.radians(3.0) if part.is_hinge else 0.006)
    assert part.is_still
    strict, loose = part.part, part.part.loose_closed_to
    assert part.is_open == (direction > 0)
    assert part.is_closed == (direction < 0)
    if direction < 0 and loose is not None:
        assert part.position <= loose
    if direction > 0 and strict.loose_open_from is not None:
        assert part.position >= strict.loose_open_from


@pytest.mark.parametrize("scale", [FULL, SMALL])
@pytest.mark.parametrize("name", sorted({name for name, _ in SPRINGLESS}))
def test_parts_stay_where_they_were_left_while_the_thing_is_placed(name, scale):
    world, thing = set_up(name, scale)
    for yaw_rad in (-2.5, 0.3, math.pi):
        for index, part in enumerate(thing.parts.values()):
            part.place(part.part.limit * (0.3 + 0.2 * index))
        before = {part: part.position for part in thing.parts.values()}
        thing.place((0.5, -0.9, 0.0), yaw_rad)
        world.advance(5 * STEPS_PER_S)
        for part, position in before.items():
            assert part.position == pytest.approx(position, abs=2e-4)
            assert part.is_still


@pytest.mark.parametrize("name", sorted({name for name, _ in PARTS}))
def test_moving_parts_touch_nothing_on_their_way(name):
    world, thing = set_up(name, FULL)
    for share in np.linspace(0.0, 1.0, 7):
        for moved in thing.parts.values():
            for part in thing.parts.values():
                part.place(part.part.limit * share if part is moved else 0.0)
            world.forward()
            assert not world.touches(thing.geoms, np.ones_like(thing.geoms))


@pytest.mark.parametrize("name", sorted({name for name, _ in PARTS}))
@pytest.mark.parametrize("share", [0.0, 0.8])
def test_a_handle_is_where_the_model_has_something_to_hold(name, share):
    world, thing = set_up(name, SMALL)
    for part in thing.parts.values():
        part.place(part.part.limit * share)
        world.forward()
        pose = part.find_handle()
        half_w = (pose.width_m / 2 + 0.001) * pose.opening_w
        if name == "button_box":
            half_w = -0.001 * pose.approach_w  # its cap is pressed
        hit, distance_m = find_first(world, pose.position_w + half_w, -half_w)
        assert thing.geoms[hit]
        assert distance_m == pytest.approx(0.001, abs=2e-4)


def find_first(world, start_w, direction_w):
    """Follows a ray; returns what solid geom it meets first, and how far away."""
    geom = np.zeros(1, np.int32)
    unit_w = direction_w / np.linalg.norm(direction_w)
    distance_m = mujoco.mj_ray(world.model, world.data, start_w, unit_w, None, 1, -1, geom, None)
    return int(geom[0]), distance_m


@pytest.mark.parametrize("hand", [PANDA, SO101], ids=["panda", "so101"])
@pytest.mark.parametrize("slip_m", [-0.003, 0.0, 0.003])
@pytest.mark.parametrize(("name", "part_name"), HANDLES)
def test_a_hand_gets_around_every_handle(name, part_name, slip_m, hand):
    assert not hand_touches(name, part_name, hand, thing_approach(name, part_name), slip_m)


@pytest.mark.parametrize("drawer", ["bottom", "middle", "top"])
@pytest.mark.parametrize("pitch_deg", [0, 20, 45])
def test_a_hand_from_the_front_gets_past_the_upper_handles(drawer, pitch_deg):
    pitch_rad = math.radians(pitch_deg)
    approach_t = (0.0, math.cos(pitch_rad), -math.sin(pitch_rad))
    assert not hand_touches("wooden_cabinet", drawer, PANDA, approach_t)


def test_a_hand_from_straight_above_would_meet_the_upper_handle():
    assert hand_touches("wooden_cabinet", "bottom", PANDA, DOWN)


def thing_approach(name, part_name):
    return get_category(name).moving_parts[part_name].handle.approach_t


def hand_touches(name, part_name, hand, approach_t, slip_m=0.0):
    """Says whether a hand at a handle, `slip_m` too high, touches anything."""
    world, thing = set_up(name, FULL, hand)
    part = thing.parts[part_name]
    x_w = thing.direction_to_world(part.part.handle.opening_t, part_name)
    z_w = -thing.direction_to_world(approach_t, part_name)
    quaternion = np.empty(4)
    rotation = np.column_stack([x_w, np.cross(z_w, x_w), z_w])
    mujoco.mju_mat2Quat(quaternion, rotation.flatten())
    pose = world.data.joint("hand").qpos
    pose[:3], pose[3:] = part.find_handle().position_w, quaternion
    pose[2] += slip_m
    world.forward()
    hand_geoms = world.geoms_of(["hand"])
    return world.touches(hand_geoms, ~hand_geoms)


@pytest.mark.parametrize("scale", [FULL, SMALL])
def test_a_button_gives_way_to_a_push_and_comes_up_again(scale):
    world, thing = set_up("button_box", scale)
    cap = thing.parts["cap"]
    joint = world.data.joint(cap.joint.name)
    world.advance(STEPS_PER_S)
    assert cap.is_closed
    # The spring takes 24 N at the switching point at full size.
    for force_n, is_pressed in ((15.0, False), (30.0, True)):
        joint.qfrc_applied[0] = force_n * scale**3
        world.advance(STEPS_PER_S)
        assert cap.is_open == is_pressed
    joint.qfrc_applied[0] = 0.0
    heights = []
    for _ in range(STEPS_PER_S):
        world.advance(1)
        heights.append(cap.position)
    assert cap.is_closed
    assert cap.is_still
    assert min(heights) > -0.002  # without jumping up


def test_a_standing_book_fits_each_compartment_with_play():
    for region in get_category("desk_caddy").regions.values():
        short_m, long_m = sorted(region.size_m[:2])
        assert short_m >= 0.03 + 2 * 0.015
        assert long_m >= 0.16 + 2 * 0.015
