"""Ninety short tasks in twenty scenes of kitchen, living room, study and workshop.

Left and right are as the front camera sees them: left is -y.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robolearn.sim.bddl.problem import Problem
from robolearn.sim.suites.layouts import (
    BETWEEN_CELLS,
    CABINET_B,
    CABINET_CELLS,
    FREE_CELLS,
    STOVE_B,
    STOVE_CELLS,
    Cells,
    stand_in_cells,
)
from robolearn.sim.suites.scenes import Mark, Scene, Stand, make_problem, make_task_id

ROOM_M = (0.05, 0.05)
STOVE = Stand("flat_stove_1", STOVE_B, ROOM_M)
BASKET = Stand("basket_1", (0.55, 0.34), (0.12, 0.05), (0.0, 0.0))
TRAY = Stand("wooden_tray_1", (0.58, 0.32), (0.06, 0.04), (-0.1, 0.1))
CADDY = Stand("desk_caddy_1", (0.66, 0.28), (0.03, 0.03))
SHELF = Stand("wooden_two_layer_shelf_1", (0.68, -0.40), ROOM_M, (3.1416, 3.1416))
SQUARE_M = (0.18, 0.18)
SQUARES = (
    Mark("blue_square", (0.66, -0.24), SQUARE_M, (0.45, 0.62, 0.85, 1.0)),
    Mark("orange_square", (0.66, 0.24), SQUARE_M, (0.95, 0.70, 0.35, 1.0)),
)
# The other side of the table from the shelf.
SHELF_CELLS: Cells = ((0.44, -0.16), (0.44, 0.06), (0.44, 0.28), (0.66, 0.08), (0.66, 0.30))


@dataclass(frozen=True)
class Room:
    """A scene, and what to do in it.

    Attributes:
        scene: what stands where.
        goals: relations, by the instruction.
    """

    scene: Scene
    goals: Mapping[str, tuple[str, ...]]


def stand_by(
    furniture: tuple[Stand, ...], things: tuple[str, ...], cells: Cells
) -> tuple[Stand, ...]:
    """Returns furniture, and a thing of each category in the cells it leaves."""
    return (*furniture, *stand_in_cells(things, cells))


def put_each(
    things: Mapping[str, str], preposition: str, words: str, place: str
) -> dict[str, tuple[str, ...]]:
    """Returns the goals of putting each of some things into, or onto, the same place.

    Args:
        things: what each is called, by its category.
        preposition: `in` or `on`.
        words: what the place is called.
        place: its name.
    """
    relation = "in" if place.endswith("contain_region") or "drawer" in words else "on"
    return {
        f"put the {name} {preposition} the {words}": (f"{relation} {category}_1 {place}",)
        for category, name in things.items()
    }


ROOMS: Mapping[str, Room] = {
    "kitchen_scene1": Room(
        Scene(
            "kitchen_table",
            stand_by(
                (Stand("wooden_cabinet_1", CABINET_B, ROOM_M),),
                ("ketchup", "plate", "butter", "milk", "akita_black_bowl"),
                CABINET_CELLS,
            ),
        ),
        {
            "open the top drawer of the cabinet": ("open wooden_cabinet_1_top_region",),
            "open the bottom drawer of the cabinet": ("open wooden_cabinet_1_bottom_region",),
            "put the black bowl on the plate": ("on akita_black_bowl_1 plate_1",),
            "put the black bowl on top of the cabinet": (
                "on akita_black_bowl_1 wooden_cabinet_1_top_side",
            ),
            "put the butter on top of the cabinet": ("on butter_1 wooden_cabinet_1_top_side",),
        },
    ),
    "kitchen_scene2": Room(
        Scene(
            "kitchen_table",
            stand_by(
                (Stand("white_cabinet_1", CABINET_B, ROOM_M),),
                ("cream_cheese", "popcorn", "lemon", "red_coffee_mug"),
                CABINET_CELLS,
            ),
            states=("open white_cabinet_1_top_region",),
        ),
        {
            "close the top drawer of the cabinet": ("close white_cabinet_1_top_region",),
            **put_each(
                {"cream_cheese": "cream cheese", "popcorn": "popcorn", "lemon": "lemon"},
                "in",
                "top drawer of the cabinet",
                "white_cabinet_1_top_region",
            ),
            "put the mug on top of the cabinet": ("on red_coffee_mug_1 white_cabinet_1_top_side",),
        },
    ),
    "kitchen_scene3": Room(
        Scene(
            "kitchen_table",
            (
                STOVE,
                Stand("chefmate_8_frypan_1", (0.52, 0.02), (0.08, 0.06)),
                *stand_in_cells(("tomato_sauce", "white_bowl"), ((0.46, 0.28), (0.69, 0.24))),
            ),
        ),
        {
            "turn on the stove": ("turnon flat_stove_1",),
            "put the frying pan on the stove": ("on chefmate_8_frypan_1 flat_stove_1_cook_region",),
            "put the bowl on the stove": ("on white_bowl_1 flat_stove_1_cook_region",),
            "put the tomato sauce in the bowl": ("on tomato_sauce_1 white_bowl_1",),
            "put the tomato sauce on the stove": ("on tomato_sauce_1 flat_stove_1_cook_region",),
        },
    ),
    "kitchen_scene4": Room(
        Scene(
            "kitchen_table",
            stand_by(
                (STOVE,),
                ("moka_pot", "apple", "glazed_rim_porcelain_ramekin", "red_bowl"),
                STOVE_CELLS,
            ),
            states=("turnon flat_stove_1",),
        ),
        {
            "turn off the stove": ("turnoff flat_stove_1",),
            "put the moka pot on the stove": ("on moka_pot_1 flat_stove_1_cook_region",),
            "put the ramekin on the stove": (
                "on glazed_rim_porcelain_ramekin_1 flat_stove_1_cook_region",
            ),
            "put the apple in the ramekin": ("on apple_1 glazed_rim_porcelain_ramekin_1",),
            "put the apple in the bowl": ("on apple_1 red_bowl_1",),
        },
    ),
    "kitchen_scene5": Room(
        Scene(
            "kitchen_table",
            stand_by(
                (Stand("wooden_cabinet_1", CABINET_B, ROOM_M), STOVE),
                ("plate", "porcelain_mug", "white_bowl"),
                BETWEEN_CELLS,
            ),
        ),
        {
            "open the middle drawer of the cabinet": ("open wooden_cabinet_1_middle_region",),
            "turn on the stove": ("turnon flat_stove_1",),
            "put the bowl on the stove": ("on white_bowl_1 flat_stove_1_cook_region",),
            "put the bowl on the plate": ("on white_bowl_1 plate_1",),
            "put the mug on the plate": ("on porcelain_mug_1 plate_1",),
        },
    ),
    "kitchen_scene6": Room(
        Scene(
            "kitchen_table",
            stand_by(
                (Stand("microwave_1", (0.68, 0.42), (0.03, 0.02)),),
                ("white_yellow_mug", "plate", "porcelain_mug"),
                CABINET_CELLS,
            ),
        ),
        {
            "open the microwave": ("open microwave_1",),
            "put the white mug on the plate": ("on porcelain_mug_1 plate_1",),
            "put the yellow and white mug on the plate": ("on white_yellow_mug_1 plate_1",),
            "put the yellow and white mug on the microwave": (
                "on white_yellow_mug_1 microwave_1_top_side",
            ),
        },
    ),
    "kitchen_scene7": Room(
        Scene(
            "kitchen_table",
            stand_by(
                (Stand("wine_rack_1", (0.66, 0.34), ROOM_M),),
                ("bbq_sauce", "plate", "salad_dressing", "wine_bottle"),
                CABINET_CELLS,
            ),
        ),
        {
            "put the wine bottle on the wine rack": ("on wine_bottle_1 wine_rack_1_top_region",),
            "put the salad dressing on the wine rack": (
                "on salad_dressing_1 wine_rack_1_top_region",
            ),
            "put the barbecue sauce on the plate": ("on bbq_sauce_1 plate_1",),
            "put the salad dressing on the plate": ("on salad_dressing_1 plate_1",),
        },
    ),
    "kitchen_scene8": Room(
        Scene(
            "kitchen_table",
            stand_by(
                (Stand("low_cabinet_1", (0.62, 0.36), ROOM_M),),
                ("banana", "sponge", "milk", "orange_juice"),
                CABINET_CELLS,
            ),
        ),
        {
            "open the drawer": ("open low_cabinet_1_drawer_region",),
            **put_each(
                {"banana": "banana", "sponge": "sponge", "milk": "milk"},
                "on",
                "low cabinet",
                "low_cabinet_1_top_side",
            ),
        },
    ),
    "living_room_scene1": Room(
        Scene(
            "living_room_table",
            stand_by(
                (BASKET,),
                ("alphabet_soup", "cream_cheese", "tomato_sauce", "milk", "ketchup"),
                CABINET_CELLS,
            ),
        ),
        put_each(
            {
                "alphabet_soup": "alphabet soup",
                "cream_cheese": "cream cheese",
                "tomato_sauce": "tomato sauce",
                "milk": "milk",
                "ketchup": "ketchup",
            },
            "in",
            "basket",
            "basket_1_contain_region",
        ),
    ),
    "living_room_scene2": Room(
        Scene(
            "living_room_table",
            stand_by(
                (TRAY,),
                ("apple", "banana", "cookies", "orange_juice", "lemon"),
                CABINET_CELLS,
            ),
        ),
        put_each(
            {
                "apple": "apple",
                "banana": "banana",
                "cookies": "cookies",
                "orange_juice": "orange juice",
                "lemon": "lemon",
            },
            "on",
            "tray",
            "wooden_tray_1_contain_region",
        ),
    ),
    "living_room_scene3": Room(
        Scene(
            "living_room_table",
            stand_by(
                (),
                ("chocolate_pudding", "porcelain_mug", "red_coffee_mug", "plate", "plate"),
                ((0.44, -0.24), (0.44, 0.0), (0.44, 0.24), (0.68, -0.18), (0.68, 0.18)),
            ),
        ),
        {
            f"put the {words} on the {side} plate": (f"on {name}_1 plate_{number}",)
            for name, words in (("porcelain_mug", "white mug"), ("red_coffee_mug", "red mug"))
            for number, side in ((1, "left"), (2, "right"))
        },
    ),
    "living_room_scene4": Room(
        Scene(
            "living_room_table",
            stand_by(
                (Stand("white_storage_box_1", (0.60, 0.33), (0.06, 0.04), (-0.1, 0.1)),),
                ("ball", "rubber_duck", "green_block", "toy_car"),
                CABINET_CELLS,
            ),
        ),
        put_each(
            {
                "ball": "ball",
                "rubber_duck": "duck",
                "green_block": "green block",
                "toy_car": "toy car",
            },
            "on",
            "white box",
            "white_storage_box_1_top_side",
        ),
    ),
    "living_room_scene5": Room(
        Scene(
            "living_room_table",
            stand_by(
                (),
                ("akita_black_bowl", "ball", "red_bowl", "cookies", "white_bowl"),
                FREE_CELLS,
            ),
        ),
        {
            "stack the black bowl on the white bowl": ("on akita_black_bowl_1 white_bowl_1",),
            "stack the red bowl on the white bowl": ("on red_bowl_1 white_bowl_1",),
            "stack the white bowl on the black bowl": ("on white_bowl_1 akita_black_bowl_1",),
            "put the ball in the red bowl": ("on ball_1 red_bowl_1",),
            "put the ball in the black bowl": ("on ball_1 akita_black_bowl_1",),
        },
    ),
    "study_scene1": Room(
        Scene(
            "study_table",
            stand_by((CADDY,), ("black_book", "red_coffee_mug", "yellow_book"), CABINET_CELLS),
        ),
        {
            f"put the {colour} book in the compartment of the caddy {which} the robot": (
                f"in {colour}_book_1 desk_caddy_1_{side}_contain_region",
            )
            for colour in ("black", "yellow")
            for side, which in (("front", "nearest to"), ("back", "farthest from"))
        },
    ),
    "study_scene2": Room(
        Scene(
            "study_table",
            stand_by(
                (SHELF,), ("screwdriver", "sponge", "yellow_book", "porcelain_mug"), SHELF_CELLS
            ),
        ),
        put_each(
            {
                "screwdriver": "screwdriver",
                "sponge": "sponge",
                "yellow_book": "book",
                "porcelain_mug": "mug",
            },
            "on top of",
            "shelf",
            "wooden_two_layer_shelf_1_top_side",
        ),
    ),
    "study_scene3": Room(
        Scene(
            "study_table",
            stand_by(
                (Stand("low_cabinet_1", (0.62, 0.40), ROOM_M),),
                ("screwdriver", "toy_car", "red_block", "black_book"),
                ((0.44, -0.30), (0.44, -0.06), (0.66, -0.27), (0.67, -0.03)),
            ),
            states=("open low_cabinet_1_drawer_region",),
        ),
        {
            "close the drawer": ("close low_cabinet_1_drawer_region",),
            **put_each(
                {"screwdriver": "screwdriver", "toy_car": "toy car", "red_block": "block"},
                "in",
                "drawer",
                "low_cabinet_1_drawer_region",
            ),
            "put the screwdriver on the low cabinet": ("on screwdriver_1 low_cabinet_1_top_side",),
        },
    ),
    "study_scene4": Room(
        Scene(
            "study_table",
            stand_by(
                (Stand("button_box_1", (0.60, 0.28), (0.10, 0.08)),),
                ("chocolate_pudding", "plate", "white_yellow_mug", "sponge"),
                CABINET_CELLS,
            ),
        ),
        {
            "press the button": ("pressed button_box_1",),
            "put the mug on the plate": ("on white_yellow_mug_1 plate_1",),
            "put the chocolate pudding on the plate": ("on chocolate_pudding_1 plate_1",),
        },
    ),
    "workshop_scene1": Room(
        Scene(
            "table",
            stand_by(
                (), ("red_block", "green_block", "sponge", "blue_block", "yellow_block"), FREE_CELLS
            ),
        ),
        {
            f"stack the {upper} block on the {lower} block": (
                f"on {upper}_block_1 {lower}_block_1",
            )
            for upper, lower in (
                ("red", "green"),
                ("green", "blue"),
                ("blue", "yellow"),
                ("yellow", "red"),
                ("red", "blue"),
            )
        },
    ),
    "workshop_scene2": Room(
        Scene(
            "table",
            stand_in_cells(("toy_car", "rubber_duck", "plate"), FREE_CELLS),
            SQUARES,
        ),
        {
            "push the plate onto the blue square": ("on plate_1 table_blue_square",),
            "push the toy car onto the blue square": ("on toy_car_1 table_blue_square",),
            "push the toy car onto the orange square": ("on toy_car_1 table_orange_square",),
            "put the duck on the orange square": ("on rubber_duck_1 table_orange_square",),
            "put the duck on the plate": ("on rubber_duck_1 plate_1",),
        },
    ),
    "workshop_scene3": Room(
        Scene(
            "table",
            (
                Stand("basket_1", (0.60, 0.34), (0.08, 0.04), (0.0, 0.0)),
                Stand("wooden_tray_1", (0.60, -0.33), (0.06, 0.04), (-0.1, 0.1)),
                *stand_in_cells(
                    ("ball", "screwdriver", "apple"), ((0.42, 0.10), (0.46, -0.11), (0.68, 0.04))
                ),
            ),
        ),
        {
            "put the ball in the basket": ("in ball_1 basket_1_contain_region",),
            "put the ball on the tray": ("in ball_1 wooden_tray_1_contain_region",),
            "put the apple in the basket": ("in apple_1 basket_1_contain_region",),
            "put the screwdriver on the tray": ("in screwdriver_1 wooden_tray_1_contain_region",),
        },
    ),
}


def make_problems() -> dict[str, Problem]:
    """Every goal of every scene; names begin with that of the scene."""
    return {
        f"{name}_{make_task_id(words)}": make_problem(room.scene, words, goal)
        for name, room in ROOMS.items()
        for words, goal in room.goals.items()
    }
