import pytest

from robolearn.sim.backends import robosuite_walk

pytest.importorskip("robosuite")


@pytest.mark.gl
def test_a_pair_is_checked_and_timed(monkeypatch):
    monkeypatch.setattr(robosuite_walk, "check_environment", lambda make: None)
    (row,) = robosuite_walk.walk_robosuite_tasks(["Lift"], [])
    assert (row["task"], row["arm"], row["problem"]) == ("Lift", "Panda", None)
    assert (row["state_size"], row["environment_state_size"], row["action_size"]) == (16, 10, 7)
    assert row["env_steps_per_s"] > row["camera_steps_per_s"] > 0.0
    assert row["reset_ms"] > 0.0


def test_a_broken_promise_is_reported_in_words(monkeypatch):
    def fail(make):
        raise AssertionError("it lies")

    monkeypatch.setattr(robosuite_walk, "check_environment", fail)
    assert robosuite_walk._find_problem("Lift", "Panda") == "AssertionError: it lies"
