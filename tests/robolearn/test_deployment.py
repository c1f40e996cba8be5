import numpy as np
import pytest

from robolearn import keys
from robolearn.deployment import DeploymentMeter
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.robot import Observation, RobotHealth
from robolearn.rollout import run_episode
from robolearn.testing import FakeRobot, FakeTask, ScriptedPolicy

FRONT = keys.image_key("front")
REST = np.asarray(SO101.rest_position, np.float32)


class SlowRobot(FakeRobot):
    """Its images are 40 ms old, sending takes it 60 ms every tenth time, and its bus errs."""

    def get_observation(self):
        seen = super().get_observation()
        return Observation(
            seen.values, {**seen.captured_s, FRONT: seen.captured_s[keys.STATE] - 0.04}
        )

    def send_action(self, action):
        applied = super().send_action(action)
        if len(self.sent) % 10 == 5:
            self.clock.sleep_until(self.clock.now_s() + 0.06)
        return applied

    def get_health(self):
        return RobotHealth(
            bus_errors=len(self.sent) // 10, counters={"timeouts": 3}, readings={"voltage_v": 7.4}
        )


@pytest.fixture(name="figures", scope="module")
def _figures():
    environment = Environment(SlowRobot(cameras=("front",)), FakeTask(tolerance=0.0))
    meter = DeploymentMeter(environment)
    for seed in range(2):
        run_episode(environment, ScriptedPolicy([REST]), [meter], seed=seed)
    environment.close()
    return meter.get_figures()


def test_periods_are_those_of_all_episodes(figures):
    assert figures["period_p50_ms"] == pytest.approx(50.0)
    assert figures["period_error_p99_ms"] == pytest.approx(10.0)
    assert figures["overruns"] == 2 * 4


def test_ages_count_from_the_capture_to_the_sending(figures):
    ages = figures["observation_age_ms"]
    assert ages[FRONT] == {"p50": pytest.approx(40.0), "p99": pytest.approx(40.0)}
    assert ages[keys.STATE]["p99"] == pytest.approx(0.0, abs=1e-6)


def test_health_is_that_after_the_last_episode(figures):
    assert figures["bus_errors"] == 8
    assert figures["limit_violations"] == 0
    assert figures["health"] == {"timeouts": 3, "voltage_v": 7.4}
