"""Laws of the seven-joint solver, tried on the Panda over its table."""

import math
import time

import numpy as np
import pytest

from robolearn.embodiments.panda import CHAIN, HOME_RAD, PANDA
from robolearn.redundant_arm import compute_turn, make_rotation

DOWN = math.pi / 2
HOME = np.array(HOME_RAD)
TABLE_LOW_M, TABLE_HIGH_M = (0.3, -0.45, 0.0), (0.85, 0.45, 0.5)


@pytest.fixture(scope="module")
def solver():
    return PANDA.make_inverse_kinematics()


def rotate(axis, angle_rad):
    turn = np.eye(3)
    first, second = [(1, 2), (2, 0), (0, 1)][axis]
    turn[first, first] = turn[second, second] = math.cos(angle_rad)
    turn[second, first], turn[first, second] = math.sin(angle_rad), -math.sin(angle_rad)
    return turn


def is_there(joint_pos, position_b, azimuth_rad, pitch_rad, roll_rad):
    """Whether forward kinematics finds the hand where it was wanted, within the joint limits."""
    tool_b, rotation = CHAIN.compute_tool_pose(joint_pos)
    turn = rotate(2, azimuth_rad) @ rotate(1, pitch_rad) @ rotate(0, -roll_rad)
    within = (joint_pos >= CHAIN.lower_rad).all() and (joint_pos <= CHAIN.upper_rad).all()
    return (
        within and np.abs(tool_b - position_b).max() < 1e-4 and np.abs(rotation - turn).max() < 1e-3
    )


def test_the_rotation_is_the_product_of_its_three_turns():
    expected = rotate(2, 0.3) @ rotate(1, 0.9) @ rotate(0, 0.5)
    np.testing.assert_allclose(make_rotation(0.3, 0.9, -0.5), expected, atol=1e-12)


def test_a_turn_is_its_axis_times_its_angle():
    for angle_rad in (1e-12, 1e-4, 1.0, 3.0):
        np.testing.assert_allclose(
            compute_turn(rotate(1, angle_rad)), [0, angle_rad, 0], atol=1e-10
        )


def test_pointing_down_every_reachable_point_over_the_table_is_reached_with_any_roll(solver):
    rng, num_reachable = np.random.default_rng(0), 0
    for _ in range(600):
        position_b, roll_rad = rng.uniform(TABLE_LOW_M, TABLE_HIGH_M), rng.uniform(0.0, math.pi)
        azimuth_rad = math.atan2(position_b[1], position_b[0])
        # From the shoulder to the wrist, 88 mm nearer than the hand and 0.2035 m above the tool.
        wrist_m = math.hypot(math.hypot(*position_b[:2]) - 0.088, position_b[2] + 0.2035 - 0.333)
        solution = solver.solve(position_b, DOWN, roll_rad, HOME)
        if wrist_m < 0.71:
            num_reachable += 1
            assert solution.pitch_rad == DOWN
            assert is_there(solution.joint_pos, position_b, azimuth_rad, DOWN, roll_rad)
        elif solution.pitch_rad < DOWN:
            pose = (azimuth_rad, solution.pitch_rad, roll_rad)
            assert is_there(solution.joint_pos, position_b, *pose)
    assert num_reachable > 350


def test_a_tilted_hand_points_where_it_is_told(solver):
    rng, num_tried, num_reached = np.random.default_rng(1), 0, 0
    for _ in range(300):
        position_b = rng.uniform(TABLE_LOW_M, (0.7, 0.45, 0.5))
        angles = rng.uniform((-DOWN, 0.0, 0.0), (DOWN, DOWN, math.pi))
        azimuth_rad, pitch_rad, roll_rad = angles.tolist()
        if solver.relax_pitch(position_b, pitch_rad, azimuth_rad) != pitch_rad:
            continue
        num_tried += 1
        solution = solver.solve(position_b, pitch_rad, roll_rad, HOME, azimuth_rad)
        num_reached += is_there(solution.joint_pos, position_b, *angles)
    # The rest meets a limit of joint 4 or 6 (a level hand near the base), or needs another branch.
    assert num_tried > 250
    assert num_reached > 0.8 * num_tried


def test_inverse_of_forward_is_the_same_pose(solver):
    rng = np.random.default_rng(2)
    for _ in range(100):
        joint_pos = HOME + rng.uniform(-0.4, 0.4, 7)
        position_b, rotation = CHAIN.compute_tool_pose(joint_pos)
        azimuth_rad, pitch_rad, roll_rad = solver.compute_angles(joint_pos)
        np.testing.assert_allclose(
            make_rotation(azimuth_rad, pitch_rad, roll_rad), rotation, atol=1e-9
        )
        start = joint_pos + rng.uniform(-0.1, 0.1, 7)
        solution = solver.solve(position_b, pitch_rad, roll_rad, start, azimuth_rad)
        assert is_there(solution.joint_pos, position_b, azimuth_rad, pitch_rad, roll_rad)


def test_a_hand_straight_down_has_no_azimuth(solver):
    azimuth_rad, pitch_rad, roll_rad = solver.compute_angles(HOME)
    assert azimuth_rad is None
    assert pitch_rad == pytest.approx(DOWN, abs=1e-4)
    assert roll_rad == pytest.approx(DOWN, abs=1e-4)


def test_a_path_of_small_steps_never_jumps_and_keeps_the_elbow_in_its_plane(solver):
    joint_pos, largest_rad = HOME, 0.0
    for share in np.linspace(0.0, 1.0, 400):
        turn = 2 * math.pi * share
        position_b = np.array([0.5 + 0.12 * math.cos(turn), 0.35 * math.sin(turn), 0.2])
        angles = (DOWN - 0.3 * math.sin(turn) ** 2, DOWN + math.sin(turn))
        last, joint_pos = joint_pos, solver.solve(position_b, *angles, joint_pos).joint_pos
        assert is_there(joint_pos, position_b, math.atan2(position_b[1], position_b[0]), *angles)
        if share:
            largest_rad = max(largest_rad, float(np.abs(joint_pos - last).max()))
    assert largest_rad < 0.05  # 400 steps of at most 6 mm and 0.02 rad
    assert abs(joint_pos[2]) < 0.05


def test_solving_from_the_last_solution_takes_under_half_a_millisecond(solver):
    joint_pos, durations_s = HOME, []
    for y in np.linspace(0.0, 0.3, 60):
        began_s = time.perf_counter()
        joint_pos = solver.solve(np.array([0.5, y, 0.2]), DOWN, DOWN, joint_pos).joint_pos
        durations_s.append(time.perf_counter() - began_s)
    assert np.median(durations_s) < 0.5e-3


def test_a_point_out_of_reach_gives_its_error_and_stays_within_limits(solver):
    solution = solver.solve(np.array([1.5, 0.0, 0.2]), DOWN, DOWN, HOME)
    assert 0.5 < solution.position_error_m < 0.9
    assert (solution.joint_pos >= CHAIN.lower_rad).all()
    assert (solution.joint_pos <= CHAIN.upper_rad).all()
