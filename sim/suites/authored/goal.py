"""One scene, ten things to do in it."""

from __future__ import annotations

from robolearn.sim.bddl.problem import Problem
from robolearn.sim.suites.scenes import Scene, Stand, make_problem, make_task_id

SCENE = Scene(
    "kitchen_table",
    (
        Stand("white_cabinet_1", (0.70, 0.40), (0.02, 0.04)),
        Stand("flat_stove_1", (0.58, -0.31), (0.04, 0.04)),
        Stand("moka_pot_1", (0.42, -0.22), (0.06, 0.06)),
        Stand("plate_1", (0.46, -0.04), (0.06, 0.06)),
        Stand("red_coffee_mug_1", (0.44, 0.15), (0.08, 0.06)),
        Stand("apple_1", (0.44, 0.30), (0.08, 0.08)),
        Stand("red_bowl_1", (0.67, 0.03), (0.08, 0.06)),
    ),
)
GOALS = {
    "open the middle drawer of the cabinet": ("open white_cabinet_1_middle_region",),
    "open the top drawer of the cabinet and put the apple in it": (
        "open white_cabinet_1_top_region",
        "in apple_1 white_cabinet_1_top_region",
    ),
    "put the apple in the bowl": ("on apple_1 red_bowl_1",),
    "put the apple on the plate": ("on apple_1 plate_1",),
    "put the bowl on the plate": ("on red_bowl_1 plate_1",),
    "put the bowl on the stove": ("on red_bowl_1 flat_stove_1_cook_region",),
    "put the moka pot on the stove": ("on moka_pot_1 flat_stove_1_cook_region",),
    "put the mug on the plate": ("on red_coffee_mug_1 plate_1",),
    "put the mug on top of the cabinet": ("on red_coffee_mug_1 white_cabinet_1_top_side",),
    "turn on the stove": ("turnon flat_stove_1",),
}


def make_problems() -> dict[str, Problem]:
    """One task for each goal."""
    return {make_task_id(words): make_problem(SCENE, words, goal) for words, goal in GOALS.items()}
