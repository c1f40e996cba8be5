"""The Panda's data against geometry written down elsewhere."""

import math

import numpy as np
import pytest

from robolearn.embodiments.panda import CHAIN, PANDA

# Denavit-Hartenberg parameters (Craig) of the maker: a [m], d [m], alpha [rad] of each joint
# (frankaemika.github.io/docs/control_parameters.html); the flange follows 0.107 m behind joint 7.
MAKERS_PARAMETERS = (
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -math.pi / 2),
    (0.0, 0.316, math.pi / 2),
    (0.0825, 0.0, math.pi / 2),
    (-0.0825, 0.384, -math.pi / 2),
    (0.0, 0.0, math.pi / 2),
    (0.088, 0.0, math.pi / 2),
)


def compute_joint7_by_the_maker(joint_pos):
    """Origin of joint 7 and direction of its axis."""
    pose = np.eye(4)
    for (a, d, alpha), angle in zip(MAKERS_PARAMETERS, joint_pos, strict=True):
        cos, sin, cos_a, sin_a = math.cos(angle), math.sin(angle), math.cos(alpha), math.sin(alpha)
        pose = pose @ np.array(
            [
                [cos, -sin, 0.0, a],
                [sin * cos_a, cos * cos_a, -sin_a, -d * sin_a],
                [sin * sin_a, cos * sin_a, cos_a, d * cos_a],
                [0.0, 0.0, 0.0, 1.0],
            ]
        )
    return pose[:3, 3], pose[:3, 2]


def test_the_chain_agrees_with_the_makers_parameters():
    rng = np.random.default_rng(0)
    for _ in range(20):
        joint_pos = rng.uniform(CHAIN.lower_rad, CHAIN.upper_rad)
        origin_b, ahead_b = compute_joint7_by_the_maker(joint_pos)
        tool_b, rotation = CHAIN.compute_tool_pose(joint_pos)
        np.testing.assert_allclose(rotation[:, 0], ahead_b, atol=1e-9)
        np.testing.assert_allclose(tool_b, origin_b + 0.2035 * ahead_b, atol=1e-9)


def test_at_home_the_hand_points_down_over_the_table_with_the_fingers_left_and_right():
    PANDA.action_spec.validate(np.float32(PANDA.home_position))
    tool_b, rotation = CHAIN.compute_tool_pose(np.array(PANDA.home_position[:7]))
    np.testing.assert_allclose(tool_b, [0.46, 0.0, 0.26], atol=1e-3)
    np.testing.assert_allclose(rotation[:, 0], [0.0, 0.0, -1.0], atol=1e-3)
    np.testing.assert_allclose(rotation[:, 2], [0.0, 1.0, 0.0], atol=1e-3)


def test_it_is_commanded_as_every_arm_is():
    assert PANDA.action_spec.channels == (*CHAIN.joint_names, "gripper")
    assert PANDA.action_spec.units == ("rad",) * 7 + ("1",)
    assert PANDA.control_period_s == pytest.approx(0.05)
    assert [camera.name for camera in PANDA.cameras] == ["front", "wrist"]
