"""`tracks`: laps round drawn tracks of several surfaces, widths and ways round."""

from __future__ import annotations

import math
from typing import TypedDict

import mujoco

from robolearn.errors import RobolearnError
from robolearn.sim.floor import aim_overview
from robolearn.sim.surfaces import get_surface
from robolearn.sim.tasks.drive_laps import DriveLaps
from robolearn.sim.track_generator import draw_track

# A mean speed that leaves a driver about twice the expert's time. In bends a speed grows with the
# square root of the friction.
PACE_MPS = 1.0
TIME_LIMIT_STEP_S = 5.0
LAPS_IN_WORDS = {1: "one lap", 2: "two laps", 3: "three laps"}


class TrackSetting(TypedDict):
    """What makes a track, as `DriveTrack` takes it."""

    seed: int
    surface: str
    half_width_m: float
    is_clockwise: bool
    num_laps: int


class DriveTrack(DriveLaps):
    """Laps round a drawn track; see `DriveLaps`."""

    def __init__(
        self,
        name: str,
        seed: int,
        surface: str,
        half_width_m: float = 0.45,
        is_clockwise: bool = False,
        num_laps: int = 2,
        time_limit_s: float | None = None,
        instruction: str | None = None,
    ) -> None:
        """Draws the track, and says what is to be done.

        Args:
            name: of the task.
            seed: of the track, not of the starts; see `draw_track`.
            surface: one of `SURFACES`.
            half_width_m: from the centre line to either wall [m].
            is_clockwise: which way round, seen from above.
            num_laps: how many laps make a success.
            time_limit_s: after this long the episode is truncated [s]; None takes one that suits
                the way's length and the surface.
            instruction: the goal in words; None puts it into words of its own.

        Raises:
            UnknownNameError: if there is no such surface.
            RobolearnError: if the track cannot be drawn, or there are no words for so many laps.
        """
        if num_laps not in LAPS_IN_WORDS:
            known = ", ".join(map(str, LAPS_IN_WORDS))
            raise RobolearnError(f"num_laps of {name!r} must be one of {known}, got {num_laps}")
        self.surface = get_surface(surface)
        track = draw_track(seed, half_width_m, is_clockwise).track
        way = "clockwise" if is_clockwise else "anticlockwise"
        laps = LAPS_IN_WORDS[num_laps]
        words = instruction or f"Drive {laps} {way} round the {self.surface.words} track."
        if time_limit_s is None:
            time_s = num_laps * track.length_m / (PACE_MPS * math.sqrt(self.surface.friction))
            time_limit_s = math.ceil(time_s / TIME_LIMIT_STEP_S) * TIME_LIMIT_STEP_S
        super().__init__(name, words, time_limit_s, num_laps, track)

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the track, lays its surface, and shows all of it in the overview."""
        super().build_scene(spec)
        self.surface.lay_on(spec)
        aim_overview(spec, *self.track.find_bounds())


# Version 1 of the suite: never changed, as results refer to it.
TRACKS: dict[str, TrackSetting] = {
    "asphalt_anticlockwise": {
        "seed": 20,
        "surface": "asphalt",
        "half_width_m": 0.45,
        "is_clockwise": False,
        "num_laps": 2,
    },
    "asphalt_clockwise": {
        "seed": 11,
        "surface": "asphalt",
        "half_width_m": 0.50,
        "is_clockwise": True,
        "num_laps": 2,
    },
    "carpet_anticlockwise": {
        "seed": 14,
        "surface": "carpet",
        "half_width_m": 0.40,
        "is_clockwise": False,
        "num_laps": 2,
    },
    "carpet_clockwise": {
        "seed": 1,
        "surface": "carpet",
        "half_width_m": 0.35,
        "is_clockwise": True,
        "num_laps": 2,
    },
    "wood_anticlockwise": {
        "seed": 4,
        "surface": "wood",
        "half_width_m": 0.45,
        "is_clockwise": False,
        "num_laps": 2,
    },
    "wood_clockwise": {
        "seed": 0,
        "surface": "wood",
        "half_width_m": 0.55,
        "is_clockwise": True,
        "num_laps": 2,
    },
    "concrete_anticlockwise": {
        "seed": 12,
        "surface": "concrete",
        "half_width_m": 0.50,
        "is_clockwise": False,
        "num_laps": 2,
    },
    "concrete_clockwise": {
        "seed": 21,
        "surface": "concrete",
        "half_width_m": 0.40,
        "is_clockwise": True,
        "num_laps": 3,
    },
    "wet_concrete_anticlockwise": {
        "seed": 18,
        "surface": "wet_concrete",
        "half_width_m": 0.55,
        "is_clockwise": False,
        "num_laps": 2,
    },
    "wet_concrete_clockwise": {
        "seed": 6,
        "surface": "wet_concrete",
        "half_width_m": 0.45,
        "is_clockwise": True,
        "num_laps": 1,
    },
}
