import math

import mujoco
import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.rollout import run_episode
from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.models.panda import INERTIAS, PandaModel
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.scene import CONTACT_SOLIMP, CONTACT_SOLREF, FRICTION, add_block
from robolearn.sim.suites import make_task
from robolearn.testing import check_environment, check_robot

PERIOD_S = 0.05
SHAKE_M = np.array([0.0, 0.02, 0.01])  # at 1 Hz


def add_cube(spec):
    add_block(spec, "thing", (0.025,) * 3, (0.8, 0.1, 0.1, 1.0), 0.1)


def add_mug(spec):
    """A cylinder 7 cm wide and 9 cm high."""
    body = spec.worldbody.add_body(name="thing")
    body.add_freejoint(name="thing")
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=(0.035, 0.045, 0.0),
        mass=0.2,
        condim=4,
        friction=FRICTION,
        solref=CONTACT_SOLREF,
        solimp=CONTACT_SOLIMP,
    )


@pytest.fixture
def robot():
    robot = MujocoRobot(PandaModel())
    robot.connect()
    return robot


def run(robot, actions):
    for action in actions:
        robot.send_action(action)
        robot.clock.sleep_until(robot.clock.now_s() + PERIOD_S)


def set_arm(world, joint_pos):
    for name, value in zip(world.embodiment.chain.joint_names, joint_pos, strict=True):
        world.joint(name).place(value)
    world.forward()


def test_tool_site_and_jacobian_agree_with_the_chain(robot):
    rng, world = np.random.default_rng(0), robot.world
    chain = world.embodiment.chain
    for _ in range(20):
        joint_pos = rng.uniform(chain.lower_rad, chain.upper_rad)
        set_arm(world, joint_pos)
        position_b, rotation = chain.compute_tool_pose(joint_pos)
        site = world.data.site("tool")
        np.testing.assert_allclose(site.xpos, position_b, atol=1e-9)
        np.testing.assert_allclose(site.xmat.reshape(3, 3), rotation, atol=1e-9)
        linear, angular = np.zeros((2, 3, world.model.nv))
        mujoco.mj_jacSite(world.model, world.data, linear, angular, site.id)
        expected = np.vstack([linear, angular])[:, :7]
        np.testing.assert_allclose(chain.compute_jacobian(joint_pos), expected, atol=1e-9)


def test_masses_inertias_and_limits_are_the_constants(robot):
    model, body = robot.world.model, robot.body
    for link, mass_kg in body.link_masses_kg.items():
        assert model.body(link).mass[0] == pytest.approx(mass_kg)
    for link, (centre_m, inertia) in INERTIAS.items():
        # MuJoCo sorts principal moments; none of the products is lost.
        np.testing.assert_allclose(sorted(model.body(link).inertia), sorted(inertia))
        np.testing.assert_allclose(model.body(link).ipos, centre_m)
    chain = body.arm.chain
    for name, low, high in zip(chain.joint_names, chain.lower_rad, chain.upper_rad, strict=True):
        np.testing.assert_allclose(model.joint(name).range, (low, high))
        np.testing.assert_allclose(model.actuator(name).ctrlrange, (low, high))


def test_the_fingers_open_alike_on_both_sides_of_the_tool(robot):
    world = robot.world
    for opening in (0.25, 0.9):
        action = np.float32([*world.embodiment.home_position[:7], opening])
        run(robot, [action] * 20)
        gaps = [world.joint(name).position for name in ("gripper", "other_finger")]
        np.testing.assert_allclose(gaps, 0.04 * opening, atol=5e-4)
    assert mujoco.mj_geomDistance(world.model, world.data, *find_fingers(world), 0.1, None) == (
        pytest.approx(0.9 * 0.08, abs=1e-3)
    )


def find_fingers(world):
    """The geoms of both fingers."""
    return [int(np.flatnonzero(world.geoms_of([n]))[0]) for n in ("finger", "other_finger")]


def test_only_the_hand_its_fingers_and_the_table_collide(robot):
    world = robot.world
    colliding = np.flatnonzero(world.model.geom_contype > 0)
    bodies = {world.model.body(world.model.geom_bodyid[geom]).name for geom in colliding}
    assert bodies == {"world", "hand", "finger", "other_finger"}
    world.forward()
    assert world.data.ncon == 0


def test_an_action_is_reached_without_swinging(robot):
    home = np.float32(robot.world.embodiment.home_position)
    target = home + np.float32([0.3, 0.1, -0.2, 0.2, 0.3, -0.2, 0.3, -0.5])
    overshoot = np.zeros(7)
    for _ in range(30):
        run(robot, [target])
        state = robot.get_observation().values["observation.state"]
        beyond = (state - target) * np.sign(target - home)
        overshoot = np.maximum(overshoot, beyond[:7])
    np.testing.assert_allclose(state, target, atol=5e-3)
    assert overshoot.max() < 0.06


@pytest.mark.parametrize("add_thing", [add_cube, add_mug])
def test_a_grasp_holds_still_for_8_s_and_when_shaken_for_8_s(add_thing):
    robot = MujocoRobot(PandaModel())
    world = robot.load_scene(add_thing)
    thing = world.free_body("thing")
    thing.place((0.5, 0.05, 0.025 if add_thing is add_cube else 0.045))
    arm = ArmSkills(world)
    grasp_w = thing.position_w + np.array([0.0, 0.0, 0.01])
    lifted_w = grasp_w + np.array([0.0, 0.0, 0.2])
    run(robot, arm.move(grasp_w + np.array([0.0, 0.0, 0.12])))
    run(robot, arm.move(grasp_w))
    run(robot, arm.close_gripper())
    run(robot, arm.move(lifted_w))
    run(robot, arm.wait(20))
    start_m = find_in_hand(world)
    run(robot, arm.wait(160))
    assert np.linalg.norm(find_in_hand(world) - start_m) < 2e-4
    for step in range(160):
        arm.position_w = lifted_w + SHAKE_M * math.sin(2 * math.pi * step * PERIOD_S)
        run(robot, [arm.make_action()])
    arm.position_w = lifted_w
    run(robot, arm.wait(10))
    assert np.linalg.norm(find_in_hand(world) - start_m) < 1e-3
    assert thing.position_w[2] > 0.2


def find_in_hand(world):
    """Where the thing is, in the tool's frame [m]."""
    site = world.data.site("tool")
    return site.xmat.reshape(3, 3).T @ (world.data.body("thing").xpos - site.xpos)


def test_the_hand_turns_where_it_is_told_to_point(robot):
    arm = ArmSkills(robot.world)
    run(robot, arm.move([0.45, 0.1, 0.3], pitch_rad=1.0, azimuth_rad=1.2))
    run(robot, arm.wait(10))
    ahead = robot.world.data.site("tool").xmat.reshape(3, 3)[:, 0]
    assert math.atan2(ahead[1], ahead[0]) == pytest.approx(1.2, abs=0.02)
    assert math.asin(-ahead[2]) == pytest.approx(1.0, abs=0.02)
    run(robot, arm.move([0.5, -0.2, 0.2]))
    assert arm.azimuth_rad is None
    run(robot, arm.wait(10))
    site = robot.world.data.site("tool")
    np.testing.assert_allclose(site.xpos, [0.5, -0.2, 0.2], atol=3e-3)
    assert site.xmat.reshape(3, 3)[2, 0] < -0.999


def test_it_keeps_the_contract_of_a_robot():
    check_robot(MujocoRobot(PandaModel()))


def test_it_keeps_the_contract_of_an_environment():
    def make():
        task = make_task("desk", "pick_place", name="pick_place", time_limit_s=2.0)
        return Environment(MujocoRobot(PandaModel()), task)

    check_environment(make)


@pytest.mark.gl
def test_the_cameras_see_what_they_are_for():
    with MujocoRobot(PandaModel(), cameras=("front", "wrist")) as robot:
        robot.load_scene(add_cube)
        robot.world.free_body("thing").place((0.46, 0.0, 0.025))
        robot.world.forward()
        values = robot.get_observation().values
        for camera in ("front", "wrist"):
            image = values[f"observation.images.{camera}"].astype(int)
            assert image.shape == (128, 128, 3)
            red = (image[..., 0] > 2 * image[..., 1]) & (image[..., 0] > 80)
            assert red.sum() > 15


@pytest.mark.slow
def test_the_expert_picks_and_places_nearly_always():
    task = make_task("desk", "pick_place", name="pick_place", time_limit_s=8.0)
    environment = Environment(MujocoRobot(PandaModel()), task)
    expert = task.make_expert()
    results = [run_episode(environment, expert, seed=seed) for seed in range(5000, 5050)]
    assert sum(result.success for result in results) >= 49
