"""The expert of `press_button`."""

from __future__ import annotations

import math

import numpy as np

from robolearn.sim.experts.arm_skills import ArmSkills
from robolearn.sim.experts.drawer import CLOSED_FINGERS_M
from robolearn.sim.experts.expert import Expert, Plan
from robolearn.sim.fixtures.button import TRAVEL_M, Button
from robolearn.sim.world import World

RAISED = np.array([0.0, 0.0, 0.03])  # higher, the elbow meets its limit
ABOVE = np.array([0.0, 0.0, 0.012])  # where the hand slows down
PRESS_ON_M = 0.002  # beyond the button's travel: the arm yields
SPEED_MPS = 0.08
MAX_TRIES = 4


class PressButtonExpert(Expert):
    """Presses with closed fingers and moves up again."""

    def __init__(self, world: World, button: Button) -> None:
        super().__init__(world)
        self._button = button

    def make_plan(self) -> Plan:
        """Until the lamp is lit."""
        for _ in range(MAX_TRIES):
            yield from press(self.arm, self._button)
            if self._button.is_lit:
                return


def press(arm: ArmSkills, button: Button) -> Plan:
    """Presses once; the fingers stay side by side seen from the base, so the hand turns little."""
    roll_rad = math.pi / 2
    tip_w = arm.find_aim(button.top_w, roll_rad, CLOSED_FINGERS_M)
    contact_w = tip_w + np.array([0.0, 0.0, arm.body.tool_to_tip_m])
    arm.opening = 0.0
    yield from arm.move(contact_w + RAISED, roll_rad=roll_rad)
    yield from arm.move(contact_w + ABOVE)
    down_w = contact_w - np.array([0.0, 0.0, TRAVEL_M + PRESS_ON_M])
    yield from arm.move(down_w, speed_mps=SPEED_MPS)
    yield from arm.wait(2)
    yield from arm.move(contact_w + RAISED)
