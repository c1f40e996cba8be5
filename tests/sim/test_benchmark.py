import os
import sys

import pytest

from robolearn.errors import MissingDependencyError
from robolearn.sim import robosuite_speed
from robolearn.sim.benchmark import measure_speed
from robolearn.sim.rendering import find_back_end


def test_stepping_is_measured_beside_the_physics_limit_and_cores_are_given_back():
    cores = os.sched_getaffinity(0)
    speed = measure_speed(repeats=2, with_robosuite=False, with_cameras=False)
    assert os.sched_getaffinity(0) == cores
    assert speed.keys() == {"env_steps_per_s", "physics_limit_steps_per_s", "reset_ms"}
    # How fast is the benchmark's to say, on a machine that is free; here only that it measures.
    assert 0.1 < speed["env_steps_per_s"] / speed["physics_limit_steps_per_s"] < 10
    assert speed["reset_ms"] > 0.0


@pytest.mark.slow
@pytest.mark.gl
def test_robosuite_and_cameras_are_measured_too():
    pytest.importorskip("robosuite")
    try:
        find_back_end()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    speed = measure_speed(repeats=1)
    assert speed["env_steps_per_s"] > 10 * speed["robosuite_steps_per_s"]
    # A renderer disturbed by another one answers at once, with nothing drawn.
    assert speed["camera_steps_per_s"] < 0.6 * speed["env_steps_per_s"]
    assert speed["robosuite_camera_steps_per_s"] < 0.6 * speed["robosuite_steps_per_s"]


def test_missing_robosuite_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "robosuite", None)
    robosuite_speed._make_lift.cache_clear()
    with pytest.raises(MissingDependencyError, match="robosuite"):
        robosuite_speed.time_lift(1)
