import time

import pytest

from robolearn.hardware import late_replies
from robolearn.hardware.late_replies import NUM_LENGTHS, ReplyLengths


@pytest.fixture
def lengths():
    return ReplyLengths()


def test_no_two_of_eight_reads_in_a_row_have_one_length_whatever_is_read(lengths):
    chosen = [lengths.choose(range(size, 40)) for size in (15, 1, 2, 15, 4, 1, 1, 2) * 20]
    for begin in range(len(chosen) - NUM_LENGTHS + 1):
        assert len(set(chosen[begin : begin + NUM_LENGTHS])) == NUM_LENGTHS


def test_a_read_is_no_longer_than_it_needs_to_be(lengths):
    assert [lengths.choose(range(5, 40)) for _ in range(NUM_LENGTHS)] == list(range(5, 13))


def test_a_length_that_may_still_come_is_left_alone(lengths, monkeypatch):
    monkeypatch.setattr(late_replies, "LONGEST_LATENESS_S", 60.0)
    for late in (3, 5):
        lengths.expect_late(late)
    assert {lengths.choose(range(3, 7)) for _ in range(20)} == {4, 6}


def test_where_all_may_still_come_the_first_that_is_over_is_waited_for(lengths, monkeypatch):
    monkeypatch.setattr(late_replies, "LONGEST_LATENESS_S", 0.05)
    expected_s = time.monotonic()
    for late in (4, 3):
        lengths.expect_late(late)
    assert lengths.choose([3, 4]) == 4
    assert time.monotonic() >= expected_s + 0.05
