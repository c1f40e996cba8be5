"""One goal: a bowl onto the plate. There are two bowls alike; only words tell which is meant."""

from __future__ import annotations

from robolearn.sim.bddl.problem import Problem
from robolearn.sim.suites.scenes import Scene, Stand, make_problem, make_task_id

# A row before the robot, from right to left: place, ramekin, place, plate, cookies, place. Behind
# it the stove on the right, and on the left a cabinet whose drawers open towards the middle; it
# stands so far out that the front camera sees past it.
FURNITURE = (
    Stand("wooden_cabinet_1", (0.70, 0.40), (0.02, 0.02)),
    Stand("flat_stove_1", (0.58, -0.30), (0.03, 0.03)),
    Stand("glazed_rim_porcelain_ramekin_1", (0.44, -0.29), (0.08, 0.03)),
    Stand("plate_1", (0.44, 0.01), (0.08, 0.03)),
    Stand("cookies_1", (0.44, 0.16), (0.08, 0.03), (-0.3, 0.3)),
)
BETWEEN, BESIDE_PLATE = (0.44, -0.14), (0.60, 0.03)
BESIDE_RAMEKIN, BESIDE_COOKIES, MIDDLE = (0.44, -0.43), (0.44, 0.30), (0.68, -0.09)
ROOM_M = (0.10, 0.03)

# In words, where the bowl is that is meant, and where the other one is.
PLACES = {
    "on top of the cabinet": ("wooden_cabinet_1_top_side", MIDDLE),
    "in the top drawer of the cabinet": ("wooden_cabinet_1_top_region", "cookies_1"),
    "on the stove": ("flat_stove_1_cook_region", BESIDE_RAMEKIN),
    "next to the plate": (BESIDE_PLATE, BESIDE_COOKIES),
    "between the plate and the ramekin": (BETWEEN, BESIDE_RAMEKIN),
    "next to the ramekin": (BESIDE_RAMEKIN, BETWEEN),
    "next to the cookie box": (BESIDE_COOKIES, "wooden_cabinet_1_top_side"),
    "on the cookie box": ("cookies_1", BESIDE_COOKIES),
    "in the ramekin": ("glazed_rim_porcelain_ramekin_1", "flat_stove_1_cook_region"),
    "in the middle of the table": (MIDDLE, "glazed_rim_porcelain_ramekin_1"),
}


def make_problems() -> dict[str, Problem]:
    """One task for each place."""
    problems = {}
    for words, (meant, other) in PLACES.items():
        language = f"take the black bowl {words} and put it on the plate"
        bowls = (
            Stand("akita_black_bowl_1", meant, ROOM_M),
            Stand("akita_black_bowl_2", other, ROOM_M),
        )
        states = ("open wooden_cabinet_1_top_region",) if "drawer" in words else ()
        scene = Scene("table", (*FURNITURE, *bowls), states=states)
        goal = ("on akita_black_bowl_1 plate_1",)
        problems[make_task_id(language)] = make_problem(scene, language, goal)
    return problems
