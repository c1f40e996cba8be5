"""Ten objects, one goal: each into the basket, among five of the others."""

from __future__ import annotations

from robolearn.sim.bddl.problem import Problem
from robolearn.sim.suites.scenes import Scene, Stand, make_problem, make_task_id

WORDS = {
    "alphabet_soup": "alphabet soup",
    "apple": "apple",
    "ball": "ball",
    "butter": "butter",
    "ketchup": "ketchup",
    "lemon": "lemon",
    "milk": "milk",
    "rubber_duck": "rubber duck",
    "sponge": "sponge",
    "toy_car": "toy car",
}
# Two columns of three to the right of the basket.
CELLS_B = tuple((x, y) for y in (-0.04, -0.27) for x in (0.42, 0.59, 0.76))
CELL_SIZE_M = (0.065, 0.12)
BASKET = Stand("basket_1", (0.55, 0.24), (0.14, 0.08), (0.0, 0.0))
STEP = 3  # no two tasks share all their objects, and each object has most cells in turn


def make_problems() -> dict[str, Problem]:
    """Each object in turn; which others there are, and where, differs from task to task."""
    problems = {}
    for number, (category, words) in enumerate(WORDS.items()):
        language = f"put the {words} in the basket"
        goal = (f"in {category}_1 basket_1_contain_region",)
        problems[make_task_id(language)] = make_problem(_make_scene(number), language, goal)
    return problems


def _make_scene(number: int) -> Scene:
    """The object of that number, and five of the others."""
    categories = list(WORDS)
    present = [categories[(number + step * STEP) % len(categories)] for step in range(len(CELLS_B))]
    stands = [
        Stand(f"{category}_1", CELLS_B[(index + number) % len(CELLS_B)], CELL_SIZE_M)
        for index, category in enumerate(present)
    ]
    return Scene("floor", (BASKET, *stands))
