import numpy as np
import pytest

from robolearn.action_plan import ActionPlan, advance_chunk


def make_chunk(first, count=16, slope=1.0):
    """A ramp of one channel: its action for the step it was observed at is `first`."""
    return (first + slope * np.arange(count, dtype=np.float32))[:, np.newaxis]


def get_values(plan, steps):
    return [None if plan.get(step) is None else float(plan.get(step)[0]) for step in steps]


def test_each_step_gets_the_action_that_was_meant_for_it():
    plan = ActionPlan(blend_steps=0)
    plan.add(make_chunk(100.0), observed_step=3, step=3, last_action=None)
    assert get_values(plan, [3, 4, 18, 19, 2]) == [100.0, 101.0, 115.0, None, None]


def test_actions_that_are_in_the_past_when_a_chunk_arrives_are_dropped():
    plan = ActionPlan(blend_steps=0)
    plan.add(make_chunk(0.0), observed_step=0, step=0, last_action=None)
    plan.add(make_chunk(50.0), observed_step=4, step=7, last_action=np.zeros(1))
    assert get_values(plan, [6, 7, 8]) == [None, 53.0, 54.0]


def test_a_chunk_that_lies_all_in_the_past_changes_nothing():
    plan = ActionPlan(blend_steps=2)
    plan.add(make_chunk(0.0), observed_step=20, step=20, last_action=None)
    plan.add(make_chunk(900.0), observed_step=2, step=25, last_action=np.zeros(1))
    assert get_values(plan, [25, 26]) == [5.0, 6.0]


def test_the_first_chunk_is_not_blended():
    plan = ActionPlan(blend_steps=4)
    plan.add(make_chunk(7.0), observed_step=0, step=0, last_action=None)
    assert get_values(plan, [0, 1]) == [7.0, 8.0]


def test_chunks_that_agree_are_carried_on_as_one():
    plan = ActionPlan(blend_steps=3)
    plan.add(make_chunk(0.0), observed_step=0, step=0, last_action=None)
    plan.add(make_chunk(6.0), observed_step=6, step=8, last_action=np.array([7.0]))
    assert get_values(plan, range(8, 22)) == pytest.approx(list(range(8, 22)))


def test_the_weights_grow_linearly_over_the_boundary():
    plan = ActionPlan(blend_steps=4)
    plan.add(make_chunk(0.0, slope=0.0), observed_step=0, step=0, last_action=None)
    plan.add(make_chunk(1.0, slope=0.0), observed_step=8, step=8, last_action=np.zeros(1))
    assert get_values(plan, range(8, 14)) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])


@pytest.mark.parametrize("blend_steps", [0, 1, 3, 5])
def test_no_step_is_larger_than_the_chunks_own_and_a_share_of_their_disagreement(blend_steps):
    """Chunks of random walks arrive at random, late and early; the law holds for every one."""
    rng = np.random.default_rng(blend_steps)
    for _ in range(100):
        plan = ActionPlan(blend_steps)
        chunks = rng.uniform(-0.1, 0.1, (2, 16, 3)).cumsum(axis=1)
        chunks[1] += rng.uniform(-1, 1, 3)
        arrival = int(rng.integers(1, 12))
        observed = int(rng.integers(0, arrival + 1))
        plan.add(chunks[0], observed_step=0, step=0, last_action=None)
        done = [plan.get(step) for step in range(arrival)]
        plan.add(chunks[1], observed, arrival, done[-1])
        done += [plan.get(step) for step in range(arrival, observed + 16)]
        jumps = np.abs(np.diff(done, axis=0))
        both = slice(arrival, 16)
        overlap = chunks[0][both] - chunks[1][arrival - observed : 16 - observed]
        disagreement = np.abs(overlap).max(axis=0)
        # Where the old chunk has ended its last action stands in, which a chunk may have left.
        bound = 0.1 + disagreement / (blend_steps + 1)
        assert (jumps[: 16 - 1] <= bound + 1e-9).all()


def test_after_starvation_the_motion_goes_on_from_where_the_body_was_held():
    plan = ActionPlan(blend_steps=3)
    plan.add(make_chunk(0.0, count=4), observed_step=0, step=0, last_action=None)
    assert get_values(plan, [9]) == [None]
    plan.add(make_chunk(11.0, slope=0.0), observed_step=9, step=10, last_action=np.array([3.0]))
    assert get_values(plan, range(10, 14)) == pytest.approx([5.0, 7.0, 9.0, 11.0])


def test_clearing_forgets_every_chunk():
    plan = ActionPlan(blend_steps=3)
    plan.add(make_chunk(0.0), observed_step=0, step=0, last_action=None)
    plan.clear()
    assert get_values(plan, range(16)) == [None] * 16


def test_actions_keep_their_dtype():
    plan = ActionPlan(blend_steps=3)
    plan.add(make_chunk(0.0), observed_step=0, step=0, last_action=None)
    plan.add(make_chunk(1.0), observed_step=2, step=2, last_action=np.zeros(1, np.float32))
    assert {plan.get(step).dtype.name for step in range(2, 18)} == {"float32"}


def test_a_chunk_read_further_on_begins_later_and_between_its_actions():
    chunk = make_chunk(10.0, count=4)
    np.testing.assert_array_equal(advance_chunk(chunk, 0.0), chunk)
    np.testing.assert_allclose(advance_chunk(chunk, 1.0)[:, 0], [11, 12, 13])
    np.testing.assert_allclose(advance_chunk(chunk, 1.25)[:, 0], [11.25, 12.25])
    assert advance_chunk(chunk, 0.5).dtype == np.float32
