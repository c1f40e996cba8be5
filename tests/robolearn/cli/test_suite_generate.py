import pytest

from robolearn.cli import suite_generate
from robolearn.cli.suite_generate import (
    Candidate,
    count_rejections,
    draw_candidates,
    find_rejection,
)
from robolearn.cli.suite_walk import Visit
from robolearn.errors import RobolearnError


@pytest.mark.parametrize(
    ("visit", "reason"),
    [
        (Visit("s", "t", loaded=True, resets_ok=2, episodes=2, successes=1), ""),
        (
            Visit("s", "t", error="/some/task.bddl:3:5: no room for 'a_1': 2.5 cm"),
            "does not load: no room for …: # cm",
        ),
        (Visit("s", "t", loaded=True, resets_ok=1, episodes=2), "begins with its goal reached"),
        (
            Visit("s", "t", True, 2, 2, failed_skills=("grasp a_1", "place a_1 b_1")),
            "is not solved by the expert: place fails",
        ),
    ],
)
def test_the_reason_of_a_rejection_is_told_without_names_and_numbers(visit, reason):
    assert find_rejection(visit, tries=2) == reason


def test_reasons_are_counted():
    candidates = [Candidate(seed, "", reason) for seed, reason in enumerate(["", "b", "a", "a"])]
    assert count_rejections(candidates) == {"a": 2, "b": 1}


class OddSeedsAreGood:
    def __init__(self, *options):
        pass

    def __call__(self, seed):
        return Candidate(seed, "", "" if seed % 2 else "is even")

    def close(self):
        pass


class NothingIsGood(OddSeedsAreGood):
    def __call__(self, seed):
        return Candidate(seed, "", "is no good")


class Options:
    count, seed, tries, start_seed, body, workers = 4, 10, 1, 60000, "panda_sim", 1


@pytest.fixture
def here(monkeypatch):
    """Runs the trials in this process."""
    run_seeds = suite_generate.run_seeds
    monkeypatch.setattr(
        suite_generate, "run_seeds", lambda make, seeds, _, note: run_seeds(make, seeds, 0, note)
    )


def test_each_rejected_seed_is_followed_by_one_more(here, monkeypatch):
    monkeypatch.setattr(suite_generate, "CandidateTester", OddSeedsAreGood)
    candidates = draw_candidates(Options)
    assert [c.seed for c in candidates] == list(range(10, 18))
    assert sum(not c.rejection for c in candidates) == 4


def test_a_generator_that_always_fails_is_given_up_with_its_last_reason(here, monkeypatch):
    monkeypatch.setattr(suite_generate, "CandidateTester", NothingIsGood)
    with pytest.raises(RobolearnError, match=r"40 seeds gave fewer than 4 tasks.*is no good"):
        draw_candidates(Options)
