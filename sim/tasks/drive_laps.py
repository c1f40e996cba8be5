"""`drive_laps`: drive round a walled track."""

from __future__ import annotations

import math
from typing import ClassVar

import mujoco
import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.path_follower import PathFollower
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.sim.track import Piece, Track, arc
from robolearn.sim.world import World
from robolearn.specs import Array
from robolearn.task import Evaluation

HALF_WIDTH_M = 0.45
NUM_CHECKPOINTS = 8
# Anticlockwise: a straight, two bends, a chicane of three bends, a hairpin.
CHICANE_M = 4 * 1.2 * math.sin(math.pi / 4)  # what its bends gain along the straight
RUN_UP_M = 0.9  # of the straight, before the start line
TRACK_PIECES = (
    Piece(0.3 + CHICANE_M + 0.3 - RUN_UP_M),
    arc(0.9, 90.0),
    Piece(0.6),
    arc(0.9, 90.0),
    Piece(0.3),
    arc(1.2, 45.0),
    arc(1.2, -90.0),
    arc(1.2, 45.0),
    Piece(0.3),
    arc(1.2, 180.0),
    Piece(RUN_UP_M),
)
TRACK_START_W = (RUN_UP_M - 1.85, -1.2)  # so that the track lies around the middle of the floor

# Where an episode may begin: a little behind the start line.
START_DISTANCE_M = (-0.6, -0.2)
START_LATERAL_M = 0.12
START_YAW_RAD = 0.12
LOOK_AHEAD_M = 1.0  # how far ahead the point of the privileged state lies
MIN_TILT_COSINE = 0.5  # below, the car lies on its side


class DriveLaps(SimTask):
    """So many laps are driven, past every checkpoint in order; rolling over or leaving ends it.

    Attributes:
        lap_times_s: how long each finished lap took [s]: from the start of the episode, or from
            the lap before, to the moment the rear axle crossed the line.
    """

    embodiment_names = ("rc_car",)
    hold_steps: ClassVar[int] = 1  # over the line is over the line
    state_channels = (
        ("car_x", "m"),
        ("car_y", "m"),
        ("car_yaw", "rad"),
        ("velocity_x", "m/s"),  # in the car's frame, as all below
        ("velocity_y", "m/s"),
        ("yaw_rate", "rad/s"),
        ("checkpoint_x", "m"),  # the middle of the next checkpoint
        ("checkpoint_y", "m"),
        ("ahead_x", "m"),  # the centre line's point `LOOK_AHEAD_M` ahead
        ("ahead_y", "m"),
    )

    def __init__(
        self,
        name: str,
        instruction: str,
        time_limit_s: float,
        num_laps: int = 2,
        track: Track | None = None,
    ) -> None:
        """Takes the description; see `SimTask`.

        Args:
            name: as in `configs/task/<name>.yaml`.
            instruction: the goal in words.
            time_limit_s: after this long the episode is truncated [s].
            num_laps: how many laps make a success.
            track: what is driven round; None for the one above.
        """
        super().__init__(name, instruction, time_limit_s)
        self.num_laps = num_laps
        self.track = track or Track(TRACK_START_W, TRACK_PIECES, HALF_WIDTH_M, NUM_CHECKPOINTS)
        self.lap_times_s: list[float] = []

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the track."""
        self.track.add_to(spec)

    def find_parts(self, world: World) -> None:
        """Takes the car."""
        self.car = world.free_body("car")

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws where on the track the car stands, before the line and near the middle."""
        distance_m = rng.uniform(*START_DISTANCE_M)
        lateral_m = rng.uniform(-START_LATERAL_M, START_LATERAL_M)
        x, y, yaw_rad = self.track.find_pose(distance_m, lateral_m)
        self.car.place((x, y, 0.0), yaw_rad + rng.uniform(-START_YAW_RAD, START_YAW_RAD))
        self.lap_times_s = []
        self._num_passed = 1  # checkpoints, the start line the first of them
        self._last_line_s = self.world.data.time
        self._note_place()

    def evaluate(self) -> Evaluation:
        """Counts checkpoints and laps, then judges; see `SimTask.evaluate`."""
        self._count_checkpoints()
        return super().evaluate()

    def is_goal_reached(self) -> bool:
        """All laps are done."""
        return len(self.lap_times_s) >= self.num_laps

    def is_failed(self) -> bool:
        """The car rolled over, or got over a wall."""
        return self.car.tilt_cosine < MIN_TILT_COSINE or self._is_off_track()

    def get_state(self) -> Array:
        """Pose and velocity of the car, the next checkpoint, the way ahead."""
        car = self.car
        x, y, _ = car.position_w.tolist()
        yaw_rad = car.yaw_rad
        cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)

        def to_car(x_w: float, y_w: float) -> tuple[float, float]:
            return cos * x_w + sin * y_w, cos * y_w - sin * x_w

        velocity_x_w, velocity_y_w, _ = car.velocity_w.tolist()
        distance_m, _ = self.track.locate(car.position_w[:2])
        ahead_x, ahead_y, _ = self.track.find_pose(distance_m + LOOK_AHEAD_M)
        gate_x, gate_y, _ = self.track.find_pose(self._get_next_checkpoint_m())
        return np.array(
            (
                x,
                y,
                yaw_rad,
                *to_car(velocity_x_w, velocity_y_w),
                car.yaw_rate_radps,
                *to_car(gate_x - x, gate_y - y),
                *to_car(ahead_x - x, ahead_y - y),
            )
        )

    def make_expert(self) -> Policy:
        """Returns the path follower."""
        return PathFollower(self.world, self.track)

    def _count_checkpoints(self) -> None:
        """Notes which checkpoints the car has passed since the last step, and when."""
        before_m, before_s = self._distance_m, self._noted_s
        self._note_place()
        moved_m = self.track.measure_way(before_m, self._distance_m)
        while moved_m > 0:
            way_m = self.track.measure_way(before_m, self._get_next_checkpoint_m())
            if not 0 < way_m <= moved_m:
                return
            passed_s = before_s + way_m / moved_m * (self._noted_s - before_s)
            if self._num_passed % len(self.track.checkpoints_m) == 0:
                self.lap_times_s.append(passed_s - self._last_line_s)
                self._last_line_s = passed_s
            self._num_passed += 1

    def _note_place(self) -> None:
        """Keeps where the car is now, and the time."""
        self._distance_m, self._lateral_m = self.track.locate(self.car.position_w[:2])
        self._noted_s = self.world.data.time

    def _is_off_track(self) -> bool:
        return abs(self._lateral_m) > self.track.half_width_m

    def _get_next_checkpoint_m(self) -> float:
        checkpoints_m = self.track.checkpoints_m
        return checkpoints_m[self._num_passed % len(checkpoints_m)]
