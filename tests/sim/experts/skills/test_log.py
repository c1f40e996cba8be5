from __future__ import annotations

from robolearn.policy import Segment
from robolearn.sim.experts.skills.log import SkillLog


def carry_out(log, plan):
    for _ in plan:
        log.num_steps += 1


def test_every_skill_leaves_a_segment_with_its_outcome():
    log = SkillLog()
    carry_out(log, log.run("grasp", ("bowl",), iter(range(3)), lambda: False))
    carry_out(log, log.run("place", ("bowl", "plate"), iter(range(2)), lambda: True))
    assert log.get_segments() == (
        Segment("grasp", ("bowl",), 0, 3, succeeded=False),
        Segment("place", ("bowl", "plate"), 3, 2, succeeded=True),
    )


def test_a_skill_that_is_cut_off_is_told_as_far_as_it_came():
    log, is_done = SkillLog(), False
    plan = log.run("open", ("drawer",), iter(range(5)), lambda: is_done)
    for _ in range(2):
        next(plan)
        log.num_steps += 1
    assert log.get_segments() == (Segment("open", ("drawer",), 0, 2, succeeded=False),)
    is_done = True
    assert log.get_segments()[0].succeeded


def test_a_skill_that_needs_no_step_leaves_nothing():
    log = SkillLog()
    carry_out(log, log.run("open", (), iter(()), lambda: True))
    assert log.get_segments() == ()
