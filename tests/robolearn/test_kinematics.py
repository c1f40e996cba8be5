import dataclasses

import numpy as np
import pytest

from robolearn.embodiments.so101 import CHAIN
from robolearn.errors import SpecError
from robolearn.kinematics import SerialChain

RNG = np.random.default_rng(0)


def draw_joint_pos(scale=1.0):
    return RNG.uniform(CHAIN.lower_rad, CHAIN.upper_rad) * scale


def test_tool_pose_agrees_with_the_makers_model():
    # `gripperframe` of TheRobotStudio/SO-ARM100 so101_new_calib.xml, computed with MuJoCo and moved
    # to the pan axis. It lies 7.9 mm beside the roll axis and 10 mm ahead of our tool point.
    joint_pos, reference_b = np.array([0.3, 0.2, 0.4, 0.5, 0.7]), [0.2480, -0.0821, 0.0048]
    position_b, rotation = CHAIN.compute_tool_pose(joint_pos)
    tip_b = position_b + 0.01 * rotation[:, 0]
    beside = np.array(reference_b) - tip_b
    assert np.linalg.norm(beside) == pytest.approx(0.0079, abs=0.001)
    assert abs(beside @ rotation[:, 0]) < 0.001


def test_rotation_is_orthonormal():
    _, rotation = CHAIN.compute_tool_pose(draw_joint_pos())
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_jacobian_agrees_with_finite_differences():
    step = 1e-6
    for _ in range(20):
        joint_pos = draw_joint_pos()
        jacobian = CHAIN.compute_jacobian(joint_pos)
        for joint in range(CHAIN.num_joints):
            nudge = step * np.eye(CHAIN.num_joints)[joint]
            ahead, ahead_rotation = CHAIN.compute_tool_pose(joint_pos + nudge)
            behind, behind_rotation = CHAIN.compute_tool_pose(joint_pos - nudge)
            turn = (ahead_rotation @ behind_rotation.T - behind_rotation @ ahead_rotation.T) / (
                4 * step
            )
            angular = [turn[2, 1], turn[0, 2], turn[1, 0]]
            np.testing.assert_allclose(
                jacobian[:3, joint], (ahead - behind) / (2 * step), atol=1e-7
            )
            np.testing.assert_allclose(jacobian[3:, joint], angular, atol=1e-7)


def test_fields_of_unequal_length_are_refused():
    with pytest.raises(SpecError, match="2 joints"):
        SerialChain(("a", "b"), ((0, 0, 0),), ((0, 0, 1),), (0, 0, 0), (-1,), (1,))


def test_the_tool_turn_turns_the_hand_and_leaves_the_tool_point():
    turn = ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    turned, joint_pos = dataclasses.replace(CHAIN, tool_turn=turn), draw_joint_pos()
    position_b, rotation = CHAIN.compute_tool_pose(joint_pos)
    turned_position_b, turned_rotation = turned.compute_tool_pose(joint_pos)
    np.testing.assert_array_equal(turned_position_b, position_b)
    np.testing.assert_allclose(turned_rotation[:, 0], rotation[:, 1], atol=1e-12)
