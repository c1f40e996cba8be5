"""Tasks without end: scene, goal and instruction drawn from a seed.

`generate` gives the same task for the same seed and version of this module. What it draws is meant
to be sensible, not known to be solvable: `robolearn suite generate` keeps what loads and what an
expert solves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from robolearn.sim.bddl.problem import Problem
from robolearn.sim.bddl.writer import write_problem
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
from robolearn.sim.suites.scenes import Mark, Scene, Stand, make_problem

T = TypeVar("T")

WORKSPACES = ("table", "kitchen_table", "living_room_table", "study_table", "floor")

# What may stand at the side of +y, what at that of -y, with how much room for its middle [m].
NEAR_CABINET: Mapping[str, tuple[float, float]] = {
    "wooden_cabinet": (0.05, 0.05),
    "white_cabinet": (0.05, 0.05),
    "low_cabinet": (0.05, 0.04),
    "wine_rack": (0.08, 0.05),
    "basket": (0.08, 0.05),
    "wooden_tray": (0.06, 0.05),
    "white_storage_box": (0.06, 0.05),
}
SMALL = (
    "apple",
    "ball",
    "banana",
    "blue_block",
    "butter",
    "chocolate_pudding",
    "cookies",
    "cream_cheese",
    "green_block",
    "lemon",
    "popcorn",
    "red_block",
    "rubber_duck",
    "sponge",
    "toy_car",
    "yellow_block",
)
TALL = (
    "alphabet_soup",
    "bbq_sauce",
    "ketchup",
    "macaroni_and_cheese",
    "milk",
    "orange_juice",
    "salad_dressing",
    "tomato_sauce",
    "wine_bottle",
)
MUGS = ("cup", "porcelain_mug", "red_coffee_mug", "white_yellow_mug")
BOWLS = ("akita_black_bowl", "red_bowl", "white_bowl")
FOR_THE_STOVE = (*BOWLS, "glazed_rim_porcelain_ramekin", "moka_pot")
IN_A_BOWL = ("apple", "ball", "lemon", "red_block", "blue_block", "green_block", "yellow_block")
FLAT_BLOCKS = ("red_block", "blue_block", "green_block", "yellow_block")
OBJECTS = (*SMALL, *TALL, *MUGS, *FOR_THE_STOVE, "plate")
SQUARE_M = (0.15, 0.15)
SQUARES = (("blue", (0.45, 0.62, 0.85, 1.0)), ("orange", (0.95, 0.70, 0.35, 1.0)))

WORDS: Mapping[str, str] = {
    "akita_black_bowl": "black bowl",
    "bbq_sauce": "barbecue sauce",
    "flat_stove": "stove",
    "glazed_rim_porcelain_ramekin": "ramekin",
    "porcelain_mug": "white mug",
    "red_coffee_mug": "red mug",
    "white_cabinet": "cabinet",
    "white_storage_box": "white box",
    "white_yellow_mug": "yellow and white mug",
    "wooden_cabinet": "cabinet",
    "wooden_tray": "tray",
}
PUTS = ("put the {} {}", "place the {} {}", "pick up the {} and put it {}")


@dataclass(frozen=True)
class Deed:
    """Something to be done in a scene.

    Attributes:
        kind: of deed; kinds are drawn with even odds, however many deeds there are of each.
        relation: what is true then.
        words: how it is asked for, one way or another.
        things: whose state or place matters to it.
    """

    kind: str
    relation: str
    words: tuple[str, ...]
    things: frozenset[str]


def generate(seed: int) -> Problem:
    """Returns the task of a seed.

    Args:
        seed: 0 or more; there is no end of them.
    """
    rng = np.random.default_rng(seed)
    while True:
        scene = _draw_scene(rng)
        deeds = list(_list_deeds(scene))
        if deeds:
            return _draw_task(scene, deeds, rng)


def generate_text(seed: int) -> str:
    """Returns the task of a seed as the text of a BDDL file."""
    return write_problem(generate(seed))


def name_thing(category: str) -> str:
    """Returns what a category is called in an instruction."""
    return WORDS.get(category, category.replace("_", " "))


# --- scenes ---


def _draw_scene(rng: np.random.Generator) -> Scene:
    furniture: list[Stand] = []
    if rng.random() < 0.6:
        category = _choose(tuple(NEAR_CABINET), rng)
        yaw_rad = (0.0, 0.0) if category == "basket" else None
        furniture.append(Stand(f"{category}_1", CABINET_B, NEAR_CABINET[category], yaw_rad))
    if rng.random() < 0.35:
        furniture.append(Stand("flat_stove_1", STOVE_B, (0.04, 0.04)))
    cells = _find_cells(furniture)
    order = rng.permutation(len(cells))
    num_objects = int(rng.integers(2, len(cells) + 1))
    categories = tuple(rng.permutation(OBJECTS)[:num_objects].tolist())
    shuffled = tuple(cells[index] for index in order)
    num_marks = int(rng.integers(3))
    marks = tuple(
        Mark(f"{colour}_square", cell_b, SQUARE_M, rgba)
        for cell_b, (colour, rgba) in zip(shuffled[num_objects:], SQUARES[:num_marks], strict=False)
    )
    stands = (*furniture, *stand_in_cells(categories, shuffled))
    return Scene(_choose(WORKSPACES, rng), stands, marks, tuple(_draw_states(furniture, rng)))


def _find_cells(furniture: Sequence[Stand]) -> Cells:
    has_stove = any(stand.name == "flat_stove_1" for stand in furniture)
    if len(furniture) == 2:
        return BETWEEN_CELLS
    return STOVE_CELLS if has_stove else CABINET_CELLS if furniture else FREE_CELLS


def _draw_states(furniture: Sequence[Stand], rng: np.random.Generator) -> Iterator[str]:
    """At most one drawer is open; the stove is on at times."""
    for stand in furniture:
        openings = _find_drawers(stand)
        if openings and rng.random() < 0.5:
            yield f"open {_choose(openings, rng)}"
        if stand.name == "flat_stove_1" and rng.random() < 0.3:
            yield f"turnon {stand.name}"


def _find_drawers(stand: Stand) -> tuple[str, ...]:
    parts = stand.category.moving_parts.values()
    return tuple(f"{stand.name}_{region}" for part in parts for region in part.regions)


# --- what can be done in a scene ---


def _list_deeds(scene: Scene) -> Iterator[Deed]:
    for stand in scene.stands:
        yield from _list_own_deeds(scene, stand)
    movable = [s for s in scene.stands if s.category.grasps]
    for stand in movable:
        for mark in scene.marks:
            square = f"on the {mark.name.replace('_', ' ')}"
            relation = f"on {stand.name} {scene.workspace}_{mark.name}"
            yield _put("move", stand, relation, square, mark.name)
    for stand, support in itertools.permutations(scene.stands, 2):
        if stand in movable:
            yield from _list_puts(scene, stand, support)


def _list_own_deeds(scene: Scene, stand: Stand) -> Iterator[Deed]:
    """Opening and closing, turning on and off."""
    for drawer in _find_drawers(stand):
        verb = "close" if f"open {drawer}" in scene.states else "open"
        words = f"{verb} the {_name_drawer(stand, drawer)}"
        yield Deed(verb, f"{verb} {drawer}", (words,), frozenset({drawer}))
    if stand.name == "flat_stove_1":
        is_on = f"turnon {stand.name}" in scene.states
        verb = "turnoff" if is_on else "turnon"
        words = (
            ("turn off the stove", "switch the stove off")
            if is_on
            else ("turn on the stove", "switch the stove on")
        )
        yield Deed("turn", f"{verb} {stand.name}", words, frozenset({stand.name}))


def _list_puts(scene: Scene, stand: Stand, support: Stand) -> Iterator[Deed]:
    """Putting one thing on or in another."""
    thing, carrier = stand.category.name, support.category.name
    name = name_thing(carrier)
    if "top_side" in support.category.regions:
        where = f"{'on' if carrier == 'white_storage_box' else 'on top of'} the {name}"
        yield _put("put", stand, f"on {stand.name} {support.name}_top_side", where)
    if "contain_region" in support.category.regions:
        where = f"{'on' if carrier == 'wooden_tray' else 'in'} the {name}"
        yield _put("put", stand, f"in {stand.name} {support.name}_contain_region", where)
    for drawer in _find_drawers(support):
        if f"open {drawer}" in scene.states and thing in SMALL:
            words = f"in the {_name_drawer(support, drawer)}"
            yield _put("put", stand, f"in {stand.name} {drawer}", words, drawer)
    if carrier == "flat_stove" and thing in FOR_THE_STOVE:
        place = f"{support.name}_cook_region"
        yield _put("put", stand, f"on {stand.name} {place}", f"on the {name}", place)
    if carrier == "wine_rack" and thing in ("wine_bottle", "bbq_sauce", "ketchup"):
        place = f"{support.name}_top_region"
        yield _put("put", stand, f"on {stand.name} {place}", f"on the {name}", place)
    is_laid = carrier == "plate" and thing != "plate"
    is_stacked = thing in FLAT_BLOCKS and carrier in FLAT_BLOCKS
    is_nested = thing in BOWLS and carrier in (*BOWLS, "glazed_rim_porcelain_ramekin")
    if is_laid or is_stacked or is_nested:
        yield _put(
            "stack", stand, f"on {stand.name} {support.name}", f"on the {name}", support.name
        )
    if thing in IN_A_BOWL and carrier in BOWLS:
        yield _put(
            "stack", stand, f"on {stand.name} {support.name}", f"in the {name}", support.name
        )


def _put(kind: str, stand: Stand, relation: str, where: str, place: str = "") -> Deed:
    """`place` is what has room for one thing alone; there is more on top of a cabinet."""
    name = name_thing(stand.category.name)
    words = tuple(template.format(name, where) for template in PUTS)
    return Deed(kind, relation, words, frozenset({stand.name, place} - {""}))


def _name_drawer(stand: Stand, drawer: str) -> str:
    storey = drawer.removeprefix(f"{stand.name}_").removesuffix("_region")
    return "drawer" if storey == "drawer" else f"{storey} drawer of the cabinet"


# --- tasks ---


def _draw_task(scene: Scene, deeds: Sequence[Deed], rng: np.random.Generator) -> Problem:
    """One deed, or two that do not get in each other's way."""
    first = _choose_deed(deeds, rng)
    chosen = [first]
    others = [deed for deed in deeds if not deed.things & first.things]
    if others and rng.random() < 0.4:
        chosen.append(_choose_deed(others, rng))
    words = " and ".join(_choose(deed.words, rng) for deed in chosen)
    return make_problem(scene, words, [deed.relation for deed in chosen])


def _choose_deed(deeds: Sequence[Deed], rng: np.random.Generator) -> Deed:
    kind = _choose(sorted({deed.kind for deed in deeds}), rng)
    return _choose([deed for deed in deeds if deed.kind == kind], rng)


def _choose(options: Sequence[T], rng: np.random.Generator) -> T:
    return options[int(rng.integers(len(options)))]
