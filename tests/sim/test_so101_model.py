import math

import mujoco
import numpy as np
import pytest

from robolearn.embodiments import so101
from robolearn.embodiments.so101 import CHAIN, SO101
from robolearn.sim.models import so101 as model_constants
from robolearn.sim.models.so101 import LINK_MASSES_KG, So101Model
from robolearn.sim.physics import Physics
from robolearn.sim.world import World


@pytest.fixture(scope="module")
def world():
    return World(So101Model(), lambda spec: None, Physics())


def set_arm(world, joint_pos):
    for name, value in zip(so101.ARM_JOINTS, joint_pos, strict=True):
        world.joint(name).place(value)
    world.forward()


def test_tool_site_agrees_with_the_chain(world):
    rng = np.random.default_rng(0)
    for _ in range(20):
        joint_pos = rng.uniform(CHAIN.lower_rad, CHAIN.upper_rad)
        set_arm(world, joint_pos)
        position_b, rotation = CHAIN.compute_tool_pose(joint_pos)
        site = world.data.site("tool")
        np.testing.assert_allclose(site.xpos, position_b, atol=1e-9)
        np.testing.assert_allclose(site.xmat.reshape(3, 3), rotation, atol=1e-9)


def test_jacobian_agrees_with_mujoco(world):
    joint_pos = np.array([0.4, -0.3, 0.5, 0.9, -1.0])
    set_arm(world, joint_pos)
    linear, angular = np.zeros((2, 3, world.model.nv))
    mujoco.mj_jacSite(world.model, world.data, linear, angular, world.data.site("tool").id)
    expected = np.vstack([linear, angular])[:, :5]
    np.testing.assert_allclose(CHAIN.compute_jacobian(joint_pos), expected, atol=1e-9)


def test_masses_limits_and_servos_are_the_constants(world):
    model = world.model
    for link, mass_kg in LINK_MASSES_KG.items():
        assert model.body(link).mass[0] == pytest.approx(mass_kg)
    for index, name in enumerate(so101.ARM_JOINTS):
        limits = [SO101.action_spec.low[index], SO101.action_spec.high[index]]
        np.testing.assert_allclose(model.joint(name).range, limits, atol=1e-6)
        servo = model.actuator(name)
        assert servo.gainprm[0] == pytest.approx(model_constants.SERVO_STIFFNESS_NM)
        np.testing.assert_allclose(servo.forcerange, [-2.943, 2.943])
        np.testing.assert_allclose(servo.ctrlrange, limits, atol=1e-6)
    assert model.joint("gripper").range == pytest.approx([-0.1745, 1.7453])


def test_servos_answer_with_the_bandwidth_their_stiffness_was_derived_from(world):
    set_arm(world, [0.0, 0.0, 0.3, 1.0, 0.0])
    inertia = np.zeros((world.model.nv, world.model.nv))
    mujoco.mj_fullM(world.model, inertia, world.data.qM)
    stiffness = world.model.actuator("shoulder_lift").gainprm[0]
    lift = world.model.joint("shoulder_lift").dofadr[0]
    bandwidth_hz = math.sqrt(stiffness / inertia[lift, lift]) / (2 * math.pi)
    assert bandwidth_hz == pytest.approx(model_constants.SERVO_BANDWIDTH_HZ, rel=0.2)


def test_pads_are_parallel_at_the_width_of_a_block_and_nearly_meet_when_closed(world):
    jaw, finger = (world.model.geom(i).id for i in np.flatnonzero(world.robot_geoms)[[2, 1]])
    world.joint("gripper").place(model_constants.JAW_PARALLEL_RAD)
    world.forward()
    axes = world.data.geom_xmat[[jaw, finger]].reshape(2, 3, 3)
    np.testing.assert_allclose(axes[0], axes[1], atol=1e-9)
    apart = (world.data.geom_xpos[jaw] - world.data.geom_xpos[finger]) @ axes[0][:, 2]
    assert apart - 0.008 == pytest.approx(0.030)
    world.joint("gripper").place(so101.JAW_CLOSED_RAD)
    world.forward()
    gap_m = mujoco.mj_geomDistance(world.model, world.data, jaw, finger, 0.1, None)
    assert 0.0 <= gap_m < 0.004


def test_home_is_within_the_action_spec():
    SO101.action_spec.validate(np.float32(SO101.home_position))
    SO101.action_spec.validate(np.array(SO101.rest_position, np.float32))
