import dataclasses

import numpy as np
import pytest

from robolearn.cartesian import CartesianAdapter
from robolearn.embodiments import Embodiment
from robolearn.embodiments.koch import KOCH
from robolearn.embodiments.so101 import CHAIN, LAYOUT, SO101
from robolearn.errors import IncompatibleError

# Over the table, hand pointing down at 69 degrees.
READY = np.array([0.0, -0.934, 0.487, 1.647, 0.3, 0.5], np.float32)
STEP = np.eye(6) * np.array([0.004, 0.004, 0.004, 0.04, 0.04, 0.1])


@pytest.fixture
def adapter():
    adapter = CartesianAdapter(SO101)
    adapter.reset(READY)
    return adapter


def find_tool(action):
    position_b, _ = CHAIN.compute_tool_pose(action[:5])
    return position_b


def find_angles(action):
    return np.array([LAYOUT.pitch_row, LAYOUT.roll_row]) @ action[:5]


def test_no_step_is_the_posture_itself(adapter):
    np.testing.assert_allclose(adapter.step(np.zeros(6)), READY, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_step_moves_the_tool_along_its_axis_alone_and_adds_up(adapter, axis, sign):
    # From a place with room in each direction.
    for _ in range(10):
        start = adapter.step(STEP[0])
    for _ in range(5):
        action = adapter.step(sign * STEP[axis])
    expected = np.zeros(3)
    expected[axis] = sign * 5 * 0.004
    np.testing.assert_allclose(find_tool(action) - find_tool(start), expected, atol=6e-4)
    np.testing.assert_allclose(find_angles(action), find_angles(start), atol=0.02)


@pytest.mark.parametrize(("axis", "angle"), [(3, 0), (4, 1)])
def test_a_turn_keeps_the_tool_where_it_is(adapter, axis, angle):
    for _ in range(10):
        start = adapter.step(STEP[0])
    for _ in range(4):
        action = adapter.step(-STEP[axis])
    turned = find_angles(action) - find_angles(start)
    assert turned[angle] == pytest.approx(-0.16, abs=0.01)
    assert turned[1 - angle] == pytest.approx(0.0, abs=0.01)
    np.testing.assert_allclose(find_tool(action), find_tool(start), atol=6e-4)


def test_the_gripper_opens_and_stops_at_its_limits(adapter):
    assert adapter.step(STEP[5])[5] == pytest.approx(0.6)
    for _ in range(9):
        action = adapter.step(STEP[5])
    assert action[5] == 1.0
    assert adapter.step(-STEP[5])[5] == pytest.approx(0.9)  # nothing is owed for pushing on


def test_the_pitch_yields_where_a_joint_limit_is_in_the_way_and_comes_back(adapter):
    start = adapter.step(np.zeros(6))
    for _ in range(25):
        lifted = adapter.step(STEP[2])
    assert find_tool(lifted)[2] - find_tool(start)[2] == pytest.approx(0.1, abs=1e-3)
    assert find_angles(lifted)[0] < find_angles(start)[0] - 0.1
    for _ in range(25):
        back = adapter.step(-STEP[2])
    np.testing.assert_allclose(find_angles(back), find_angles(start), atol=0.02)


@pytest.mark.parametrize("direction", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [-1, 0, 1]])
def test_at_the_end_of_its_reach_it_stays_and_one_step_back_moves_it_at_once(adapter, direction):
    delta = np.array([*direction, 0, 0, 0]) * 0.004
    for _ in range(300):
        end = adapter.step(delta)
    np.testing.assert_array_equal(adapter.step(delta), end)
    back = find_tool(adapter.step(-delta)) - find_tool(end)
    np.testing.assert_allclose(back, -delta[:3], atol=6e-4)


def test_leaning_on_a_key_at_the_end_of_the_reach_costs_nothing(adapter, monkeypatch):
    for _ in range(100):
        adapter.step(STEP[0])
    monkeypatch.setattr(adapter._inverse_kinematics, "solve", None)  # calling it would raise
    adapter.step(STEP[0])
    monkeypatch.undo()
    adapter.step(-STEP[0])
    assert find_tool(adapter.step(STEP[0]))[0] > find_tool(adapter.step(-STEP[0]))[0]


def test_a_roll_pushed_against_its_limit_comes_back_at_once(adapter):
    for _ in range(200):
        end = adapter.step(STEP[4])
    assert end[4] == pytest.approx(SO101.action_spec.high[4], abs=1e-3)
    assert adapter.step(-STEP[4])[4] == pytest.approx(end[4] - 0.04, abs=2e-3)


def test_the_tool_is_never_sent_below_the_minimum_height(adapter):
    for _ in range(200):
        action = adapter.step(-STEP[2])
    assert find_tool(action)[2] == pytest.approx(0.005, abs=6e-4)


def test_a_tool_already_below_it_is_not_lifted_by_force(adapter):
    low = np.array([0.0, -1.74, 1.68, 1.2, 0.0, 0.0])
    adapter.reset(low)
    start_m = find_tool(low)[2]
    assert start_m < 0.005
    assert find_tool(adapter.step(STEP[1]))[2] == pytest.approx(start_m, abs=6e-4)


def test_whatever_is_asked_the_action_fits_its_spec_and_no_joint_jumps(adapter):
    generator = np.random.default_rng(0)
    last = adapter.step(np.zeros(6))
    for _ in range(400):
        action = adapter.step(generator.integers(-1, 2, 6) @ STEP * 2)
        SO101.action_spec.validate(action)
        assert np.abs(action[:5] - last[:5]).max() <= 0.2501
        last = action


def test_a_measured_posture_outside_the_limits_is_taken_at_the_limit(adapter):
    adapter.reset(SO101.action_spec.high + np.float32(0.01))
    SO101.action_spec.validate(adapter.step(np.zeros(6)))


def test_a_body_that_is_no_arm_is_refused():
    fields = {field.name: getattr(SO101, field.name) for field in dataclasses.fields(Embodiment)}
    with pytest.raises(IncompatibleError, match="rc_car is no arm"):
        CartesianAdapter(Embodiment(**fields | {"name": "rc_car"}))


@pytest.mark.parametrize("arm", [SO101, KOCH], ids=lambda arm: arm.name)
def test_each_arm_moves_by_its_own_kinematics(arm):
    adapter = CartesianAdapter(arm)
    adapter.reset(np.float32(arm.home_position))
    start_b, _ = arm.chain.compute_tool_pose(np.array(arm.home_position[:5]))
    for _ in range(5):
        action = adapter.step(STEP[0] + STEP[1])
    arm.action_spec.validate(action)
    moved_b = arm.chain.compute_tool_pose(action[:5])[0] - start_b
    np.testing.assert_allclose(moved_b, [0.02, 0.02, 0.0], atol=6e-4)
