"""Ten tasks of two or three parts, each in a scene of its own.

Left and right are as the front camera sees them, which looks towards the robot: left is -y.
"""

from __future__ import annotations

from robolearn.sim.bddl.problem import Problem
from robolearn.sim.suites.scenes import Scene, Stand, make_problem, make_task_id

CABINET = Stand("wooden_cabinet_1", (0.68, 0.38), (0.04, 0.04))
STOVE = Stand("flat_stove_1", (0.58, -0.30), (0.06, 0.06))
BASKET = Stand("basket_1", (0.55, 0.26), (0.14, 0.08), (0.0, 0.0))
ROOM_M = (0.12, 0.12)

TASKS = {
    "open the top drawer of the cabinet, put the butter in it and close it": (
        Scene(
            "kitchen_table",
            (
                CABINET,
                Stand("butter_1", (0.46, 0.06), ROOM_M),
                Stand("ketchup_1", (0.46, -0.16), ROOM_M),
                Stand("orange_juice_1", (0.66, -0.22), ROOM_M),
            ),
        ),
        ("in butter_1 wooden_cabinet_1_top_region", "close wooden_cabinet_1_top_region"),
    ),
    "put the milk and the orange juice in the basket": (
        Scene(
            "living_room_table",
            (
                BASKET,
                Stand("milk_1", (0.45, 0.02), ROOM_M),
                Stand("orange_juice_1", (0.65, 0.02), ROOM_M),
                Stand("cookies_1", (0.45, -0.22), ROOM_M),
                Stand("tomato_sauce_1", (0.65, -0.22), ROOM_M),
            ),
        ),
        ("in milk_1 basket_1_contain_region", "in orange_juice_1 basket_1_contain_region"),
    ),
    "turn on the stove and put the frying pan on it": (
        Scene(
            "kitchen_table",
            (
                STOVE,
                Stand("chefmate_8_frypan_1", (0.50, 0.10), ROOM_M, (-0.6, 0.6)),
                Stand("lemon_1", (0.45, 0.34), (0.10, 0.10)),
            ),
        ),
        ("turnon flat_stove_1", "on chefmate_8_frypan_1 flat_stove_1_cook_region"),
    ),
    "stack the red block on the green block and the blue block on the red block": (
        Scene(
            "table",
            (
                Stand("red_block_1", (0.46, 0.10), ROOM_M),
                Stand("green_block_1", (0.60, -0.09), ROOM_M),
                Stand("blue_block_1", (0.46, -0.28), ROOM_M),
                Stand("yellow_block_1", (0.66, 0.26), ROOM_M),
            ),
        ),
        ("on red_block_1 green_block_1", "on blue_block_1 red_block_1"),
    ),
    "put the cream cheese in the bottom drawer of the cabinet and close it": (
        Scene(
            "kitchen_table",
            (
                CABINET,
                Stand("cream_cheese_1", (0.46, -0.02), ROOM_M),
                Stand("popcorn_1", (0.46, -0.24), ROOM_M),
                Stand("milk_1", (0.68, -0.26), ROOM_M),
            ),
            states=("open wooden_cabinet_1_bottom_region",),
        ),
        (
            "in cream_cheese_1 wooden_cabinet_1_bottom_region",
            "close wooden_cabinet_1_bottom_region",
        ),
    ),
    "put the white mug on the left plate and the yellow and white mug on the right plate": (
        Scene(
            "living_room_table",
            (
                Stand("plate_1", (0.64, 0.24), (0.10, 0.08)),
                Stand("plate_2", (0.64, -0.24), (0.10, 0.08)),
                Stand("porcelain_mug_1", (0.44, -0.12), (0.08, 0.08)),
                Stand("white_yellow_mug_1", (0.44, 0.12), (0.08, 0.08)),
                Stand("red_coffee_mug_1", (0.66, 0.0), (0.08, 0.08)),
            ),
        ),
        ("on porcelain_mug_1 plate_2", "on white_yellow_mug_1 plate_1"),
    ),
    "put the apple, the lemon and the banana on the tray": (
        Scene(
            "table",
            (
                Stand("wooden_tray_1", (0.60, 0.26), (0.06, 0.04), (-0.1, 0.1)),
                Stand("apple_1", (0.44, -0.02), ROOM_M),
                Stand("lemon_1", (0.62, -0.10), ROOM_M),
                Stand("banana_1", (0.46, -0.26), ROOM_M),
            ),
        ),
        (
            "in apple_1 wooden_tray_1_contain_region",
            "in lemon_1 wooden_tray_1_contain_region",
            "in banana_1 wooden_tray_1_contain_region",
        ),
    ),
    "put the bowl on the plate and the ball in the bowl": (
        Scene(
            "living_room_table",
            (
                Stand("plate_1", (0.62, 0.02), ROOM_M),
                Stand("white_bowl_1", (0.46, 0.24), ROOM_M),
                Stand("ball_1", (0.44, -0.20), ROOM_M),
                Stand("toy_car_1", (0.66, -0.28), ROOM_M),
            ),
        ),
        ("on white_bowl_1 plate_1", "on ball_1 white_bowl_1"),
    ),
    "put the moka pot on the stove and turn it on": (
        Scene(
            "kitchen_table",
            (
                STOVE,
                Stand("moka_pot_1", (0.44, 0.04), ROOM_M),
                Stand("white_bowl_1", (0.66, 0.10), (0.08, 0.12)),
                Stand("red_coffee_mug_1", (0.44, 0.26), (0.10, 0.08)),
            ),
        ),
        ("on moka_pot_1 flat_stove_1_cook_region", "turnon flat_stove_1"),
    ),
    "put the book in the compartment of the caddy nearest to the robot and the mug on the shelf": (
        Scene(
            "study_table",
            (
                Stand("desk_caddy_1", (0.66, 0.22), (0.02, 0.04)),
                Stand("wooden_two_layer_shelf_1", (0.70, -0.36), (0.02, 0.02), (3.14, 3.14)),
                Stand("black_book_1", (0.42, 0.06), (0.08, 0.10)),
                Stand("porcelain_mug_1", (0.44, -0.16), (0.08, 0.08)),
            ),
        ),
        (
            "in black_book_1 desk_caddy_1_front_contain_region",
            "on porcelain_mug_1 wooden_two_layer_shelf_1_top_side",
        ),
    ),
}


def make_problems() -> dict[str, Problem]:
    """All ten."""
    return {
        make_task_id(words): make_problem(scene, words, goal)
        for words, (scene, goal) in TASKS.items()
    }
