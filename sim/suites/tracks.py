"""The suite of the RC car: drawn tracks of several surfaces."""

from __future__ import annotations

from typing import Any

from robolearn.sim.suites.suite import Suite
from robolearn.sim.tasks.drive_track import TRACKS, DriveTrack
from robolearn.sim.tasks.sim_task import SimTask


class TrackSuite(Suite):
    """One task for each track."""

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The names of the tracks."""
        return tuple(TRACKS)

    def build_task(self, task_id: str, **options: Any) -> SimTask:
        """Draws the track; see `Suite.build_task`."""
        return DriveTrack(**{**TRACKS[task_id], **options})

    def describe_goal(self, task: SimTask) -> tuple[str, ...]:
        """How many laps."""
        assert isinstance(task, DriveTrack)
        return (f"{task.num_laps} laps, past every checkpoint in order",)


SUITES = (TrackSuite("tracks", 1, "rc_car_sim", "walled tracks on five surfaces, both ways round"),)
