"""What can be true of a world, strictly: placed things must be at rest and let go of."""

from __future__ import annotations

import math

from robolearn.sim.world import FreeBody, World
from robolearn.specs import Array

# Far below what a person sees moving, far above the solver's noise on a resting block.
MAX_SETTLED_SPEED_MPS = 0.01
MAX_SETTLED_TURN_RATE_RADPS = 0.1
MAX_STILL_JOINT_SPEED_RADPS = 0.1
HEIGHT_TOLERANCE_M = 0.004  # between lying flat and lying on something


def is_settled(body: FreeBody) -> bool:
    """Says whether the body is at rest."""
    return (
        body.speed_mps < MAX_SETTLED_SPEED_MPS
        and body.turn_rate_radps < MAX_SETTLED_TURN_RATE_RADPS
    )


def is_released(world: World, geoms: Array) -> bool:
    """Says whether the gripper touches none of these geoms (a mask from `World.geoms_of`)."""
    return not world.touches(world.robot_geoms, geoms)


def is_near(position_w: Array, goal_w: Array, tolerance_m: float) -> bool:
    """Says whether two points lie within `tolerance_m`; give only x and y to ignore height."""
    return math.dist(position_w.tolist(), goal_w.tolist()) <= tolerance_m


class ConsecutiveSteps:
    """Counts how many steps in a row something was true."""

    def __init__(self, num_steps: int) -> None:
        self._num_steps = num_steps
        self.reset()

    def reset(self) -> None:
        """Forgets the steps before."""
        self._count = 0

    def update(self, is_true: bool) -> bool:
        """Takes one step's answer; says whether it has held for `num_steps` in a row."""
        self._count = self._count + 1 if is_true else 0
        return self._count >= self._num_steps
