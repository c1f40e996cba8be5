"""The laws of the limiter, over many targets that nobody chose."""

import numpy as np
import pytest

from robolearn.embodiments.so101 import CHAIN, SO101
from robolearn.errors import SpecError
from robolearn.hardware.safety import ActionLimiter, ArmLimits

PERIOD_S = SO101.control_period_s
SPEC = SO101.action_spec
HOME = np.array(SO101.home_position)
SPEED = np.array([3.5] * 5 + [4.0])
ACCELERATION = np.array([50.0] * 5 + [80.0])
BELOW = np.array([0.0, 0.6, 0.6, 0.9, 0.0, 0.5])  # the tool under the table
ROUNDING = 1e-5  # of commands to float32, in rad and 1


def make_limiter(*off, start=HOME, **values):
    limits = ArmLimits((-0.3, -0.5, 0.0), (0.5, 0.5, 0.6), **values, off=off)
    limiter = ActionLimiter(SO101, CHAIN, limits, PERIOD_S)
    limiter.begin(start)
    return limiter


def draw(random):
    return random.uniform(SPEC.low, SPEC.high).astype(np.float32)


def draw_targets(num_steps, seed=0):
    """Targets that stand for a while, jump and wander."""
    random = np.random.default_rng(seed)
    target = draw(random)
    for _ in range(num_steps):
        if random.random() < 0.15:
            target = draw(random)
        elif random.random() < 0.3:
            target = SPEC.clip(target + random.normal(0, 0.1, 6))
        yield target


def follow(limiter, targets, start=HOME):
    """Plays the targets; the body follows at once. Returns the commands, the start first."""
    commands = [start]
    for target in targets:
        commands.append(limiter.limit(target, commands[-1], PERIOD_S).applied.astype(float))
    return np.array(commands)


@pytest.mark.parametrize("off", [(), ("workspace",), ("workspace", "acceleration")])
def test_a_command_is_always_within_spec_and_box(off):
    limiter = make_limiter(*off)
    commands = follow(limiter, draw_targets(1500))[1:]
    low, high = limiter.box
    assert ((commands >= low - ROUNDING) & (commands <= high + ROUNDING)).all()
    for command in commands:
        SPEC.validate(command.astype(np.float32))


@pytest.mark.parametrize("off", [(), ("workspace",)])
def test_no_command_moves_faster_than_allowed(off):
    moves = np.diff(follow(make_limiter(*off), draw_targets(1500)), axis=0)
    assert (np.abs(moves) <= SPEED * PERIOD_S + ROUNDING).all()
    assert np.abs(moves).max() > 0.9 * 3.5 * PERIOD_S  # and they are allowed to move so fast


def test_the_step_changes_no_faster_than_the_acceleration_allows():
    moves = np.diff(follow(make_limiter("workspace"), draw_targets(2500)), axis=0)
    changes = np.abs(np.diff(moves, axis=0, prepend=np.zeros((1, 6))))
    assert (changes <= ACCELERATION * PERIOD_S**2 + ROUNDING).all()


def test_a_target_is_reached_without_overshoot_and_the_command_stays_there():
    random = np.random.default_rng(1)
    for _ in range(60):
        start = draw(random).astype(float)
        limiter = make_limiter("workspace", "joint_margin", start=start)
        target = draw(random)
        commands = follow(limiter, [target] * 80, start)
        past = (commands - target) * np.sign(target - start)
        assert past.max() <= ROUNDING
        assert np.abs(commands[-1] - target).max() <= ROUNDING
        assert np.array_equal(commands[-1], commands[-2])


def test_a_move_that_turns_round_brakes_first_and_still_arrives():
    limiter = make_limiter("workspace")
    there, back = HOME.copy(), HOME.copy()
    there[0], back[0] = 1.0, -1.0
    targets = [there.astype(np.float32)] * 4 + [back.astype(np.float32)] * 60
    assert abs(follow(limiter, targets)[-1, 0] + 1.0) < ROUNDING


def test_slow_moves_are_applied_as_asked():
    """The scripted experts turn at 2.5 rad/s from one step to the next."""
    limiter = make_limiter()
    command = HOME.copy()
    for step in range(40):
        command[0] += 2.49 * PERIOD_S * (1, 0, -1, 0)[step // 5 % 4]
        command[5] = 0.45 + 0.1 * np.sin(step / 3)
        asked = SPEC.clip(command)
        limited = limiter.limit(asked, command, PERIOD_S)
        assert limited.acted == ()
        assert np.array_equal(limited.applied, asked)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 7.0])
def test_what_does_not_fit_is_refused_and_changes_nothing(wrong):
    limiter = make_limiter()
    asked = SPEC.clip(HOME)
    asked[2] = wrong
    with pytest.raises(SpecError, match="elbow_flex"):
        limiter.limit(asked, HOME, PERIOD_S)
    assert np.array_equal(limiter.command, SPEC.clip(HOME))


@pytest.mark.parametrize("asked", [np.zeros(5, np.float32), np.zeros(6), None, [0.0] * 6])
def test_another_robots_action_is_refused(asked):
    with pytest.raises(SpecError):
        make_limiter().limit(asked, HOME, PERIOD_S)


def test_the_tool_never_leaves_its_workspace_and_slides_along_its_edge():
    commands = follow(make_limiter(), draw_targets(1500, seed=3))
    heights_m = [CHAIN.compute_tool_pose(command[:5])[0][2] for command in commands]
    assert min(heights_m) > -2e-4
    # Pressed onto the table while it pans: it goes on panning.
    limiter = make_limiter()
    target = SPEC.clip(BELOW)
    target[0] = 1.0
    commands = follow(limiter, [target] * 60)
    position_b, _ = CHAIN.compute_tool_pose(commands[-1][:5])
    assert abs(position_b[2]) < 5e-4
    assert abs(commands[-1][0] - 1.0) < 0.01


def test_a_tool_that_was_put_outside_may_come_back_but_go_no_further():
    height_m = CHAIN.compute_tool_pose(BELOW[:5])[0][2]
    assert height_m < -0.01
    deeper, up = BELOW.copy(), BELOW.copy()
    deeper[1], up[1] = deeper[1] + 0.3, up[1] - 0.8
    deeper, up = SPEC.clip(deeper), SPEC.clip(up)
    commands = follow(make_limiter(start=BELOW), [deeper] * 30, BELOW)
    assert CHAIN.compute_tool_pose(commands[-1][:5])[0][2] > height_m - 2e-4
    assert np.abs(follow(make_limiter(start=BELOW), [up] * 40, BELOW)[-1] - up).max() < ROUNDING


def test_the_command_waits_for_a_joint_that_is_held_but_not_for_a_gripper_that_grips():
    limiter = make_limiter()
    target = SPEC.clip(HOME)
    target[0], target[5] = 1.8, 0.0
    for _ in range(60):
        limited = limiter.limit(target, HOME, PERIOD_S)
    assert "lag" in limited.acted
    assert limited.applied[0] == pytest.approx(HOME[0] + 0.6, abs=1e-4)
    assert limited.applied[5] == 0.0


def test_calls_that_come_early_do_not_make_the_arm_faster():
    limiter = make_limiter("workspace")
    target = SPEC.clip(HOME)
    target[0] = 1.8
    before, elapsed_s = HOME[0], PERIOD_S / 10
    for _ in range(300):
        command = float(limiter.limit(target, target, elapsed_s).applied[0])
        assert command - before <= 3.5 * elapsed_s / 0.8 + ROUNDING
        before = command
    assert before > 1.0


def test_after_a_pause_the_arm_starts_from_rest():
    limiter = make_limiter("workspace")
    target = SPEC.clip(HOME)
    target[0] = 1.8
    commands = follow(limiter, [target] * 6)
    first = limiter.limit(target, commands[-1], 2.0).applied[0] - commands[-1][0]
    assert first <= 50.0 * PERIOD_S**2 + ROUNDING


@pytest.mark.parametrize(
    ("name", "place", "asked"),
    [
        ("joint_margin", 0, SPEC.high[0]),
        ("speed", 0, 1.0),
        ("acceleration", 0, 0.17),
        ("step", 5, 1.0),
        ("lag", 0, 1.5),
    ],
)
def test_the_limit_that_acted_is_named_and_can_be_turned_off(name, place, asked):
    values = {"gripper_step": 0.1} if name == "step" else {}
    target = SPEC.clip(HOME)
    target[place] = asked
    assert name in make_limiter(**values).limit(target, HOME, PERIOD_S).acted
    assert name not in make_limiter(name, **values).limit(target, HOME, PERIOD_S).acted


def test_a_calibration_cuts_the_box_to_what_can_be_reached():
    limiter = make_limiter("workspace")
    limiter.narrow(SPEC.low + 0.1, SPEC.high - 0.1)
    commands = follow(limiter, [SPEC.high.copy()] * 60)
    assert np.abs(commands[-1] - (SPEC.high - 0.1)).max() < ROUNDING


def test_an_arm_that_begins_outside_the_box_only_comes_in():
    start = HOME.copy()
    start[1] = SPEC.low[1] - 0.05
    limiter = make_limiter("workspace", start=start)
    target = SPEC.clip(HOME)
    commands = follow(limiter, [target] * 30, start)
    assert (np.diff(commands[:, 1]) >= 0).all()
    assert np.abs(commands[-1] - target).max() < ROUNDING


def test_the_workspace_can_be_turned_off():
    start = SPEC.clip(BELOW).astype(float)
    start[1] = 0.2
    deep = SPEC.clip(BELOW)
    assert "workspace" in make_limiter(start=start).limit(deep, start, PERIOD_S).acted
    assert (
        np.abs(follow(make_limiter("workspace", start=start), [deep] * 40, start)[-1] - deep).max()
        < ROUNDING
    )
