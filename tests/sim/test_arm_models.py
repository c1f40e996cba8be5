import math

import mujoco
import numpy as np
import pytest

from robolearn.environment import Environment
from robolearn.rollout import run_episode
from robolearn.sim.arm_model import SERVO_BANDWIDTH_HZ
from robolearn.sim.hands import PAD_THICKNESS_M, PARALLEL_GAP_M
from robolearn.sim.models import get_body_model, koch, so101
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.suites import make_task
from robolearn.sim.world import World
from robolearn.testing import check_environment, check_robot


@pytest.fixture(scope="module", params=["so101", "koch"])
def body(request):
    return get_body_model(request.param)


@pytest.fixture(scope="module")
def world(body):
    return World(body, lambda spec: None, body.physics)


def set_arm(world, joint_pos):
    for name, value in zip(world.embodiment.chain.joint_names, joint_pos, strict=True):
        world.joint(name).place(value)
    world.forward()


def test_tool_site_agrees_with_the_chain(body, world):
    rng, chain = np.random.default_rng(0), body.arm.chain
    for _ in range(20):
        joint_pos = rng.uniform(chain.lower_rad, chain.upper_rad)
        set_arm(world, joint_pos)
        position_b, rotation = chain.compute_tool_pose(joint_pos)
        site = world.data.site("tool")
        np.testing.assert_allclose(site.xpos, position_b, atol=1e-9)
        np.testing.assert_allclose(site.xmat.reshape(3, 3), rotation, atol=1e-9)


def test_jacobian_agrees_with_mujoco(body, world):
    joint_pos = np.array([0.4, -0.3, 0.5, 0.9, -1.0])
    set_arm(world, joint_pos)
    linear, angular = np.zeros((2, 3, world.model.nv))
    mujoco.mj_jacSite(world.model, world.data, linear, angular, world.data.site("tool").id)
    expected = np.vstack([linear, angular])[:, :5]
    np.testing.assert_allclose(body.arm.chain.compute_jacobian(joint_pos), expected, atol=1e-9)


def test_masses_limits_and_servos_are_the_constants(body, world):
    arm, model = body.arm, world.model
    for link, mass_kg in body.link_masses_kg.items():
        assert model.body(link).mass[0] == pytest.approx(mass_kg)
    limits = np.array([arm.chain.lower_rad, arm.chain.upper_rad]).T.tolist()
    limits.append([arm.gripper_closed, arm.gripper_open])
    channels = zip(arm.action_spec.channels, body.servos, limits, strict=True)
    for name, servo, limits_rad in channels:
        actuator, joint = model.actuator(name), model.joint(name)
        np.testing.assert_allclose(joint.range, limits_rad)
        np.testing.assert_allclose(actuator.ctrlrange, limits_rad)
        assert actuator.gainprm[0] == pytest.approx(servo.stiffness)
        assert actuator.forcerange[1] == -actuator.forcerange[0] == servo.force_limit
        assert joint.damping[0] == servo.damping


def test_the_servos_are_as_strong_as_their_data_sheets_say():
    assert so101.STS3215.stall_force == pytest.approx(2.943)  # 30 kg cm
    assert koch.XL430.stall_force == 1.5
    assert koch.XL330.stall_force == 0.52
    # What the torque falls by up to the no-load speed.
    assert koch.XL330.damping * 103 * 2 * math.pi / 60 == pytest.approx(0.52)


def test_servos_answer_with_the_bandwidth_their_stiffness_was_derived_from(world):
    set_arm(world, [0.0, 0.0, 0.3, 1.0, 0.0])
    inertia = np.zeros((world.model.nv, world.model.nv))
    mujoco.mj_fullM(world.model, inertia, world.data.qM)
    stiffness = world.model.actuator("shoulder_lift").gainprm[0]
    lift = world.model.joint("shoulder_lift").dofadr[0]
    bandwidth_hz = math.sqrt(stiffness / inertia[lift, lift]) / (2 * math.pi)
    assert bandwidth_hz == pytest.approx(SERVO_BANDWIDTH_HZ, rel=0.2)


def test_pads_are_parallel_at_the_width_of_a_block_and_nearly_meet_when_closed(body, world):
    model, data = world.model, world.data
    jaw, finger = find_pads(world)
    world.joint("gripper").place(body.hand.jaw_parallel_rad)
    world.forward()
    axes = data.geom_xmat[[jaw, finger]].reshape(2, 3, 3)
    np.testing.assert_allclose(axes[0], axes[1], atol=1e-9)
    apart = (data.geom_xpos[jaw] - data.geom_xpos[finger]) @ axes[0][:, 2]
    assert apart - PAD_THICKNESS_M == pytest.approx(PARALLEL_GAP_M)
    world.joint("gripper").place(body.arm.gripper_closed)
    world.forward()
    gap_m = mujoco.mj_geomDistance(model, data, jaw, finger, 0.1, None)
    assert 0.0 <= gap_m < 0.004


def find_pads(world):
    """The geoms of jaw and fixed finger."""
    collides = world.model.geom_contype > 0
    return [np.flatnonzero(world.geoms_of([name]) & collides)[-1] for name in ("jaw", "gripper")]


def test_the_grasp_opening_takes_a_block_with_room(body, world):
    arm = body.arm
    world.joint("gripper").place(arm.gripper_closed + arm.grasp_opening * arm.gripper_range)
    world.forward()
    jaw, finger = find_pads(world)
    tips = [
        world.data.geom_xpos[geom]
        + world.data.geom_xmat[geom].reshape(3, 3)[:, 0] * world.model.geom_size[geom, 0]
        for geom in (jaw, finger)
    ]
    assert 0.055 < np.linalg.norm(tips[0] - tips[1]) < 0.085


@pytest.mark.parametrize("name", ["home_position", "rest_position"])
def test_where_it_waits_is_within_its_limits_and_over_the_table(body, world, name):
    position = np.array(getattr(body.arm, name))
    body.arm.action_spec.validate(np.float32(position))
    set_arm(world, position[:-1])
    world.joint("gripper").place(body.arm.gripper_closed + position[-1] * body.arm.gripper_range)
    world.forward()
    for pad in find_pads(world):
        rotation = world.data.geom_xmat[pad].reshape(3, 3)
        lowest_m = world.data.geom_xpos[pad, 2] - np.abs(rotation[2]) @ world.model.geom_size[pad]
        assert lowest_m > 0.002


def test_it_keeps_the_contract_of_a_robot(body):
    check_robot(MujocoRobot(body))


def test_it_keeps_the_contract_of_an_environment(body):
    def make():
        task = make_task("desk", "pick_place", name="pick_place", time_limit_s=2.0)
        return Environment(MujocoRobot(body), task)

    check_environment(make)


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", [5000, 7000])
def test_the_expert_picks_and_places_nearly_always(body, first_seed):
    task = make_task("desk", "pick_place", name="pick_place", time_limit_s=8.0)
    environment = Environment(MujocoRobot(body), task)
    expert = task.make_expert()
    seeds = range(first_seed, first_seed + 50)
    results = [run_episode(environment, expert, seed=seed) for seed in seeds]
    assert sum(result.success for result in results) >= 49
