"""The tasks of the suite `desk`: where they start, and what counts as done in them."""

import math

import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.errors import IncompatibleError
from robolearn.sim.bddl.problem import BddlError
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.predicates import is_released
from robolearn.sim.suites import get_suite, make_task
from robolearn.sim.tasks.bddl_task import BddlTask
from robolearn.sim.tasks.sim_task import HOLD_STEPS

# Lower and upper corner [m], as the files have them.
AREAS_W = {
    "so101": {
        "block": ((0.12, -0.075), (0.27, 0.075)),
        "target": ((0.14, 0.10), (0.24, 0.20)),
    },
    "koch": {
        "block": ((0.09, -0.065), (0.20, 0.065)),
        "target": ((0.10, 0.09), (0.16, 0.15)),
    },
    "panda": {
        "block": ((0.38, -0.20), (0.68, 0.10)),
        "target": ((0.42, 0.15), (0.62, 0.35)),
    },
}
MIN_DISTANCE_M = 0.06
OPEN_FROM_M, CLOSED_TO_M, TRAVEL_M = 0.06, 0.002, 0.08  # of the drawer
BUTTON_TRAVEL_M = 0.008
DONE = [False] * (HOLD_STEPS - 1) + [True]


def make(name, body="so101"):
    """An environment in its first episode, its task, and the things in it."""
    environment = Environment(MujocoRobot(get_body_model(body)), make_task("desk", name))
    environment.reset(seed=3)
    return environment, environment.task, environment.task.scene.things


def judge(task, num_steps=HOLD_STEPS):
    """What the task says of the scene as it stands, step by step."""
    task.world.forward()
    return [task.evaluate().success for _ in range(num_steps)]


def set_velocity(task, joint, value, index=0):
    task.world.data.qvel[task.world.model.joint(joint).dofadr[0] + index] = value


def run_until(environment, is_so, seed=3):
    """Lets the expert act until something is so; returns the expert and the last observation."""
    expert = environment.task.make_expert()
    observation, _ = environment.reset(seed=seed)
    expert.reset(environment.task.instruction, seed)
    for _ in range(environment.max_episode_steps):
        observation, *_ = environment.step(expert.select_action(observation))
        if is_so():
            return expert, observation
    raise AssertionError("it never was so")


def hold(environment, expert, num_steps=20):
    return [environment.step(expert.arm.make_action())[4]["is_success"] for _ in range(num_steps)]


def go_on(environment, expert, observation, num_steps=40):
    successes = []
    while len(successes) < num_steps and not any(successes):
        observation, _, _, _, info = environment.step(expert.select_action(observation))
        successes.append(info["is_success"])
    return any(successes)


# --- pick_place ---


@pytest.mark.parametrize("body", sorted(AREAS_W))
def test_block_and_disc_fill_their_areas_and_keep_their_distance(body):
    _, task, things = make("pick_place", body)
    places = {"block": [], "target": []}
    yaws_rad = []
    for seed in range(400):
        task.reset(seed)
        for name, found in places.items():
            found.append(things[name].position_w[:2])
        yaws_rad.append(things["block"].yaw_rad)
    for name, area_w in AREAS_W[body].items():
        low, high = np.min(places[name], axis=0), np.max(places[name], axis=0)
        np.testing.assert_allclose((low, high), area_w, atol=0.006)
        assert (low >= np.subtract(area_w[0], 1e-9)).all()
        assert (high <= np.add(area_w[1], 1e-9)).all()
    assert max(yaws_rad) > 0.7
    assert min(yaws_rad) < -0.7
    distances_m = np.linalg.norm(np.subtract(places["block"], places["target"]), axis=1)
    assert distances_m.min() >= MIN_DISTANCE_M - 1e-9


@pytest.fixture(params=sorted(AREAS_W))
def placed(request):
    """A task whose block lies on the disc, and its things."""
    _, task, things = make("pick_place", request.param)
    things["block"].place((*things["target"].position_w[:2], 0.0), 0.3)
    return task, things


def test_success_needs_several_steps_in_a_row(placed):
    assert judge(placed[0]) == DONE


def test_an_interruption_starts_the_count_again(placed):
    task, things = placed
    judge(task, HOLD_STEPS - 1)
    here_w = things["block"].position_w
    things["block"].place(here_w - np.array([0.0, 0.1, 0.0]), 0.0)
    assert not any(judge(task, 1))
    things["block"].place(here_w, 0.0)
    assert judge(task) == DONE


@pytest.mark.parametrize(("index", "value"), [(0, 0.02), (5, 0.5)], ids=["sliding", "spinning"])
def test_a_moving_block_is_no_success(placed, index, value):
    set_velocity(placed[0], "block", value, index)
    assert not any(judge(placed[0], 3 * HOLD_STEPS))


@pytest.mark.parametrize(("offset_m", "height_m"), [(0.0, 0.01), (0.032, 0.0)])
def test_a_block_above_or_beside_the_disc_is_no_success(placed, offset_m, height_m):
    task, things = placed
    things["block"].place(things["target"].position_w + np.array([offset_m, 0.0, height_m]), 0.0)
    assert not any(judge(task, 3 * HOLD_STEPS))


def test_a_block_held_at_the_disc_is_no_success_until_released():
    environment, task, things = make("pick_place")
    block, target = things["block"], things["target"]

    def is_held_there():
        away_w = block.position_w - target.position_w
        is_there = math.hypot(*away_w[:2]) < 0.02 and away_w[2] < 0.004
        return is_there and not is_released(task.world, block.geoms)

    expert, observation = run_until(environment, is_held_there)
    assert not any(hold(environment, expert))
    assert go_on(environment, expert, observation)


# --- stack and push_block ---


@pytest.mark.parametrize(("offset_m", "is_done"), [(0.0, True), (0.012, True), (0.016, False)])
def test_a_block_counts_as_stacked_over_the_middle_of_the_other(offset_m, is_done):
    _, task, things = make("stack")
    lower = things["lower"]
    things["upper"].place(lower.to_world((offset_m, 0.0, 0.0299)), lower.yaw_rad)
    assert judge(task) == (DONE if is_done else [False] * HOLD_STEPS)


def test_blocks_beside_each_other_are_not_stacked():
    _, task, things = make("stack")
    things["upper"].place(things["lower"].to_world((0.0299, 0.0, 0.0)), things["lower"].yaw_rad)
    assert not any(judge(task))


@pytest.mark.parametrize(("offset_m", "is_done"), [(0.028, True), (0.032, False)])
def test_a_pushed_block_is_there_within_three_centimetres(offset_m, is_done):
    _, task, things = make("push_block")
    things["block"].place(things["target"].position_w + np.array([0.0, offset_m, 0.0]), 0.0)
    assert judge(task) == (DONE if is_done else [False] * HOLD_STEPS)


# --- reach ---


def test_the_ball_hovers_everywhere_in_its_volume():
    _, task, things = make("reach")
    places = []
    for seed in range(400):
        task.reset(seed)
        places.append(things["target"].position_w)
    corners = [np.min(places, axis=0), np.max(places, axis=0)]
    np.testing.assert_allclose(corners, [(0.13, -0.12, 0.03), (0.24, 0.12, 0.11)], atol=0.003)


@pytest.mark.parametrize(
    ("offset_m", "joint_velocity", "is_done"),
    [(0.014, 0.0, True), (0.016, 0.0, False), (0.0, 0.2, False)],
    ids=["near", "far", "sweeping"],
)
def test_reached_is_near_and_still(offset_m, joint_velocity, is_done):
    _, task, things = make("reach")
    tool_w = task.world.site_position_w("tool").copy()
    things["target"].place(tool_w + np.array([0.0, offset_m, 0.0]), 0.0)
    set_velocity(task, "elbow_flex", joint_velocity)
    assert judge(task) == (DONE if is_done else [False] * HOLD_STEPS)


# --- press_button ---


def press(task, things, depth_m):
    things["button"].parts["cap"].place(depth_m)
    return judge(task)


def test_success_is_pressed_then_up_for_several_steps():
    _, task, things = make("press_button")
    assert not any(judge(task))
    assert not any(press(task, things, BUTTON_TRAVEL_M))
    assert press(task, things, 0.0) == DONE


def test_half_a_press_does_not_light_the_lamp():
    _, task, things = make("press_button")
    press(task, things, BUTTON_TRAVEL_M / 2)
    assert not any(press(task, things, 0.0))
    assert not things["button"].is_lit


def test_a_press_lights_the_lamp_until_the_next_episode():
    environment, task, things = make("press_button")
    lamp = [name for name, _ in task.state_channels].index("button_lamp")
    assert task.get_state()[lamp] == 0.0
    press(task, things, BUTTON_TRAVEL_M)
    assert task.get_state()[lamp] == 1.0
    environment.reset(seed=4)
    assert task.get_state()[lamp] == 0.0


def test_a_button_kept_down_is_no_success_until_the_hand_is_off():
    environment, _, things = make("press_button")
    button = things["button"]
    expert, observation = run_until(environment, lambda: button.parts["cap"].is_open)
    assert not any(hold(environment, expert))
    assert button.is_lit
    assert go_on(environment, expert, observation)


# --- drawers ---


@pytest.mark.parametrize(
    ("name", "enough_m", "too_little_m"),
    [
        ("open_drawer", OPEN_FROM_M + 0.001, OPEN_FROM_M - 0.001),
        ("close_drawer", CLOSED_TO_M - 0.001, CLOSED_TO_M + 0.001),
    ],
)
def test_a_drawer_counts_when_it_has_gone_far_enough(name, enough_m, too_little_m):
    _, task, things = make(name)
    drawer = things["cabinet"].parts["drawer"]
    drawer.place(too_little_m)
    assert not any(judge(task))
    drawer.place(enough_m)
    assert judge(task) == DONE


@pytest.mark.parametrize(("name", "opening_m"), [("open_drawer", 0.07), ("close_drawer", 0.0)])
def test_a_moving_drawer_is_no_success(name, opening_m):
    _, task, things = make(name)
    things["cabinet"].parts["drawer"].place(opening_m)
    set_velocity(task, "cabinet_drawer", 0.02)
    assert not any(judge(task, 3 * HOLD_STEPS))


def test_cabinets_and_drawers_start_all_over_their_ranges():
    _, task, things = make("close_drawer")
    places, yaws_rad, openings_m = [], [], []
    for seed in range(400):
        task.reset(seed)
        places.append(things["cabinet"].position_w[:2])
        yaws_rad.append(things["cabinet"].yaw_rad)
        openings_m.append(things["cabinet"].parts["drawer"].position)
    corners = [np.min(places, axis=0), np.max(places, axis=0)]
    np.testing.assert_allclose(corners, [(0.081, 0.149), (0.121, 0.189)], atol=0.002)
    spread_rad = [min(yaws_rad), max(yaws_rad)]
    np.testing.assert_allclose(spread_rad, np.radians([30.0, 60.0]), atol=0.01)
    np.testing.assert_allclose(
        [min(openings_m), max(openings_m)], [OPEN_FROM_M, TRAVEL_M], atol=0.001
    )


def test_a_drawer_held_open_is_no_success_until_released():
    environment, _, things = make("open_drawer")
    drawer = things["cabinet"].parts["drawer"]
    expert, observation = run_until(environment, lambda: drawer.position > 0.07)
    assert not any(hold(environment, expert))
    assert drawer.is_open
    assert drawer.is_still
    assert go_on(environment, expert, observation)


def put_block_in(task, things, opening_m):
    things["cabinet"].parts["drawer"].place(opening_m)
    task.world.forward()
    floor_w = task.scene.places["cabinet_drawer_region"].floor_w
    things["block"].place(floor_w, things["cabinet"].yaw_rad)


def test_success_is_the_block_in_the_closed_drawer():
    _, task, things = make("put_block_in_drawer")
    put_block_in(task, things, 0.05)
    assert not any(judge(task))
    put_block_in(task, things, 0.0)
    assert judge(task) == DONE


def test_the_closed_drawer_without_the_block_or_with_it_on_top_is_no_success():
    _, task, things = make("put_block_in_drawer")
    assert things["cabinet"].parts["drawer"].is_closed
    assert not any(judge(task))
    cabinet = things["cabinet"]
    things["block"].place(cabinet.to_world((0.0, 0.0, cabinet.category.size_m[2])), 0.0)
    assert not any(judge(task))


@pytest.mark.parametrize("moving", ["block", "cabinet_drawer"])
def test_nothing_may_move_in_the_end(moving):
    _, task, things = make("put_block_in_drawer")
    put_block_in(task, things, 0.0)
    set_velocity(task, moving, 0.02)
    assert not any(judge(task))


def test_the_expert_opens_puts_in_and_closes_in_that_order():
    environment, task, things = make("put_block_in_drawer")
    drawer, region = things["cabinet"].parts["drawer"], task.scene.places["cabinet_drawer_region"]
    seen = []

    def is_done():
        stage = (drawer.is_open, region.contains(things["block"].center_w))
        if stage not in seen[-1:]:
            seen.append(stage)
        return stage == (False, True) and drawer.is_closed

    run_until(environment, is_done)
    assert seen == [(False, False), (True, False), (True, True), (False, True)]


# --- layouts for other arms ---


def test_a_file_beside_lays_the_task_out_for_another_arm():
    task = make_task("desk", "pick_place")
    assert set(task.embodiment_names) == {"so101", "koch", "panda"}
    assert "pick_place.koch" not in get_suite("desk").task_ids
    assert make_task("desk", "stack").embodiment_names == ("so101",)
    with pytest.raises(IncompatibleError, match="laid out for so101, not for koch"):
        make("stack", "koch")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("koch_desk", "panda_desk", "desk of the arm that the file task.koch.bddl names"),
        ("koch_desk", "table", "desk of the arm that the file task.koch.bddl names"),
        ("block - small_red_block", "cube - small_red_block", "the same things and the same goal"),
    ],
)
def test_a_layout_of_another_task_is_refused(tmp_path, old, new, words):
    folder = get_suite("desk").folder
    (tmp_path / "task.bddl").write_text((folder / "pick_place.bddl").read_text())
    text = (folder / "pick_place.koch.bddl").read_text().replace(old, new)
    text = text.replace("On block", "On cube") if "cube" in new else text
    text = text.replace("obj_of_interest block", "obj_of_interest cube") if "cube" in new else text
    (tmp_path / "task.koch.bddl").write_text(text)
    with pytest.raises(BddlError, match=words):
        BddlTask(tmp_path / "task.bddl")
