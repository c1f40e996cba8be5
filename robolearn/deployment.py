"""`DeploymentMeter`: how well a robot on a real clock kept time, saw, and fared."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from robolearn.environment import Environment
from robolearn.robot import RobotHealth
from robolearn.rollout import EpisodeResult, EpisodeStart, Step
from robolearn.timing import PeriodLog, is_scheduled_in_real_time


class DeploymentMeter:
    """An `EpisodeObserver` that gathers, over all episodes, what a deployment is judged by."""

    def __init__(self, environment: Environment) -> None:
        """Watches the episodes of an environment."""
        self._environment = environment
        self._periods = PeriodLog(environment.robot.control_period_s)
        self._ages_s: defaultdict[str, list[float]] = defaultdict(list)
        self._health = RobotHealth()
        self._scheduling = "ordinary"

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Notes how the system schedules the loop."""
        self._scheduling = "real time" if is_scheduled_in_real_time() else "ordinary"

    def on_step(self, step: Step) -> None:
        """Notes how old each stream was when the action was sent that came of it."""
        for key, captured_s in step.captured_s.items():
            self._ages_s[key].append(step.sent_s - captured_s)

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Takes over the episode's periods and the health so far."""
        self._periods.extend(self._environment.pacer.log)
        self._health = self._environment.robot.get_health()

    def on_episode_abort(self, error: BaseException) -> None:
        """Nothing to do: an episode that failed is no part of the figures."""

    def get_figures(self) -> dict[str, Any]:
        """Returns plain data for a report.

        - `period_p50_ms`, `period_p99_ms`, `period_error_p99_ms`, `overruns`: as `PeriodReport`,
        - `scheduling`: `real time` or `ordinary`, see `timing.real_time`,
        - `observation_age_ms`: `p50` and `p99` of each stream's age when the action was sent,
        - `limit_violations`, `bus_errors`, `health`: as `RobotHealth`.
        """
        periods = self._periods.report()
        return {
            "period_p50_ms": periods.period_p50_ms,
            "period_p99_ms": periods.period_p99_ms,
            "period_error_p99_ms": periods.error_p99_ms,
            "overruns": periods.overruns,
            "scheduling": self._scheduling,
            "observation_age_ms": {
                key: {"p50": _percentile_ms(ages_s, 50), "p99": _percentile_ms(ages_s, 99)}
                for key, ages_s in self._ages_s.items()
            },
            "limit_violations": self._health.limit_violations,
            "bus_errors": self._health.bus_errors,
            "health": {**self._health.counters, **self._health.readings},
        }


def _percentile_ms(values_s: list[float], percent: float) -> float:
    return 1e3 * float(np.percentile(values_s, percent))
