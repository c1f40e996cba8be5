"""`press_button`: press the button and let it come up again."""

from __future__ import annotations

import math
from typing import ClassVar

import mujoco
import numpy as np

from robolearn.policy import Policy
from robolearn.sim.experts.press_button import PressButtonExpert
from robolearn.sim.fixtures.button import Button, add_button
from robolearn.sim.predicates import is_released
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.sim.world import World
from robolearn.specs import Array
from robolearn.task import Evaluation

AREA_W = ((0.14, -0.12), (0.24, 0.12))
MAX_YAW_RAD = math.pi / 4


class PressButton(SimTask):
    """The button was pressed (the lamp is lit), is up again, at rest, and no finger touches it."""

    state_channels: ClassVar = (
        ("button_x", "m"),
        ("button_y", "m"),
        ("button_z", "m"),
        ("button_depth", "m"),
        ("lamp", "1"),
    )

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds the button on its box."""
        add_button(spec, "button")

    def find_parts(self, world: World) -> None:
        """Takes the button."""
        self.button = Button(world, "button")

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws the box's pose; the lamp is off."""
        x_w, y_w = rng.uniform(*AREA_W).tolist()
        self.button.place(x_w, y_w, rng.uniform(-MAX_YAW_RAD, MAX_YAW_RAD))

    def get_state(self) -> Array:
        """The top of the button, how far it is pressed, whether the lamp is lit."""
        button = self.button
        return np.array([*button.top_w, button.joint.position, float(button.is_lit)])

    def evaluate(self) -> Evaluation:
        """Lights the lamp when the button is down, then judges."""
        if self.button.is_pressed and not self.button.is_lit:
            self.button.set_lamp(is_lit=True)
        return super().evaluate()

    def is_goal_reached(self) -> bool:
        """Pressed before, up, still, untouched."""
        return (
            self.button.is_lit and self.button.is_up and is_released(self.world, self.button.geoms)
        )

    def make_expert(self) -> Policy:
        """Returns the scripted expert."""
        return PressButtonExpert(self.world, self.button)
