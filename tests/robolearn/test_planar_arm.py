import time

import numpy as np
import pytest

from robolearn.embodiments.so101 import CHAIN, SO101
from robolearn.errors import IncompatibleError

RNG = np.random.default_rng(0)
DOWN = np.pi / 2


def test_solution_brings_the_tool_there():
    solver = SO101.make_inverse_kinematics()
    start = np.array([0.0, -0.5, 0.8, 1.2, 0.0])
    for _ in range(200):
        target_b = RNG.uniform([0.12, -0.15, 0.01], [0.24, 0.15, 0.08])
        roll_rad = RNG.uniform(-2.0, 2.0)
        solution = solver.solve(target_b, DOWN, roll_rad, start)
        position_b, rotation = CHAIN.compute_tool_pose(solution.joint_pos)
        np.testing.assert_allclose(position_b, target_b, atol=1e-4)
        assert solution.position_error_m < 1e-4
        assert -rotation[2, 0] == pytest.approx(np.sin(solution.pitch_rad), abs=1e-2)
        assert solution.joint_pos[4] == pytest.approx(roll_rad, abs=1e-3)


def test_inverse_of_forward_is_the_same_pose():
    solver = SO101.make_inverse_kinematics()
    for _ in range(50):
        joint_pos = RNG.uniform([-1.0, -0.6, 0.2, 0.3, -1.5], [1.0, 0.4, 1.0, 1.2, 1.5])
        target_b, _ = CHAIN.compute_tool_pose(joint_pos)
        start = joint_pos + RNG.uniform(-0.2, 0.2, 5)
        pitch_rad = float(joint_pos[1:4].sum())
        solution = solver.solve(target_b, pitch_rad, joint_pos[4], start)
        np.testing.assert_allclose(solution.joint_pos, joint_pos, atol=5e-3)


def test_pitch_is_lowered_only_where_straight_down_is_out_of_reach():
    solver = SO101.make_inverse_kinematics()
    assert solver.relax_pitch(np.array([0.2, 0.0, 0.02]), DOWN) == DOWN
    relaxed_rad = solver.relax_pitch(np.array([0.3, 0.0, 0.09]), DOWN)
    assert 0.5 < relaxed_rad < DOWN - 0.03


def test_a_point_out_of_reach_gives_its_error_and_stays_within_limits():
    solver = SO101.make_inverse_kinematics()
    solution = solver.solve(np.array([0.8, 0.0, 0.1]), DOWN, 0.0, np.zeros(5))
    assert 0.3 < solution.position_error_m < 0.6
    assert (solution.joint_pos >= CHAIN.lower_rad).all()
    assert (solution.joint_pos <= CHAIN.upper_rad).all()


def test_solving_from_the_last_solution_takes_under_half_a_millisecond():
    solver = SO101.make_inverse_kinematics()
    joint_pos = solver.solve(np.array([0.15, -0.1, 0.05]), DOWN, 0.0, np.zeros(5)).joint_pos
    durations_s = []
    for x in np.linspace(0.15, 0.25, 60):
        began_s = time.perf_counter()
        joint_pos = solver.solve(np.array([x, -0.1, 0.05]), DOWN, 0.0, joint_pos).joint_pos
        durations_s.append(time.perf_counter() - began_s)
    assert np.median(durations_s) < 0.5e-3


def test_angles_are_those_that_were_solved_for():
    solver = SO101.make_inverse_kinematics()
    solution = solver.solve(np.array([0.2, 0.05, 0.05]), 1.3, 0.4, np.zeros(5))
    azimuth_rad, pitch_rad, roll_rad = solver.compute_angles(solution.joint_pos)
    assert azimuth_rad is None
    assert pitch_rad == pytest.approx(1.3, abs=1e-3)
    assert roll_rad == pytest.approx(0.4, abs=1e-3)


def test_an_azimuth_is_refused():
    solver = SO101.make_inverse_kinematics()
    with pytest.raises(IncompatibleError, match="leave the azimuth out"):
        solver.solve(np.array([0.2, 0.0, 0.05]), DOWN, 0.0, np.zeros(5), azimuth_rad=0.0)
