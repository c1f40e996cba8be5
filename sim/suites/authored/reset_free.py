"""Pairs of a task and its inverse: where one ends the other can begin, so nobody has to tidy up.

The goal of each is what is true at the start of the other; all else stands alike. The inverse of
task `x` is `x_back`. Left and right are as the front camera sees them: left is -y.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from robolearn.sim.bddl.problem import Problem
from robolearn.sim.suites.paired_suite import BACK
from robolearn.sim.suites.scenes import Mark, Scene, Stand, make_problem

ROOM_M, SQUARE_M = (0.12, 0.12), (0.16, 0.16)
BLUE, ORANGE = (0.45, 0.62, 0.85, 1.0), (0.95, 0.70, 0.35, 1.0)


def mark_blue(x: float, y: float) -> Mark:
    """Returns a blue square for things to come back to."""
    return Mark("blue_square", (x, y), SQUARE_M, BLUE)


@dataclass(frozen=True)
class Pair:
    """A task and its inverse.

    Attributes:
        words: the instructions of both.
        here: the relation at the task's start: the goal of the inverse.
        there: the goal of the task.
        scene: what stands around; not what `here` and `there` place.
    """

    words: tuple[str, str]
    here: str
    there: str
    scene: Scene


PAIRS: Mapping[str, Pair] = {
    "open_drawer": Pair(
        ("open the drawer", "close the drawer"),
        "close low_cabinet_1_drawer_region",
        "open low_cabinet_1_drawer_region",
        Scene(
            "study_table",
            (
                Stand("low_cabinet_1", (0.62, 0.30), (0.08, 0.06)),
                Stand("porcelain_mug_1", (0.46, -0.24), ROOM_M),
            ),
        ),
    ),
    "turn_on_stove": Pair(
        ("turn on the stove", "turn off the stove"),
        "turnoff flat_stove_1",
        "turnon flat_stove_1",
        Scene(
            "kitchen_table",
            (
                Stand("flat_stove_1", (0.52, -0.16), (0.12, 0.16)),
                Stand("moka_pot_1", (0.56, 0.20), ROOM_M),
            ),
        ),
    ),
    "put_ketchup_in_basket": Pair(
        ("put the ketchup in the basket", "put the ketchup on the blue square"),
        "on ketchup_1 floor_blue_square",
        "in ketchup_1 basket_1_contain_region",
        Scene(
            "floor",
            (
                Stand("basket_1", (0.56, 0.22), (0.14, 0.08), (0.0, 0.0)),
                Stand("toy_car_1", (0.56, -0.32), (0.12, 0.06)),
            ),
            (mark_blue(0.54, -0.10),),
        ),
    ),
    "put_bowl_on_plate": Pair(
        ("put the bowl on the plate", "put the bowl on the blue square"),
        "on red_bowl_1 kitchen_table_blue_square",
        "on red_bowl_1 plate_1",
        Scene(
            "kitchen_table",
            (Stand("plate_1", (0.60, 0.16), ROOM_M), Stand("lemon_1", (0.42, 0.10), (0.06, 0.12))),
            (mark_blue(0.56, -0.16),),
        ),
    ),
    "stack_red_block": Pair(
        ("stack the red block on the green block", "put the red block on the blue square"),
        "on red_block_1 table_blue_square",
        "on red_block_1 green_block_1",
        Scene(
            "table",
            (
                Stand("green_block_1", (0.56, 0.14), ROOM_M),
                Stand("yellow_block_1", (0.56, 0.34), ROOM_M),
            ),
            (mark_blue(0.54, -0.14),),
        ),
    ),
    "move_milk_left": Pair(
        ("move the milk to the orange square on the left", "move the milk to the blue square"),
        "on milk_1 living_room_table_blue_square",
        "on milk_1 living_room_table_orange_square",
        Scene(
            "living_room_table",
            (Stand("cookies_1", (0.44, 0.02), (0.08, 0.08)),),
            (mark_blue(0.58, 0.22), Mark("orange_square", (0.58, -0.22), SQUARE_M, ORANGE)),
        ),
    ),
    "put_soup_in_drawer": Pair(
        ("put the alphabet soup in the open drawer", "put the alphabet soup on the blue square"),
        "on alphabet_soup_1 kitchen_table_blue_square",
        "in alphabet_soup_1 white_cabinet_1_top_region",
        Scene(
            "kitchen_table",
            (
                Stand("white_cabinet_1", (0.66, 0.38), (0.06, 0.04)),
                Stand("orange_juice_1", (0.42, 0.14), (0.06, 0.12)),
            ),
            (mark_blue(0.54, -0.16),),
            ("open white_cabinet_1_top_region",),
        ),
    ),
    "put_apple_on_tray": Pair(
        ("put the apple on the tray", "put the apple on the blue square"),
        "on apple_1 table_blue_square",
        "in apple_1 wooden_tray_1_contain_region",
        Scene(
            "table",
            (
                Stand("wooden_tray_1", (0.60, 0.22), (0.08, 0.08), (-0.2, 0.2)),
                Stand("banana_1", (0.56, -0.32), (0.12, 0.08)),
            ),
            (mark_blue(0.52, -0.10),),
        ),
    ),
}


def make_problems() -> dict[str, Problem]:
    """Both tasks of each pair."""
    problems = {}
    for name, pair in PAIRS.items():
        for task_id, words, start, goal in (
            (name, pair.words[0], pair.here, pair.there),
            (name + BACK, pair.words[1], pair.there, pair.here),
        ):
            problems[task_id] = make_problem(_begin(pair.scene, start), words, (goal,))
    return problems


def _begin(scene: Scene, start: str) -> Scene:
    """Adds what is true at the start: a thing in its place, or a moving part's state."""
    predicate, name, *support = start.split()
    if predicate in ("on", "in"):
        return replace(scene, stands=(*scene.stands, Stand(name, support[0])))
    return replace(scene, states=(*scene.states, start))
