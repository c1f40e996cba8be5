import math

import mujoco
import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.suites import get_suite

SHAPE_M, LINKS = 0.5, 20


@pytest.fixture(scope="module")
def environment():
    task = get_suite("cable_routing").make_task("one_clip")
    environment = Environment(MujocoRobot(get_body_model("panda")), task)
    yield environment
    environment.close()


@pytest.fixture
def world(environment):
    environment.reset(seed=0)
    return environment.task.world


@pytest.fixture
def cable(environment, world):
    return environment.task.scene.cables["cable_1"]


@pytest.fixture
def clip(environment, world):
    return environment.task.scene.things["clip_1"]


def run(world, seconds):
    world.advance(round(seconds / world.timestep_s))
    world.forward()


def bend(cable, world, turn_rad):
    """Turns every link but the first against the one before, about the vertical."""
    half = turn_rad / 2
    for index in range(1, LINKS):
        start = world.model.joint(f"cable_1_{index}").qposadr[0]
        world.data.qpos[start : start + 4] = (math.cos(half), 0, 0, math.sin(half))
    world.forward()


def lay_straight(cable, world, x, y, z, yaw_rad):
    """Puts the socket where the cable, laid straight, leaves it at that point."""
    away = np.array([math.cos(yaw_rad), math.sin(yaw_rad)]) * 0.020
    cable.socket.place((x - away[0], y - away[1], z - 0.003), yaw_rad)
    first = world.model.joint("cable_1_0").qposadr[0]
    world.data.qpos[first : first + 4] = (1, 0, 0, 0)
    bend(cable, world, 0.0)


def lay_through(cable, world, clip, *, aside_m=0.0, height_m=0.003):
    """Lays it straight along the clip's axis, so far beside the middle of the clip."""
    start = clip.to_world((-0.2, aside_m, height_m))
    lay_straight(cable, world, *start, clip.yaw_rad)


def is_routed(environment):
    (relation,) = environment.task.problem.goal
    return environment.task.judgement.holds(relation)


# --- stability ---


def test_what_is_laid_out_lies_still_for_two_seconds(environment, world, cable):
    for seed in range(5):
        environment.reset(seed=seed)
        start_w = cable.points_w
        run(world, 0.1)
        assert cable.is_settled
        run(world, 1.9)
        assert np.abs(cable.points_w - start_w).max() < 0.0003
        assert cable.speed_mps < 1e-4


def test_it_lies_on_the_table_and_touches_nothing_else_at_the_start(environment, world, cable):
    for seed in range(20):
        environment.reset(seed=seed)
        assert world.data.ncon == LINKS
        np.testing.assert_allclose(cable.points_w[:, 2], cable.radius_m, atol=1e-6)


def test_a_hard_kick_neither_breaks_nor_stretches_it_and_it_comes_to_rest(world, cable):
    lay_straight(cable, world, 0.66, 0.25, 0.003, -math.pi / 2)  # far from the table's edges
    rng = np.random.default_rng(1)
    dofs = world.model.joint("cable_1_0").dofadr[0]
    world.data.qvel[dofs : dofs + 3 * LINKS] = rng.uniform(-2, 2, 3 * LINKS)
    fastest = 0.0
    for _ in range(10):
        run(world, 0.01)
        fastest = max(fastest, cable.speed_mps)
    assert fastest > 0.5
    run(world, 2.0)
    assert np.isfinite(world.data.qpos).all()
    assert not any(warning.number for warning in world.data.warning)
    lengths_m = np.linalg.norm(np.diff(cable.points_w, axis=0), axis=1)
    np.testing.assert_allclose(lengths_m, SHAPE_M / LINKS, rtol=1e-6)
    assert cable.is_settled
    assert cable.points_w[:, 2].min() > 0.0


def test_bent_sharply_it_springs_back_and_then_rests(world, cable):
    bend(cable, world, 0.35)
    turn_rad = 0.35 * (LINKS - 1)
    run(world, 1.5)
    directions_w = np.diff(cable.points_w, axis=0)
    angles_rad = np.unwrap(np.arctan2(directions_w[:, 1], directions_w[:, 0]))
    assert abs(angles_rad[-1] - angles_rad[0]) < 0.95 * turn_rad
    run(world, 1.0)
    assert cable.is_settled


def test_hanging_free_it_sags_like_a_soft_cable(world, cable):
    lay_straight(cable, world, 0.5, -0.5, 0.7, 0.0)  # beside the arm
    run(world, 20.0)  # a pendulum until then
    tip_w = cable.points_w[-1]
    assert 0.7 - 0.5 < tip_w[2] < 0.7 - 0.45
    assert np.isfinite(world.data.qvel).all()


# --- its line ---


def test_points_are_those_of_the_links_and_the_tip(world, cable):
    assert cable.points_w.shape == (LINKS + 1, 3)
    assert cable.length_m == pytest.approx(SHAPE_M)
    np.testing.assert_allclose(cable.points_w[3], world.data.body("cable_1_3").xpos)
    np.testing.assert_allclose(cable.tracked_points_w[-1], cable.points_w[-1])


def test_a_point_at_an_arc_length_is_found_again(cable):
    for arc_m in (0.0, 0.013, 0.25, 0.487):
        point_w, along_w = cable.find_point(arc_m)
        assert np.linalg.norm(along_w) == pytest.approx(1.0)
        found_m, distance_m = cable.find_nearest(point_w + np.array([0.0, 0.0, 0.004]))
        assert found_m == pytest.approx(arc_m, abs=1e-6)
        assert distance_m == pytest.approx(0.004)


def test_speed_is_that_of_the_fastest_point(world, cable):
    lay_straight(cable, world, 0.5, 0.2, 0.003, -math.pi / 2)
    first = world.model.joint("cable_1_0").dofadr[0]
    world.data.qvel[first : first + 3] = (0.0, 0.0, 0.5)
    mujoco.mj_forward(world.model, world.data)
    last_joint_m = SHAPE_M - SHAPE_M / LINKS
    assert cable.speed_mps == pytest.approx(0.5 * last_joint_m, rel=1e-6)


# --- the predicate ---


def test_through_the_gap_and_low_is_routed(environment, world, cable, clip):
    lay_through(cable, world, clip)
    assert is_routed(environment)
    ((arc_m, crossing_t),) = cable.find_crossings(clip)
    assert arc_m == pytest.approx(0.2)
    np.testing.assert_allclose(crossing_t, (0.0, 0.0, 0.003), atol=1e-6)


@pytest.mark.parametrize(
    ("aside_m", "height_m", "expected"),
    [
        (0.0044, 0.003, True),
        (0.0046, 0.003, False),
        (-0.02, 0.003, False),
        (0.0, 0.0159, True),
        (0.0, 0.0161, False),  # in the gap, but less than 2 mm below the walls' top
        (0.0, 0.030, False),
    ],
)
def test_it_must_be_in_the_gap_and_below_its_top(
    environment, world, cable, clip, aside_m, height_m, expected
):
    lay_through(cable, world, clip, aside_m=aside_m, height_m=height_m)
    assert is_routed(environment) is expected


def test_a_cable_that_ends_before_the_clip_is_not_routed(environment, world, cable, clip):
    lay_straight(cable, world, *clip.to_world((-0.51, 0.0, 0.003)), clip.yaw_rad)
    assert not cable.find_crossings(clip)
    assert not is_routed(environment)


def test_a_cable_that_still_moves_is_not_routed(environment, world, cable, clip):
    lay_through(cable, world, clip)
    last = world.model.joint(f"cable_1_{LINKS - 2}").dofadr[0]
    world.data.qvel[last + 2] = 2.0
    world.forward()
    assert not is_routed(environment)


def test_a_cable_that_the_hand_touches_is_not_routed(environment, world, cable, clip):
    lay_through(cable, world, clip)
    assert is_routed(environment)
    fingers_w = world.data.site("tool").xpos - np.array([0.0, 0.0, 0.005])
    clip.place(fingers_w - np.array([0.0, 0.0, 0.003]), clip.yaw_rad)
    world.forward()
    lay_through(cable, world, clip)
    finger = world.joint("gripper")
    finger.place(0.003)
    world.joint("other_finger").place(0.003)
    world.forward()
    assert world.touches(world.robot_geoms, cable.geoms)
    assert not is_routed(environment)


def test_in_the_hand_it_is_routed_for_the_loose_judgement_alone():
    task = get_suite("cable_routing").make_task("one_clip", judgement="loose")
    environment = Environment(MujocoRobot(get_body_model("panda")), task)
    environment.reset(seed=0)
    world, cable = task.world, task.scene.cables["cable_1"]
    lay_through(cable, world, task.scene.things["clip_1"])
    world.data.qvel[world.model.joint("cable_1_9").dofadr[0] + 2] = 2.0
    world.forward()
    assert is_routed(environment)
