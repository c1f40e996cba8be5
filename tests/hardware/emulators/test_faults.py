import itertools
import math

import pytest

from robolearn.errors import RobolearnError
from robolearn.hardware.emulators.faults import Faults, FaultyLine


def carry_many(faults, replies, now_s=1.0):
    line = FaultyLine(faults)
    return [line.carry(reply, now_s) for reply in replies], line


def test_a_line_without_faults_delivers_at_once():
    [[piece]], _ = carry_many(Faults(), [b"abc"])
    assert (piece.due_s, piece.data) == (1.0, b"abc")


def test_a_lost_reply_never_comes():
    carried, line = carry_many(Faults(lost=1.0), [b"abc"] * 3)
    assert carried == [[], [], []]
    assert line.happened["lost"] == 3


def test_a_corrupt_reply_differs_in_one_bit():
    carried, _ = carry_many(Faults(corrupt=1.0), [bytes(20)] * 50)
    for [piece] in carried:
        assert int.from_bytes(piece.data).bit_count() == 1
    assert len({piece.data for [piece] in carried}) > 10


def test_a_late_reply_comes_later_and_does_not_hold_up_the_next():
    line = FaultyLine(Faults(late=1.0, late_s=0.5))
    [late] = line.carry(b"abc", 1.0)
    line.faults.change(late=0.0)
    [prompt] = line.carry(b"def", 1.1)
    assert (late.due_s, prompt.due_s) == (1.5, 1.1)


def test_a_split_reply_comes_in_two_parts():
    carried, _ = carry_many(Faults(split=1.0), [b"abcdef"] * 20)
    for first, second in carried:
        assert first.data + second.data == b"abcdef"
        assert first.data
        assert second.data
        assert second.due_s > first.due_s
    for (_, end), (begin, _) in itertools.pairwise(carried):
        assert begin.due_s >= end.due_s


def test_merged_replies_come_together():
    carried, _ = carry_many(Faults(merged=1.0), [b"a", b"b", b"c", b"d"])
    assert [[piece.data for piece in pieces] for pieces in carried] == [[], [b"ab"], [], [b"cd"]]


def test_garbage_comes_before_the_reply():
    carried, _ = carry_many(Faults(garbage=1.0), [b"abc"] * 20)
    assert {len(piece.data) for [piece] in carried} == {4, 5, 6, 7}
    assert all(piece.data.endswith(b"abc") for [piece] in carried)


def test_every_byte_takes_its_time_on_the_one_wire():
    line = FaultyLine(Faults(byte_time_s=0.1))
    line.occupy(5, now_s=1.0)
    [first] = line.carry(b"abc", 1.0)
    [second] = line.carry(b"ab", 1.0)
    assert first.due_s == pytest.approx(1.8)
    assert second.due_s == pytest.approx(2.0)


def test_after_a_reset_nothing_is_on_the_wire():
    line = FaultyLine(Faults(merged=1.0))
    line.carry(b"old", 1.0)
    line.reset()
    line.faults.change(merged=0.0)
    assert [piece.data for piece in line.carry(b"new", 1.0)] == [b"new"]


def test_faults_strike_as_often_as_asked_and_are_counted():
    faults = Faults(lost=0.1, corrupt=0.2, seed=3)
    carried, line = carry_many(faults, [bytes(8)] * 5000)
    assert line.happened["lost"] == sum(not pieces for pieces in carried)
    assert line.happened["lost"] == pytest.approx(500, abs=100)
    assert line.happened["corrupt"] == pytest.approx(900, abs=150)


def test_the_same_seed_chooses_the_same():
    faults = Faults(lost=0.3, corrupt=0.3, split=0.3)
    replies = [bytes(8)] * 100
    assert carry_many(faults, replies)[0] == carry_many(faults, replies)[0]


def test_faults_change_while_running():
    faults = Faults(seed=4)
    faults.change(lost=0.5, late_s=0.2)
    assert (faults.lost, faults.late_s, faults.seed) == (0.5, 0.2, 4)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"losst": 0.1}, "no fault is called losst; known: byte_time_s, corrupt, "),
        ({"lost": 1.5}, "faults.lost is a probability, got 1.5"),
        ({"lost": -0.1}, "faults.lost is a probability"),
        ({"late_s": -1.0}, "faults.late_s is not negative"),
        ({"late_s": math.inf}, "faults.late_s is a number"),
        ({"corrupt": math.nan}, "faults.corrupt is a number"),
        ({"corrupt": "0.1"}, "faults.corrupt is a number, got '0.1'"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(values, words):
    faults = Faults(late=0.25)
    with pytest.raises(RobolearnError, match=words):
        faults.change(late=0.5, **values)
    assert faults == Faults(late=0.25)
